use std::io::{self, IsTerminal, Stdin};

use super::SourceError;
use super::options::Options;
use super::video::{PixelFormat, RawVideo, VideoStream};
use crate::frame::FrameError;

const NAME: &str = "standard input";

/// Standard input as `uri` describes it; `query` is its part after the dash.
pub(super) fn open(uri: &str, query: &str) -> Result<VideoStream<Stdin>, SourceError> {
    let options = Options::parse(uri, query, &["size", "format", "live"])?;
    let raw = raw_video(&options)?;
    let live = match options.get("live") {
        None => !is_regular_file(io::stdin()),
        Some("yes") => true,
        Some("no") => false,
        Some(other) => return Err(options.refuse(format!("live={other}"), "live=yes or live=no")),
    };
    if io::stdin().is_terminal() {
        return Err(SourceError::Terminal);
    }
    Ok(match raw {
        Some(raw) => VideoStream::raw(io::stdin(), NAME, raw, live),
        None => VideoStream::y4m(io::stdin(), NAME, live),
    })
}

/// The raw layout, `None` if neither of its options is given.
fn raw_video(options: &Options<'_>) -> Result<Option<RawVideo>, SourceError> {
    let (size, format) = match (options.get("size"), options.get("format")) {
        (None, None) => return Ok(None),
        (Some(size), Some(format)) => (size, format),
        _ => return Err(options.refuse("half a raw video", "size=WxH and format=FORMAT")),
    };
    let sides = size
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let Some((width, height)) = sides else {
        return Err(options.refuse(
            format!("size={size}"),
            "size=WxH in pixels, as size=640x480",
        ));
    };
    let Some(format) = PixelFormat::parse(format) else {
        let expected = PixelFormat::RAW.map(PixelFormat::name).join(", ");
        return Err(options.refuse(format!("format={format}"), &format!("one of {expected}")));
    };
    format
        .frame_len(width, height)
        .map_err(|error: FrameError| options.refuse(error.to_string(), "a usable size"))?;
    Ok(Some(RawVideo {
        width,
        height,
        format,
    }))
}

/// Whether a stream is a file on a disk, whose bytes can wait; a pipe's writer cannot.
#[cfg(unix)]
fn is_regular_file(stream: impl std::os::fd::AsFd) -> bool {
    stream
        .as_fd()
        .try_clone_to_owned()
        .and_then(|fd| std::fs::File::from(fd).metadata())
        .is_ok_and(|metadata| metadata.is_file())
}

#[cfg(not(unix))]
fn is_regular_file(_: Stdin) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_can_wait_and_a_pipe_cannot() {
        assert!(is_regular_file(tempfile::tempfile().unwrap()));
        let (reader, _writer) = io::pipe().unwrap();
        assert!(!is_regular_file(reader));
    }
}
