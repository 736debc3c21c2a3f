use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read};
use std::time::Instant;

use normgate_frame::{ColorSpace, Frame, FrameError, Picture, PixelFormat, rgb_len};

use super::{Next, Source, SourceError};

mod mjpeg;
mod y4m;

use mjpeg::{Split, Splitter};

/// What one frame of a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawVideo {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How a frame's bytes make pixels; any but JPEG.
    pub format: PixelFormat,
    /// How luma and chroma make colours.
    pub color: ColorSpace,
}

/// Video from any reader of bytes: Y4M, MJPEG, or raw frames one after the other.
///
/// MJPEG is JPEGs of one size, one after the other; bytes between them are skipped. Reads block as the reader does:
/// where that is a pipe, [`Threaded`](crate::Threaded) keeps the loop's time.
#[derive(Debug)]
pub struct VideoStream<R> {
    reader: BufReader<R>,
    name: String,
    state: State,
    live: bool,
    /// Bytes of the stream that were used.
    offset: u64,
    next_id: u64,
    /// The frame as it was read, and its name, kept from frame to frame.
    bytes: Vec<u8>,
    frame_name: String,
    splitter: Splitter,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The first byte tells which format it is.
    Unknown,
    /// A `FRAME` line comes next; frames a second as the header says.
    Y4m(RawVideo, Option<f64>),
    /// A JPEG comes next; its size is that of those before.
    Mjpeg(Option<(u32, u32)>),
    /// A frame's bytes come next.
    Raw(RawVideo),
    Ended,
}

impl<R: Read + Send> VideoStream<R> {
    /// A stream of Y4M (8 bits; 4:2:0, 4:2:2, 4:4:4 or mono) or MJPEG, told apart by its first byte. `name` is what
    /// errors call it. Nothing is read before the first frame is asked for.
    pub fn new(reader: R, name: &str, live: bool) -> Self {
        Self::with_state(reader, name, live, State::Unknown)
    }

    /// A stream of raw frames, without anything between them. `name` as for [`new`](Self::new).
    pub fn raw(reader: R, name: &str, video: RawVideo, live: bool) -> Self {
        Self::with_state(reader, name, live, State::Raw(video))
    }

    fn with_state(reader: R, name: &str, live: bool, state: State) -> Self {
        Self {
            reader: BufReader::new(reader),
            name: name.to_owned(),
            state,
            live,
            offset: 0,
            next_id: 0,
            bytes: Vec::new(),
            frame_name: String::new(),
            splitter: Splitter::default(),
        }
    }

    /// Reads what stands before the first frame, if that was not done yet.
    pub(super) fn begin(&mut self) -> Result<(), SourceError> {
        if matches!(self.state, State::Unknown) {
            self.state = match self.fill()?.first() {
                Some(0xFF) => State::Mjpeg(None),
                _ => self.y4m_header()?,
            };
        }
        Ok(())
    }

    /// Frames a second, if the stream says.
    pub(super) fn rate(&self) -> Option<f64> {
        match self.state {
            State::Y4m(_, rate) => rate,
            _ => None,
        }
    }

    /// Goes on with another reader of the same video, as if it followed.
    pub(super) fn restart(&mut self, reader: R, raw: Option<RawVideo>) {
        self.reader = BufReader::new(reader);
        self.state = raw.map_or(State::Unknown, State::Raw);
        self.splitter.forget();
        self.offset = 0;
    }

    /// Frames so far, bad ones among them.
    pub(super) fn frames(&self) -> u64 {
        self.next_id
    }

