use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use normgate_frame::Frame;

use super::options::{Options, split_query};
use super::paced::Paced;
use super::stream::{RawVideo, VideoStream};
use super::video::{RAW_OPTIONS, raw_video};
use super::{Next, Source, SourceError};

/// The highest frame rate that a file may be paced to.
const MAX_FPS: f64 = 1000.0;

/// Video in a file, from its start again at its end if that is asked for.
#[derive(Debug)]
pub(super) struct FileSource {
    path: PathBuf,
    raw: Option<RawVideo>,
    stream: VideoStream<File>,
    /// For a file that is repeated: the count of frames before this pass.
    pass: Option<u64>,
    ended: bool,
}

/// The file that `uri` describes; `rest` is its part after the scheme.
pub(super) fn open(uri: &str, rest: &str) -> Result<Box<dyn Source>, SourceError> {
    let (path, query) = split_query(rest);
    let known = [&RAW_OPTIONS[..], &["live", "fps", "loop"]].concat();
    let options = Options::parse(uri, query, &known)?;
    let raw = raw_video(&options)?;
    let fps = options.number("fps", 0.001, MAX_FPS)?;
    let live = options.yes_no("live")?;
    let repeat = options.yes_no("loop")?.unwrap_or(false);
    if live == Some(false) && fps.is_some() {
        return Err(options.refuse("live=no with fps", "one of them"));
    }
    let file = FileSource::open(path.into(), raw, repeat)?;
    if live != Some(true) && fps.is_none() {
        return Ok(Box::new(file));
    }
    match fps.or(file.stream.rate().filter(|rate| *rate <= MAX_FPS)) {
        Some(fps) => Ok(Box::new(Paced::new(Box::new(file), fps))),
        None => Err(options.refuse("live=yes of a file that states no frame rate", "fps=N")),
    }
}

impl FileSource {
    fn open(path: PathBuf, raw: Option<RawVideo>, repeat: bool) -> Result<Self, SourceError> {
        let file = open_file(&path)?;
        let name = path.display().to_string();
        let mut stream = match raw {
            Some(raw) => VideoStream::raw(file, &name, raw, false),
            None => VideoStream::new(file, &name, false),
        };
        stream.begin()?;
        Ok(Self {
            path,
            raw,
            stream,
            pass: repeat.then_some(0),
            ended: false,
        })
    }

    fn show(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        let next = self.stream.next(visit)?;
        let Some(before) = self.pass else {
            return Ok(next);
        };
        // A pass without a frame would be followed by another such, for ever.
        if next != Next::End || self.stream.frames() == before {
            return Ok(next);
        }
        self.pass = Some(self.stream.frames());
        self.stream.restart(open_file(&self.path)?, self.raw);
        self.stream.next(visit)
    }
}

impl Source for FileSource {
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        if self.ended {
            return Ok(Next::End);
        }
        let next = self.show(visit);
        self.ended = match &next {
            Ok(next) => *next == Next::End,
            Err(error) => error.is_fatal(),
        };
        next
    }

    fn is_live(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        let repeated = if self.pass.is_some() {
            ", repeated"
        } else {
            ""
        };
        format!("file:{}{repeated}", self.stream.describe())
    }
}

fn open_file(path: &Path) -> Result<File, SourceError> {
    let failed = |source| SourceError::Io {
        name: path.display().to_string(),
        source,
    };
    // A pipe or a device would block where a file does not.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        let reason = "not a file; expected Y4M or MJPEG video in a file (a pipe is read with -)";
        return Err(failed(io::Error::other(reason)));
    }
    File::open(path).map_err(failed)
}
