use std::io::{self, IsTerminal};

use super::options::Options;
use super::stream::VideoStream;
use super::video::{RAW_OPTIONS, raw_video};
use super::{Source, SourceError, Threaded};

const NAME: &str = "standard input";

/// Standard input as `uri` describes it; `query` is its part after the dash.
pub(super) fn open(uri: &str, query: &str) -> Result<Box<dyn Source>, SourceError> {
    let known = [&RAW_OPTIONS[..], &["live"]].concat();
    let options = Options::parse(uri, query, &known)?;
    let raw = raw_video(&options)?;
    let file = is_regular_file(io::stdin());
    let live = options.yes_no("live")?.unwrap_or(!file);
    if io::stdin().is_terminal() {
        return Err(SourceError::Terminal);
    }
    let stream = match raw {
        Some(raw) => VideoStream::raw(io::stdin(), NAME, raw, live),
        None => VideoStream::new(io::stdin(), NAME, live),
    };
    // A pipe's writer may pause for ever; the loop does not.
    Ok(match (live, file) {
        (true, _) => Box::new(Threaded::newest(Box::new(stream))?),
        (false, false) => Box::new(Threaded::lossless(Box::new(stream))?),
        (false, true) => Box::new(stream),
    })
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
fn is_regular_file(_: io::Stdin) -> bool {
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
