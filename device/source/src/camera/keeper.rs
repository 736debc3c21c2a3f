use std::fmt::Write as _;
use std::io;
use std::time::{Duration, Instant};

use normgate_frame::{Frame, Picture};

use super::port::{Bell, Buffer, Layout, Port, Stream};
use crate::{Next, PATIENCE, Source, SourceError};

/// The first wait before a lost camera is tried again; it doubles from try to try.
pub(super) const FIRST_RETRY: Duration = Duration::from_millis(250);

/// The longest wait before a lost camera is tried again.
pub(super) const LAST_RETRY: Duration = Duration::from_secs(5);

/// A camera that gives nothing for so long is opened again.
pub(super) const STALL: Duration = Duration::from_secs(5);

/// The longest wait for a fresh frame where the driver does not say how fast they come.
const FRESH: Duration = Duration::from_millis(100);

/// The most frames that one call gives up for a newer one.
const MAX_SKIPPED: u64 = 64;

/// The most frames by which a driver's count may jump and be believed.
const MAX_GAP: u32 = 100_000;

/// Keeps a camera running: the newest frame wins, and a camera that is lost is opened again.
///
/// There is no thread: the driver fills other buffers while the caller looks at one. Where it ran out of them, those
/// that are done are old, and the next frame is waited for.
pub(super) struct Keeper<P: Port> {
    port: P,
    name: String,
    /// Frames to skip after each opening.
    settle: u32,
    state: State<P::Stream>,
    retry_after: Duration,
    ids: Ids,
    dropped: u64,
    frame_name: String,
}

enum State<S: Stream> {
    Running(Running<S>),
    Away { why: String, retry: Instant },
}

struct Running<S: Stream> {
    stream: S,
    bell: S::Bell,
    layout: Layout,
    /// Frames still to skip.
    settling: u32,
    /// When the camera last gave anything.
    heard: Instant,
}

/// What looking for a buffer came to.
enum Step<T> {
    Shown(T),
    /// A frame was skipped, for exposure to settle; the driver's count of it.
    Settled(u32),
    Waiting,
}

impl<P: Port> Keeper<P> {
    /// Opens the camera; if it cannot be opened, that is an error unless `wait` is set.
    pub(super) fn open(
        mut port: P,
        name: String,
        settle: u32,
        wait: bool,
    ) -> Result<Self, SourceError> {
        let opened = port.open();
        let now = port.now();
        let state = match opened {
            Ok(stream) => State::running(stream, settle, now),
            Err(error) if wait => State::Away {
                why: error.to_string(),
                retry: now + FIRST_RETRY,
            },
            Err(error) => return Err(error),
        };
        Ok(Self {
            port,
            name,
            settle,
            state,
            retry_after: FIRST_RETRY,
            ids: Ids::default(),
            dropped: 0,
            frame_name: String::new(),
        })
    }

    /// Opens a lost camera once its time has come; what to say if it stays lost.
    fn come_back(&mut self) -> Option<Next> {
        let State::Away { why, retry } = &self.state else {
            return None;
        };
        let left = retry.saturating_duration_since(self.port.now());
        if !left.is_zero() {
            self.port.sleep(left.min(PATIENCE));
        }
        if self.port.now() < *retry {
            return Some(Next::Lost { why: why.clone() });
        }
        match self.port.open() {
            Ok(stream) => {
                self.ids.sequence = None;
                self.state = State::running(stream, self.settle, self.port.now());
                None
            }
            Err(error) => Some(self.lose(error.to_string())),
        }
    }

    /// Closes the camera until its next try.
    fn lose(&mut self, why: String) -> Next {
        let retry = self.port.now() + self.retry_after;
        self.retry_after = (2 * self.retry_after).min(LAST_RETRY);
        self.state = State::Away {
            why: why.clone(),
            retry,
        };
        Next::Lost { why }
    }
}

impl<P: Port> Source for Keeper<P> {
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        if let Some(next) = self.come_back() {
            return Ok(next);
        }
        let State::Running(running) = &mut self.state else {
            return Ok(Next::Waiting);
        };
        let layout = running.layout;
        let (name, ids, dropped) = (&self.name, &mut self.ids, &mut self.dropped);
        let frame_name = &mut self.frame_name;
        let step = running.newest(&self.port, |buffer, skipped| {
            let (id, lost) = ids.place(buffer.sequence, skipped);
            *dropped += lost;
            let picture = picture(&buffer, &layout, name, id)?;
            frame_name.clear();
            // Writing to a string cannot fail.
            let _ = write!(frame_name, "frame {id}");
            visit(&Frame {
                id,
                captured: buffer.captured,
                name: frame_name,
                picture,
                truth: None,
            });
            Ok(Next::Frame)
        });
        match step {
            Ok(Step::Shown(shown)) => {
                if shown.is_ok() {
                    self.retry_after = FIRST_RETRY;
                }
                shown
            }
            Ok(Step::Settled(sequence)) => {
                self.ids.sequence = Some(sequence);
                Ok(Next::Waiting)
            }
            Ok(Step::Waiting) => Ok(Next::Waiting),
            Err(error) => {
                let why = format!("{}: {error}", self.name);
                Ok(self.lose(why))
            }
        }
    }

    fn is_live(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        match &self.state {
            State::Running(Running { layout, .. }) => {
                let (width, height) = layout.size;
                let rate = match layout.interval {
                    Some(interval) => {
                        format!(", {:.4} fps", interval.as_secs_f64().recip())
                            .trim_end_matches(" fps")
                            .trim_end_matches('0')
                            .trim_end_matches('.')
                            .to_owned()
                            + " fps"
                    }
                    None => String::new(),
                };
                let format = layout.format.name();
                format!("v4l2:{} ({width}x{height} {format}{rate}, live)", self.name)
            }
            State::Away { why, .. } => format!("v4l2:{} (away: {why})", self.name),
        }
    }

    fn dropped_frames(&self) -> u64 {
        self.dropped
    }
}

