use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use normgate_frame::{OwnedPicture, Picture};
use tokio::sync::watch;

use super::frames::Encoder;
use super::history::{Rates, Scores};
use super::{HttpLimits, HttpOptions, Token};
use crate::{Meters, Record, Status};

/// What the sink and the server share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) live: Mutex<Live>,
    /// Told after each change of `live`.
    pub(super) changed: watch::Sender<()>,
    pub(super) meters: Arc<Meters>,
    pub(super) token: Option<Token>,
    pub(super) rejects: Option<PathBuf>,
    pub(super) addr: SocketAddr,
    pub(super) stale_after: Duration,
    pub(super) limits: HttpLimits,
    pub(super) encoder: Encoder,
    /// When the server began.
    pub(super) began: Instant,
    /// When the loop began, by the wall clock.
    pub(super) started: SystemTime,
    /// Pages that are open.
    watchers: AtomicUsize,
    /// Until when somebody wants a picture without a page, in milliseconds since `began`.
    wanted_ms: AtomicU64,
}

impl Shared {
    /// The most pages at a time; the other connections are left for whoever asks once.
    const WATCHERS: usize = 16;

    pub(super) fn new(options: HttpOptions, addr: SocketAddr) -> Self {
        let began = Instant::now();
        let run = options.meters.started.elapsed();
        Self {
            live: Mutex::new(Live::new(&options.meters, began)),
            changed: watch::Sender::new(()),
            meters: options.meters,
            token: options.token,
            rejects: options.rejects,
            addr,
            stale_after: options.stale_after,
            limits: options.limits,
            encoder: Encoder::default(),
            began,
            started: SystemTime::now()
                .checked_sub(run)
                .unwrap_or(SystemTime::UNIX_EPOCH),
            watchers: AtomicUsize::new(0),
            wanted_ms: AtomicU64::new(0),
        }
    }

    /// Whether anybody looks at pictures.
    pub(super) fn is_watched(&self) -> bool {
        self.watchers.load(Relaxed) > 0 || self.elapsed_ms() < self.wanted_ms.load(Relaxed)
    }

    /// Asks for pictures over the next `time`.
    pub(super) fn want_picture(&self, time: Duration) {
        let until = self.elapsed_ms() + time.as_millis() as u64;
        self.wanted_ms.fetch_max(until, Relaxed);
    }

    fn elapsed_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }
}

/// A page that is open, for as long as this lives.
pub(super) struct Watcher(pub(super) Arc<Shared>);

impl Watcher {
    /// One more page, or none if there are too many.
    pub(super) fn new(shared: &Arc<Shared>) -> Option<Self> {
        let add = |n| (n < Shared::WATCHERS).then_some(n + 1);
        let added = shared.watchers.fetch_update(Relaxed, Relaxed, add);
        added.is_ok().then(|| Self(Arc::clone(shared)))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Relaxed);
    }
}

/// What is known of the camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// There; whether verdicts come is told by the newest one's age.
    Running,
    /// Away, with the reason.
    Lost(String),
    /// The loop has ended.
    Ended,
}

/// The newest of everything.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) phase: Phase,
    /// The source, for a person.
    pub(super) source: String,
    pub(super) record: Record,
    /// When `record` came; none if nothing was judged since the source or the model changed.
    pub(super) judged: Option<Instant>,
    /// What the person has to know, as a model file that was refused.
    pub(super) notice: Option<String>,
    pub(super) scores: Scores,
    pub(super) rates: Rates,
    pub(super) shot: Option<Shot>,
    began: Instant,
}

/// The newest picture that was asked for.
#[derive(Debug)]
pub(super) struct Shot {
    /// Counts pictures, so that a page knows a new one.
    pub(super) id: u64,
    /// The frame that it shows.
    pub(super) frame: u64,
    pub(super) taken: Instant,
    pub(super) picture: OwnedPicture,
}

impl Live {
    fn new(meters: &Meters, began: Instant) -> Self {
        Self {
            phase: Phase::Running,
            source: String::new(),
            record: Record::empty(meters.terms()),
            judged: None,
            notice: None,
            scores: Scores::new(),
            rates: Rates::new(),
            shot: None,
            began,
        }
    }

    pub(super) fn record(&mut self, record: &Record, picture: Option<&Picture<'_>>) {
        let now = Instant::now();
        self.phase = Phase::Running;
        self.judged = Some(now);
        self.record.copy_from(record);
        let verdict = &record.verdict;
        self.scores.add(
            now.duration_since(self.began),
            verdict.score(),
            verdict.is_known(),
        );
        self.rates.add(now, record.latency);
        match (picture, &mut self.shot) {
            (None, _) => {}
            (Some(picture), Some(shot)) => {
                shot.id += 1;
                shot.frame = record.frame;
                shot.taken = now;
                shot.picture.copy_from(picture);
            }
            (Some(picture), shot @ None) => {
                *shot = Some(Shot {
                    id: 1,
                    frame: record.frame,
                    taken: now,
                    picture: OwnedPicture::from(picture),
                });
            }
        }
    }

    pub(super) fn status(&mut self, status: &Status) {
        // The model before judges on after a refusal, and verdicts go on in a drift.
        if !matches!(status, Status::SwapRefused { .. } | Status::Drifted { .. }) {
            self.judged = None;
        }
        match status {
            Status::Started { source, .. } => {
                self.phase = Phase::Running;
                self.source.clone_from(source);
            }
            Status::Lost { why } => self.phase = Phase::Lost(why.clone()),
            Status::Restored => self.phase = Phase::Running,
            Status::Swapped { .. } => self.notice = None,
            Status::SwapRefused { why } => self.notice = Some(why.clone()),
            // Records and meters tell of it.
            Status::Drifted { .. } => {}
            Status::Ended(_) => self.phase = Phase::Ended,
        }
    }
}
