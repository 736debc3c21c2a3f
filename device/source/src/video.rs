use std::io::{BufReader, Read};

use super::{Source, SourceError};
use crate::frame::Frame;

mod pixels;
mod y4m;

pub use pixels::{PixelFormat, Range};

/// What one frame of a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawVideo {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How a frame's bytes make pixels.
    pub format: PixelFormat,
}

/// Video from any reader of bytes: Y4M, or raw frames one after the other.
///
/// Colours are converted by BT.601, in limited range unless a Y4M header says `XCOLORRANGE=FULL`;
/// luma below its black is black. A chroma sample holds for all the pixels that it covers.
#[derive(Debug)]
pub struct VideoStream<R> {
    reader: BufReader<R>,
    name: String,
    state: State,
    live: bool,
    /// Bytes of the stream that were used.
    offset: u64,
    next_id: u64,
    /// The frame as it was read, kept from frame to frame.
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Y4M whose header is still to be read.
    Y4mHeader,
    /// A `FRAME` line comes next.
    Y4m(RawVideo, Range),
    /// A frame's bytes come next.
    Raw(RawVideo),
    Ended,
}

impl<R: Read + Send> VideoStream<R> {
    /// A Y4M stream (8 bits; 4:2:0, 4:2:2, 4:4:4 or mono). `name` is what errors and frames call
    /// it. Nothing is read before the first frame is asked for.
    pub fn y4m(reader: R, name: &str, live: bool) -> Self {
        Self::new(reader, name, live, State::Y4mHeader)
    }

    /// A stream of raw frames, without anything between them. `name` as for [`y4m`](Self::y4m).
    pub fn raw(reader: R, name: &str, video: RawVideo, live: bool) -> Self {
        Self::new(reader, name, live, State::Raw(video))
    }

    fn new(reader: R, name: &str, live: bool, state: State) -> Self {
        Self {
            reader: BufReader::new(reader),
            name: name.to_owned(),
            state,
            live,
            offset: 0,
            next_id: 0,
            bytes: Vec::new(),
        }
    }

    /// The next frame from the state that stands at a frame's start.
    fn read_next(&mut self) -> Result<Option<Frame>, SourceError> {
        if matches!(self.state, State::Y4mHeader) {
            let (video, range) = self.y4m_header()?;
            self.state = State::Y4m(video, range);
        }
        let (video, range) = match self.state {
            State::Y4m(video, range) => {
                if !self.y4m_frame_line()? {
                    return Ok(None);
                }
                (video, range)
            }
            State::Raw(video) => (video, Range::Limited),
            State::Y4mHeader | State::Ended => return Ok(None),
        };
        self.read_pixels(video, range)
    }

    fn read_pixels(&mut self, video: RawVideo, range: Range) -> Result<Option<Frame>, SourceError> {
        let RawVideo {
            width,
            height,
            format,
        } = video;
        let expected = format
            .frame_len(width, height)
            .map_err(|source| SourceError::Size {
                name: self.name.clone(),
                source,
            })? as u64;
        // Memory follows the bytes that come, not the size that a header claims.
        self.bytes.clear();
        let found = (&mut self.reader)
            .take(expected)
            .read_to_end(&mut self.bytes)
            .map_err(|source| self.io(source))? as u64;
        self.offset += found;
        if found == 0 && matches!(self.state, State::Raw(_)) {
            return Ok(None);
        }
        let id = self.next_id;
        self.next_id += 1;
        if found < expected {
            self.state = State::Ended;
            return Err(SourceError::Truncated {
                name: self.name.clone(),
                id,
                found,
                expected,
            });
        }
        let convert = |reason: String| SourceError::Convert {
            name: self.name.clone(),
            id,
            reason,
        };
        let rgb = format
            .to_rgb(range, width, height, &self.bytes)
            .map_err(convert)?;
        Frame::new(id, format!("frame {id}"), width, height, rgb)
            .map(Some)
            .map_err(|error| convert(error.to_string()))
    }

    fn io(&self, source: std::io::Error) -> SourceError {
        SourceError::Io {
            name: self.name.clone(),
            source,
        }
    }
}

impl<R: Read + Send> Source for VideoStream<R> {
    fn next_frame(&mut self) -> Result<Option<Frame>, SourceError> {
        let frame = self.read_next();
        match &frame {
            Ok(None) => self.state = State::Ended,
            Err(error) if error.is_fatal() => self.state = State::Ended,
            _ => {}
        }
        frame
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn describe(&self) -> String {
        let format = match self.state {
            State::Raw(video) => {
                format!("{}x{} {}", video.width, video.height, video.format.name())
            }
            State::Y4m(video, _) => format!(
                "Y4M, {}x{} {}",
                video.width,
                video.height,
                video.format.name()
            ),
            State::Y4mHeader => "Y4M".to_owned(),
            State::Ended => "ended".to_owned(),
        };
        let live = if self.live { ", live" } else { "" };
        format!("{} ({format}{live})", self.name)
    }
}
