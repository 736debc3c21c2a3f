use std::io;
use std::time::{Duration, Instant};

use normgate_frame::{ColorSpace, PixelFormat};

use crate::SourceError;

/// What keeping a camera needs of the world; tests have one of their own.
pub(super) trait Port: Send {
    type Stream: Stream;

    /// Opens the camera and lets it run.
    fn open(&mut self) -> Result<Self::Stream, SourceError>;

    /// A clock that never goes back.
    fn now(&self) -> Instant;

    fn sleep(&mut self, time: Duration);
}

/// A camera that runs.
pub(super) trait Stream: Send {
    type Bell: Bell;

    fn layout(&self) -> Layout;

    fn bell(&self) -> Self::Bell;

    /// Gives the buffer that was taken before back to the driver, then takes the oldest one that is done.
    fn take(&mut self) -> io::Result<Buffer<'_>>;
}

/// Says when a buffer is done; usable while another buffer is being looked at.
pub(super) trait Bell: Send {
    /// Whether a buffer is done, or the camera has failed, at the latest after `patience`.
    fn wait(&self, patience: Duration) -> io::Result<bool>;
}

/// What the driver granted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layout {
    pub(super) format: PixelFormat,
    pub(super) color: ColorSpace,
    pub(super) size: (u32, u32),
    /// Bytes from row to row; nothing for JPEG.
    pub(super) stride: usize,
    /// Bytes of a frame; none for JPEG, where they vary.
    pub(super) len: Option<usize>,
    /// Buffers that the driver has, the one that is looked at among them.
    pub(super) buffers: u64,
    /// From frame to frame, if the driver says.
    pub(super) interval: Option<Duration>,
}

/// A buffer that the driver has filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buffer<'a> {
    /// The bytes used.
    pub(super) bytes: &'a [u8],
    /// The driver says that data are missing.
    pub(super) damaged: bool,
    /// The driver's count of frames.
    pub(super) sequence: u32,
    pub(super) captured: Instant,
}