impl<S: Stream> State<S> {
    fn running(stream: S, settling: u32, heard: Instant) -> Self {
        Self::Running(Running {
            bell: stream.bell(),
            layout: stream.layout(),
            stream,
            settling,
            heard,
        })
    }
}

impl<S: Stream> Running<S> {
    /// Gives the newest buffer to `show`, with the number of older ones that were given up for it.
    fn newest<T>(
        &mut self,
        clock: &impl Port,
        show: impl FnOnce(Buffer<'_>, u64) -> T,
    ) -> io::Result<Step<T>> {
        let Some(behind) = self.ready(clock)? else {
            return Ok(Step::Waiting);
        };
        // The one that is looked at is not the driver's to fill.
        let all = self.layout.buffers - 1;
        let fresh = self
            .layout
            .interval
            .map_or(FRESH, |time| 2 * time)
            .min(PATIENCE);
        let mut ran_dry = behind;
        let mut skipped = 0;
        loop {
            let buffer = match self.stream.take() {
                Ok(buffer) => buffer,
                Err(error) if is_nothing_yet(&error) => return Ok(Step::Waiting),
                Err(error) => return Err(error),
            };
            self.heard = clock.now();
            if self.settling > 0 {
                self.settling -= 1;
                return Ok(Step::Settled(buffer.sequence));
            }
            // A camera that fails here has still given a good frame; its failure is met at the next call.
            let mut newer =
                skipped < MAX_SKIPPED && self.bell.wait(Duration::ZERO).unwrap_or(false);
            if !newer && ran_dry && skipped + 1 >= all {
                ran_dry = false;
                newer = self.bell.wait(fresh).unwrap_or(false);
            }
            if !newer {
                return Ok(Step::Shown(show(buffer, skipped)));
            }
            skipped += 1;
        }
    }

    /// Waits for a buffer: whether one was done before, none if there is none in time.
    fn ready(&self, clock: &impl Port) -> io::Result<Option<bool>> {
        let wait = |patience| match self.bell.wait(patience) {
            Err(error) if is_nothing_yet(&error) => Ok(false),
            other => other,
        };
        if wait(Duration::ZERO)? {
            return Ok(Some(true));
        }
        if wait(PATIENCE)? {
            return Ok(Some(false));
        }
        let silent = clock.now().saturating_duration_since(self.heard);
        if silent >= STALL {
            let seconds = silent.as_secs();
            return Err(io::Error::other(format!("no frame for {seconds} s")));
        }
        Ok(None)
    }
}

/// Interrupted by a signal, or nothing there although it was said.
fn is_nothing_yet(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

fn picture<'a>(
    buffer: &Buffer<'a>,
    layout: &Layout,
    name: &str,
    id: u64,
) -> Result<Picture<'a>, SourceError> {
    let bad = |reason: String| SourceError::BadFrame {
        name: name.to_owned(),
        id,
        reason,
    };
    let found = buffer.bytes.len();
    match layout.len {
        Some(expected) if found < expected => Err(SourceError::Truncated {
            name: name.to_owned(),
            id,
            found: found as u64,
            expected: expected as u64,
        }),
        None if found == 0 => Err(bad("no bytes; expected a JPEG".into())),
        _ if buffer.damaged => Err(bad(format!(
            "the driver marks its {found} bytes as damaged; expected a whole frame"
        ))),
        _ => Picture::new(
            layout.format,
            layout.color,
            layout.size,
            layout.stride,
            buffer.bytes,
        )
        .map_err(|error| bad(error.to_string())),
    }
}

/// Numbers frames by the driver's count of them, so that those that were dropped leave gaps.
#[derive(Debug, Default)]
struct Ids {
    next: u64,
    /// The driver's count of the last frame since the camera was opened.
    sequence: Option<u32>,
}

impl Ids {
    /// The number of the frame that the driver counts as `sequence`, and how many were lost right before it; at
    /// least `skipped`, for drivers that do not count.
    fn place(&mut self, sequence: u32, skipped: u64) -> (u64, u64) {
        let gap = match self.sequence {
            Some(last) => sequence.wrapping_sub(last).wrapping_sub(1),
            None => 0,
        };
        let gap = if gap > MAX_GAP { 0 } else { u64::from(gap) };
        let dropped = gap.max(skipped);
        let id = self.next + dropped;
        self.next = id + 1;
        self.sequence = Some(sequence);
        (id, dropped)
    }
}
