//! The header is a line of tokens after `YUV4MPEG2`; each frame is a line `FRAME` and its planes.
//! Format: <https://wiki.multimedia.cx/index.php/YUV4MPEG2>.

use std::io::{BufRead, Read};

use normgate_frame::{ColorSpace, PixelFormat, Range};

use super::{RawVideo, State, VideoStream, io_error};
use crate::SourceError;

const MAGIC: &[u8] = b"YUV4MPEG2";

/// The longest header or frame line.
const MAX_LINE: usize = 4096;

impl<R: Read + Send> VideoStream<R> {
    /// Reads the stream's header: the frames' layout, colours and rate. The matrix is BT.601: no token states it.
    pub(super) fn y4m_header(&mut self) -> Result<State, SourceError> {
        let line = self.read_line()?;
        let Some(line) = line.strip_suffix(b"\n") else {
            return Err(self.not_y4m(&line));
        };
        let mut tokens = line.split(|&byte| byte == b' ');
        if tokens.next() != Some(MAGIC) {
            return Err(self.not_y4m(line));
        }
        let (mut width, mut height) = (None, None);
        let (mut format, mut color) = (PixelFormat::I420, ColorSpace::default());
        let mut rate = None;
        for token in tokens.map(String::from_utf8_lossy) {
            if let Some(value) = token.strip_prefix('W') {
                width = Some(self.side(&token, value)?);
            } else if let Some(value) = token.strip_prefix('H') {
                height = Some(self.side(&token, value)?);
            } else if let Some(value) = token.strip_prefix('C') {
                format = self.colour_space(&token, value)?;
            } else if let Some(value) = token.strip_prefix('F') {
                rate = frame_rate(value);
            } else if token == "XCOLORRANGE=FULL" {
                color.range = Range::Full;
            }
        }
        let (Some(width), Some(height)) = (width, height) else {
            return Err(self.header("no width or height".into(), "W and H in the header"));
        };
        let video = RawVideo {
            width,
            height,
            format,
            color,
        };
        // A size that no frame may have is refused here, before a frame is waited for.
        self.frame_len(video)?;
        Ok(State::Y4m(video, rate))
    }

    /// Reads the line before a frame; false at the stream's end.
    pub(super) fn y4m_frame_line(&mut self) -> Result<bool, SourceError> {
        let start = self.offset;
        let line = self.read_line()?;
        if line.is_empty() {
            return Ok(false);
        }
        let whole = line.strip_suffix(b"\n");
        match whole.unwrap_or(&line).split(|&byte| byte == b' ').next() {
            Some(b"FRAME") if whole.is_some() => Ok(true),
            // The stream ends inside the line.
            Some(part)
                if line.len() < MAX_LINE && whole.is_none() && b"FRAME".starts_with(part) =>
            {
                Err(SourceError::Truncated {
                    name: self.name.clone(),
                    id: self.next_id,
                    found: 0,
                    expected: self.frame_bytes(),
                })
            }
            _ => Err(SourceError::Stream {
                name: self.name.clone(),
                offset: start,
                found: printable(&line),
                expected: format!("`FRAME` before frame {}", self.next_id),
            }),
        }
    }

    fn frame_bytes(&self) -> u64 {
        match self.state {
            State::Y4m(video, _) => video.len().map_or(0, |len| len as u64),
            _ => 0,
        }
    }

    /// Bytes up to and with the next line end, at most [`MAX_LINE`]; empty at the stream's end.
    fn read_line(&mut self) -> Result<Vec<u8>, SourceError> {
        let mut line = Vec::new();
        (&mut self.reader)
            .take(MAX_LINE as u64)
            .read_until(b'\n', &mut line)
            .map_err(|source| io_error(&self.name, source))?;
        self.offset += line.len() as u64;
        Ok(line)
    }

    fn side(&self, token: &str, value: &str) -> Result<u32, SourceError> {
        value
            .parse()
            .map_err(|_| self.header(printable(token.as_bytes()), "a number of pixels"))
    }

    fn colour_space(&self, token: &str, value: &str) -> Result<PixelFormat, SourceError> {
        match value {
            "420" | "420jpeg" | "420mpeg2" | "420paldv" => Ok(PixelFormat::I420),
            "422" => Ok(PixelFormat::I422),
            "444" => Ok(PixelFormat::I444),
            "mono" => Ok(PixelFormat::Luma),
            _ => Err(self.header(
                printable(token.as_bytes()),
                "C420, C420jpeg, C420mpeg2, C420paldv, C422, C444 or Cmono",
            )),
        }
    }

    pub(super) fn header(&self, found: String, expected: &str) -> SourceError {
        SourceError::Stream {
            name: self.name.clone(),
            offset: 0,
            found,
            expected: expected.into(),
        }
    }

    fn not_y4m(&self, line: &[u8]) -> SourceError {
        self.header(
            printable(line),
            "a Y4M header line (`YUV4MPEG2 W.. H..`) or a JPEG; raw video needs ?size=WxH&format=FORMAT",
        )
    }
}

/// `30000:1001` as frames a second.
fn frame_rate(value: &str) -> Option<f64> {
    let (frames, seconds) = value.split_once(':')?;
    let rate = f64::from(frames.parse::<u32>().ok()?) / f64::from(seconds.parse::<u32>().ok()?);
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

/// The start of some bytes, for an error of one line.
fn printable(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "no bytes".into();
    }
    let shown = bytes.trim_ascii_end();
    let start = &shown[..shown.len().min(24)];
    let more = if start.len() < shown.len() { ".." } else { "" };
    format!("`{}{more}`", start.escape_ascii())
}
