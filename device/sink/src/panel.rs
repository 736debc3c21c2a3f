//! The frame and its verdict on a display: a framebuffer, or a PNG that is written again and again.
//!
//! ```text
//! events --> Latest (what is to be seen) --> Screen (pixels) --> Target (framebuffer, PNG)
//! ```

mod framebuffer;
mod geometry;
mod latest;
mod png_file;
mod rate;
mod screen;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use embedded_graphics::primitives::Rectangle;

use self::framebuffer::Framebuffer;
use self::latest::Latest;
use self::png_file::PngFile;
use self::screen::Screen;
use crate::{Demand, Event, Sink, SinkError, Status};

/// Where Linux tells the measures of its framebuffers.
pub const SYSFS: &str = "/sys/class/graphics";

/// How often a framebuffer shows another picture; the verdict is drawn for each frame.
const PICTURE_INTERVAL: Duration = Duration::from_millis(100);

/// The sizes that a PNG may have, in pixels a side.
const SIDES: std::ops::RangeInclusive<u32> = 16..=4096;

/// What shows the pixels.
trait Target: Send + std::fmt::Debug {
    /// Shows the part of the screen that changed.
    fn show(&mut self, screen: &Screen, changed: Rectangle) -> io::Result<()>;
}

/// Draws the camera's frame and, beside it, its class or UNKNOWN, the score against the threshold and the rate.
///
/// A class is shown if this frame's verdict is known and is the committed one; a known verdict that is not committed
/// yet is shown as a hold. The camera lost, no frame for ten seconds and the end of the loop are a lost link, without
/// a picture. While a drift alarm stands, a line says so below the picture.
#[derive(Debug)]
pub struct PanelSink {
    name: &'static str,
    path: PathBuf,
    screen: Screen,
    target: Box<dyn Target>,
    latest: Latest,
    /// The least time between two drawings.
    interval: Duration,
    picture_interval: Duration,
    drawn: Option<Instant>,
    /// The end of the loop is shown: what is on a display should not outlive what it is about. A file is looked at
    /// later, and keeps its last frame.
    shows_end: bool,
}

/// A display that cannot be drawn on.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct PanelError {
    /// The device or the file.
    pub path: PathBuf,
    /// What is wrong, and what was expected.
    pub reason: String,
}

impl PanelSink {
    /// A framebuffer such as `/dev/fb0`, of 16 (RGB565) or 32 (XRGB8888) bits a pixel. `sysfs` is [`SYSFS`].
    ///
    /// # Errors
    /// [`PanelError`] if it is none, may not be written to, or has another depth.
    pub fn framebuffer(device: &Path, sysfs: &Path) -> Result<Self, PanelError> {
        let target = Framebuffer::open(device, sysfs);
        let target = target.map_err(|reason| PanelError {
            path: device.to_owned(),
            reason,
        })?;
        let size = target.size();
        let none = Duration::ZERO;
        let mut panel = Self::new("panel", device, size, Box::new(target), none);
        panel.picture_interval = PICTURE_INTERVAL;
        panel.shows_end = true;
        Ok(panel)
    }

    /// A PNG of `size` (width and height, 16 to 4096 pixels each), written anew when something changed, at most every
    /// `interval`. It is replaced as a whole, so that a reader never sees half of it.
    ///
    /// # Errors
    /// [`PanelError`] if the size is out of range or the file cannot be made. A full disk is no error here.
    pub fn png(path: &Path, size: (u32, u32), interval: Duration) -> Result<Self, PanelError> {
        let refused = |reason: String| PanelError {
            path: path.to_owned(),
            reason,
        };
        let (w, h) = size;
        if !SIDES.contains(&w) || !SIDES.contains(&h) {
            let (least, most) = (SIDES.start(), SIDES.end());
            return Err(refused(format!(
                "a panel of {w}x{h} pixels: expected {least}x{least} to {most}x{most}"
            )));
        }
        let target = PngFile::new(path)
            .map_err(|e| refused(format!("{e}; expected a file that can be written")))?;
        let mut panel = Self::new("panel_png", path, size, Box::new(target), interval);
        // Drawn at once, so that a file that cannot be written is told at the start.
        match panel.draw(Instant::now()) {
            Err(e) if !crate::lines::is_full(&e) => {
                Err(refused(format!("{e}; expected a file that can be written")))
            }
            _ => {
                // The first frame need not wait.
                panel.drawn = None;
                Ok(panel)
            }
        }
    }

    fn new(
        name: &'static str,
        path: &Path,
        (width, height): (u32, u32),
        target: Box<dyn Target>,
        interval: Duration,
    ) -> Self {
        Self {
            name,
            path: path.to_owned(),
            screen: Screen::new(width, height),
            target,
            latest: Latest::new(),
            interval,
            picture_interval: interval,
            drawn: None,
            shows_end: false,
        }
    }

    fn draw_if_due(&mut self, now: Instant, at_once: bool) -> Result<(), SinkError> {
        let due = |drawn: Instant| now.saturating_duration_since(drawn) >= self.interval;
        if !(at_once || self.drawn.is_none_or(due)) {
            return Ok(());
        }
        self.draw(now)
            .map_err(|e| SinkError::Missed(format!("{}: {e}", self.path.display())))
    }

    fn draw(&mut self, now: Instant) -> io::Result<()> {
        let Some(changed) = self.screen.draw(&mut self.latest, now) else {
            return Ok(());
        };
        self.drawn = Some(now);
        let shown = self.target.show(&self.screen, changed);
        if shown.is_err() {
            self.screen.forget();
        }
        shown
    }
}

impl Sink for PanelSink {
    fn name(&self) -> &'static str {
        self.name
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        let now = Instant::now();
        match event {
            Event::Record(record, picture) => self.latest.record(record, picture, now),
            Event::Status(Status::Lost { .. }) => self.latest.lose(now),
            Event::Status(Status::Ended(_)) if self.shows_end => self.latest.lose(now),
            Event::Status(Status::Ended(_)) => return self.draw_if_due(now, true),
            Event::Status(Status::Started { .. } | Status::Restored | Status::Swapped { .. }) => {
                self.latest.hold(now);
            }
            // The record before it has said so.
            Event::Status(Status::SwapRefused { .. } | Status::Drifted { .. }) => return Ok(()),
        }
        let ended = matches!(event, Event::Status(Status::Ended(_)));
        self.draw_if_due(now, ended)
    }

    fn demand(&self) -> Demand {
        Demand::Every(self.picture_interval)
    }

    fn tick(&mut self) -> Result<(), SinkError> {
        self.draw_if_due(Instant::now(), false)
    }
}
