use std::fs::File;
use std::io::{ErrorKind, Read, Result};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The verdicts in a growing file of JSON lines.
pub(crate) struct Log {
    path: PathBuf,
    file: Option<File>,
    /// What was read of a line that has no end yet.
    rest: String,
    count: usize,
    last_score: String,
}

impl Log {
    /// The file may come later.
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.into(),
            file: None,
            rest: String::new(),
            count: 0,
            last_score: String::new(),
        }
    }

    /// Reads on, and counts.
    pub(crate) fn verdicts(&mut self) -> Result<usize> {
        if self.file.is_none() {
            match File::open(&self.path) {
                Ok(file) => self.file = Some(file),
                Err(e) if e.kind() == ErrorKind::NotFound => return Ok(0),
                Err(e) => return Err(e),
            }
        }
        if let Some(file) = &mut self.file {
            file.read_to_string(&mut self.rest)?;
        }
        while let Some(end) = self.rest.find('\n') {
            let line: String = self.rest.drain(..=end).collect();
            if let Some(score) = score(&line) {
                self.count += 1;
                score.clone_into(&mut self.last_score);
            }
        }
        Ok(self.count)
    }

    /// Verdicts up to what was read.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The score of the last verdict, as it is written.
    pub(crate) fn last_score(&self) -> &str {
        &self.last_score
    }

    /// Reads on until `done`; false where that takes longer than `patience`.
    pub(crate) fn wait(
        &mut self,
        patience: Duration,
        done: impl Fn(&Self) -> bool,
    ) -> Result<bool> {
        let start = Instant::now();
        loop {
            self.verdicts()?;
            if done(self) {
                return Ok(true);
            }
            if start.elapsed() > patience {
                return Ok(false);
            }
            sleep(Duration::from_millis(1));
        }
    }
}

/// The score of a verdict's line; `None` for a line of another kind.
fn score(line: &str) -> Option<&str> {
    let (_, after) = line.split_once("\"score\":")?;
    Some(after.split([',', '}']).next().unwrap_or_default().trim())
}
