use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use normgate_core::DriftPolicy;

use super::drift::Watch;
use crate::model::{Model, Session, Threads};

/// How often a watched file is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A model that is ready to run.
#[derive(Debug)]
pub struct NewModel {
    pub(super) model: Model,
    pub(super) session: Session,
    pub(super) watch: Option<Watch>,
}

/// How a model that takes another's place is prepared.
#[derive(Debug, Clone)]
pub struct Successor {
    /// Threads of an inference.
    pub threads: Threads,
    /// The labels that it must have: whoever acts on a class was set up for those.
    pub labels: Vec<String>,
    /// Another reject rate than the file's, for which it must have enough calibration images.
    pub reject_rate: Option<f64>,
    /// The rate of its drift test; none where frames are not watched.
    pub drift: Option<DriftPolicy>,
}

impl NewModel {
    /// Reads a model file that is to take another's place.
    ///
    /// # Errors
    /// One line, if the file is refused, has no threshold, or is not what `wanted` says.
    pub fn load(path: &Path, wanted: &Successor) -> Result<Self, String> {
        let labels = &wanted.labels;
        let mut model = Model::load_with_threads(path, &wanted.threads)
            .map_err(|e| crate::error::one_line(&e))?;
        let name = path.display();
        if let Some(rate) = wanted.reject_rate {
            model = model
                .with_reject_rate(rate)
                .map_err(|e| format!("{name}: {e}"))?;
        }
        if model.gate().is_none() {
            return Err(format!("{name}: no threshold; expected one fitted"));
        }
        let found = &model.description().labels;
        if found != labels {
            let place = found.iter().zip(labels).take_while(|(a, b)| a == b).count();
            let at =
                |labels: &[String]| labels.get(place).cloned().unwrap_or_else(|| "none".into());
            return Err(format!(
                "{name}: {} labels, label {place} is {:?}; expected the {} labels of the model that runs, there {:?}",
                found.len(),
                at(found),
                labels.len(),
                at(labels),
            ));
        }
        let session = model.session().map_err(|e| crate::error::one_line(&e))?;
        let watch = model.gate().zip(wanted.drift);
        Ok(Self {
            session,
            watch: watch.map(|(gate, policy)| Watch::new(gate, policy)),
            model,
        })
    }
}

/// Reads a model file again on a thread of its own, on request or when the file changes.
///
/// A changed file is read once it has stayed the same for a moment, so that a copy under way is left alone.
#[derive(Debug)]
pub struct Swapper {
    requests: Sender<()>,
    results: Receiver<Result<NewModel, String>>,
}

impl Swapper {
    /// Starts to serve requests for `path`, each loaded as by [`NewModel::load`]; with `watch`, changes of the file are
    /// requests.
    ///
    /// # Errors
    /// The system's, if no thread can be started.
    pub fn spawn(path: PathBuf, successor: Successor, watch: bool) -> std::io::Result<Self> {
        let (requests, asked) = channel();
        let (tell, results) = channel();
        let mut seen = Stamp::of(&path);
        thread::Builder::new()
            .name("normgate-model".into())
            .spawn(move || {
                let mut before = seen;
                loop {
                    let wanted = match asked.recv_timeout(LOOK) {
                        Ok(()) => true,
                        Err(RecvTimeoutError::Timeout) => {
                            let stamp = Stamp::of(&path);
                            let settled = stamp == before;
                            before = stamp;
                            watch && settled && stamp.is_some() && stamp != seen
                        }
                        Err(RecvTimeoutError::Disconnected) => return,
                    };
                    if wanted {
                        seen = Stamp::of(&path);
                        let loaded = NewModel::load(&path, &successor);
                        if tell.send(loaded).is_err() {
                            return;
                        }
                    }
                }
            })?;
        Ok(Self { requests, results })
    }

    /// Asks for the file to be read again.
    pub fn request(&self) {
        // Its thread ends with this value, so it hears.
        let _ = self.requests.send(());
    }

    /// What came of the last request, once.
    pub fn poll(&self) -> Option<Result<NewModel, String>> {
        self.results.try_recv().ok()
    }
}

/// What tells one state of a file from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&metadata),
        })
    }
}