    /// The next frame from the state that stands at a frame's start.
    fn read_next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        self.begin()?;
        let video = match self.state {
            State::Y4m(video, _) => {
                if !self.y4m_frame_line()? {
                    return Ok(Next::End);
                }
                video
            }
            State::Raw(video) => video,
            State::Mjpeg(_) => return self.read_jpeg(visit),
            State::Unknown | State::Ended => return Ok(Next::End),
        };
        self.read_pixels(video, visit)
    }

    fn read_pixels(
        &mut self,
        video: RawVideo,
        visit: &mut dyn FnMut(&Frame<'_>),
    ) -> Result<Next, SourceError> {
        let expected = self.frame_len(video)?;
        // Memory follows the bytes that come, not the size that a header claims.
        self.bytes.clear();
        let found = (&mut self.reader)
            .take(expected)
            .read_to_end(&mut self.bytes)
            .map_err(|source| io_error(&self.name, source))? as u64;
        self.offset += found;
        if found == 0 && matches!(self.state, State::Raw(_)) {
            return Ok(Next::End);
        }
        let id = self.take_id();
        if found < expected {
            self.state = State::Ended;
            return Err(SourceError::Truncated {
                name: self.name.clone(),
                id,
                found,
                expected,
            });
        }
        let stride = video.format.row_len(video.width);
        let size = (video.width, video.height);
        let picture = Picture::new(video.format, video.color, size, stride, &self.bytes)
            .map_err(|error| bad_frame(&self.name, id, error.to_string()))?;
        visit(&named(id, &mut self.frame_name, picture));
        Ok(Next::Frame)
    }

    fn read_jpeg(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        let reason = loop {
            let bytes = fill(&mut self.reader, &self.name)?;
            if bytes.is_empty() {
                match self.splitter.forget() {
                    0 if self.next_id == 0 => {
                        return Err(self.header("no JPEG in it".into(), "JPEGs, or a Y4M header"));
                    }
                    0 => return Ok(Next::End),
                    left => break format!("the stream ends after {left} bytes of a JPEG"),
                }
            }
            let (used, split) = self.splitter.feed(bytes);
            self.reader.consume(used);
            self.offset += used as u64;
            match split {
                Split::More => {}
                Split::Frame => return self.show_jpeg(visit),
                Split::Broken(reason) => break reason,
                Split::Rubbish => {
                    return Err(SourceError::Stream {
                        name: self.name.clone(),
                        offset: self.offset,
                        found: format!("{} bytes without a JPEG", mjpeg::MAX_RUBBISH),
                        expected: "JPEGs one after the other".into(),
                    });
                }
            }
        };
        let id = self.take_id();
        Err(bad_frame(&self.name, id, reason))
    }

    fn show_jpeg(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        let id = self.take_id();
        let bad = |reason| bad_frame(&self.name, id, reason);
        let Some(size) = self.splitter.size() else {
            return Err(bad("a JPEG that states no size".into()));
        };
        rgb_len(size.0, size.1).map_err(|error| bad(error.to_string()))?;
        let State::Mjpeg(known) = &mut self.state else {
            return Ok(Next::End);
        };
        let expected = *known.get_or_insert(size);
        if size != expected {
            let [found, expected] = [size, expected].map(|(w, h)| format!("{w}x{h}"));
            return Err(bad(format!(
                "a JPEG of {found} pixels; expected {expected}"
            )));
        }
        let color = ColorSpace::default();
        let picture = Picture::new(PixelFormat::Jpeg, color, size, 0, self.splitter.frame())
            .map_err(|error| bad(error.to_string()))?;
        visit(&named(id, &mut self.frame_name, picture));
        Ok(Next::Frame)
    }

    fn frame_len(&self, video: RawVideo) -> Result<u64, SourceError> {
        video
            .len()
            .map(|len| len as u64)
            .map_err(|source| SourceError::Size {
                name: self.name.clone(),
                source,
            })
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    fn fill(&mut self) -> Result<&[u8], SourceError> {
        fill(&mut self.reader, &self.name)
    }
}

impl RawVideo {
    /// Bytes of a frame.
    pub(super) fn len(self) -> Result<usize, FrameError> {
        let stride = self.format.row_len(self.width);
        let len = self.format.len(self.width, self.height, stride)?;
        Ok(len.unwrap_or_default())
    }
}

/// The reader's next bytes, none at its end.
fn fill<'a>(reader: &'a mut impl BufRead, name: &str) -> Result<&'a [u8], SourceError> {
    loop {
        match reader.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io_error(name, error)),
        }
    }
    // What is there already is given without another read.
    reader.fill_buf().map_err(|error| io_error(name, error))
}

fn io_error(name: &str, source: io::Error) -> SourceError {
    SourceError::Io {
        name: name.to_owned(),
        source,
    }
}

fn bad_frame(name: &str, id: u64, reason: String) -> SourceError {
    SourceError::BadFrame {
        name: name.to_owned(),
        id,
        reason,
    }
}

fn named<'a>(id: u64, name: &'a mut String, picture: Picture<'a>) -> Frame<'a> {
    name.clear();
    // Writing to a string cannot fail.
    let _ = write!(name, "frame {id}");
    Frame {
        id,
        captured: Instant::now(),
        name,
        picture,
        truth: None,
    }
}

impl<R: Read + Send> Source for VideoStream<R> {
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        let next = self.read_next(visit);
        match &next {
            Ok(Next::End) => self.state = State::Ended,
            Err(error) if error.is_fatal() => self.state = State::Ended,
            _ => {}
        }
        next
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn describe(&self) -> String {
        let raw =
            |video: RawVideo| format!("{}x{} {}", video.width, video.height, video.format.name());
        let format = match self.state {
            State::Unknown => "Y4M or MJPEG".to_owned(),
            State::Raw(video) => raw(video),
            State::Y4m(video, _) => format!("Y4M, {}", raw(video)),
            State::Mjpeg(_) => "MJPEG".to_owned(),
            State::Ended => "ended".to_owned(),
        };
        let live = if self.live { ", live" } else { "" };
        format!("{} ({format}{live})", self.name)
    }
}
