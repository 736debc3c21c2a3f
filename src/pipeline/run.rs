use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant, SystemTime};

use super::PipelineError;
use super::judge::{Judge, Judgement};
use super::swap::NewModel;
use crate::frame::Frame;
use crate::latency::Latency;
use crate::sink::{Fanout, Meters, Record, Stage, Status, Summary};
use crate::source::{Next, Source, SourceError};

/// A live source without a frame for this long is told as lost: its last verdict says nothing of what is there.
pub const STALE: Duration = Duration::from_secs(2);

/// What the loop is to do next.
#[derive(Debug)]
pub enum Order {
    /// The next frame.
    GoOn,
    /// Judge by another model first.
    Swap(Box<NewModel>),
    /// Tell that a new model was refused.
    Refuse(String),
    /// End, with the summary.
    Stop,
}

/// Who rules the loop: signals, a service manager, a test.
pub trait Control {
    /// Called before every frame, and at least every [`PATIENCE`](crate::source::PATIENCE) while none comes.
    fn turn(&mut self) -> Order;
}

/// Lets the source run to its end.
impl Control for () {
    fn turn(&mut self) -> Order {
        Order::GoOn
    }
}

/// The loop of one camera.
#[derive(Debug)]
pub struct Pipeline {
    judge: Judge,
    meters: Arc<Meters>,
    times: [Latency; Stage::ALL.len()],
    record: Record,
    presence: Presence,
}

/// Whether the source is there.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Presence {
    /// Its last frame, or its start.
    Seen(Instant),
    Lost,
}

impl Pipeline {
    /// A loop that judges by `judge` and counts on `meters`.
    #[must_use]
    pub fn new(judge: Judge, meters: Arc<Meters>) -> Self {
        Self {
            record: Record::empty(Arc::clone(judge.terms())),
            times: std::array::from_fn(|_| Latency::default()),
            presence: Presence::Seen(Instant::now()),
            judge,
            meters,
        }
    }

    /// Takes frames from `source` to its end, or `limit` of them, or until `control` stops it, and tells `fanout` of
    /// each. A frame that cannot be read or scored is told as unknown, and the loop goes on.
    ///
    /// # Errors
    /// [`PipelineError`] where the source died or nobody reads the output.
    pub fn run(
        &mut self,
        source: &mut dyn Source,
        fanout: &mut Fanout,
        control: &mut dyn Control,
        limit: Option<u64>,
    ) -> Result<(), PipelineError> {
        self.presence = Presence::Seen(Instant::now());
        self.meters.source_up.store(true, Relaxed);
        self.meters.set_drift(self.judge.drift());
        fanout.status(Status::Started {
            source: source.describe(),
            terms: Arc::clone(self.judge.terms()),
        });
        let ended = self.turns(source, fanout, control, limit);
        self.meters.source_up.store(false, Relaxed);
        self.meters.dropped.store(source.dropped_frames(), Relaxed);
        ended
    }

    fn turns(
        &mut self,
        source: &mut dyn Source,
        fanout: &mut Fanout,
        control: &mut dyn Control,
        limit: Option<u64>,
    ) -> Result<(), PipelineError> {
        while limit.is_none_or(|limit| self.record_count() < limit) {
            match control.turn() {
                Order::GoOn => {}
                Order::Swap(new) => self.swap(*new, fanout),
                Order::Refuse(why) => {
                    self.meters.swaps_refused.fetch_add(1, Relaxed);
                    fanout.status(Status::SwapRefused { why });
                }
                Order::Stop => return Ok(()),
            }
            if let Some(why) = fanout.closed() {
                return Err(PipelineError::Closed(why));
            }
            if !self.turn(source, fanout)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One call of the source; false at its end.
    fn turn(
        &mut self,
        source: &mut dyn Source,
        fanout: &mut Fanout,
    ) -> Result<bool, PipelineError> {
        let asked = Instant::now();
        let mut judging = Duration::ZERO;
        let next = source.next(&mut |frame| {
            let shown = Instant::now();
            self.found(fanout);
            self.frame(frame, fanout);
            judging = shown.elapsed();
        });
        match next {
            Ok(Next::Frame) => {
                self.time(Stage::Source, asked.elapsed().saturating_sub(judging));
                self.meters.dropped.store(source.dropped_frames(), Relaxed);
            }
            Ok(Next::Waiting) => {
                if let Presence::Seen(last) = self.presence
                    && source.is_live()
                    && last.elapsed() >= STALE
                {
                    self.lost(format!("no frame for {} s", STALE.as_secs()), fanout);
                }
            }
            Ok(Next::Lost { why }) => self.lost(why, fanout),
            Ok(Next::End) => return Ok(false),
            Err(e) if e.is_fatal() => return Err(e.into()),
            Err(e) => self.unreadable(&e, fanout),
        }
        Ok(true)
    }

    /// What was seen until now.
    #[must_use]
    pub fn summary(&self, source: &dyn Source) -> Summary {
        let m = &self.meters;
        let stages = Stage::ALL.into_iter().map(|stage| {
            let times = &self.times[stage as usize];
            (
                stage.name(),
                times.percentile(0.5).zip(times.percentile(0.99)),
            )
        });
        Summary {
            source: source.describe(),
            frames: m.frames.load(Relaxed),
            known: m.known.load(Relaxed),
            unknown: m.unknown.load(Relaxed),
            faults: m.faults.load(Relaxed),
            dropped: source.dropped_frames(),
            stages: stages.collect(),
        }
    }

    fn record_count(&self) -> u64 {
        self.meters.frames.load(Relaxed)
    }

    fn frame(&mut self, frame: &Frame<'_>, fanout: &mut Fanout) {
        let judgement = self.judge.judge(&frame.picture);
        if let Some(time) = judgement.preprocess {
            self.time(Stage::Preprocess, time);
        }
        if let Some(time) = judgement.network {
            self.time(Stage::Model, time);
        }
        self.time(Stage::Gate, judgement.gate);
        self.time(Stage::Total, judgement.total);
        let alarm = judgement.alarm;
        let name = std::mem::take(&mut self.record.name);
        self.fill(judgement, name, frame.name);
        self.record.truth.clone_from(&frame.truth.cloned());
        self.record.captured = frame.captured;
        let age = frame.captured.elapsed();
        self.record.time = SystemTime::now()
            .checked_sub(age)
            .unwrap_or(SystemTime::UNIX_EPOCH);
        fanout.offer(&self.record, Some(frame.picture));
        if let Some(drift) = alarm {
            let alarms = self.meters.count_drift(drift);
            let frame = self.record.frame;
            fanout.status(Status::Drifted {
                drift,
                frame,
                alarms,
            });
        }
    }

    fn unreadable(&mut self, error: &SourceError, fanout: &mut Fanout) {
        let judgement = self.judge.unreadable(crate::error::one_line(error));
        let name = std::mem::take(&mut self.record.name);
        self.fill(judgement, name, "-");
        self.record.truth = None;
        self.record.captured = Instant::now();
        self.record.time = SystemTime::now();
        fanout.offer(&self.record, None);
    }

    fn fill(&mut self, judgement: Judgement, mut name: String, called: &str) {
        name.clear();
        name.push_str(called);
        let record = &mut self.record;
        record.frame = self.meters.frames.load(Relaxed);
        record.name = name;
        record.verdict = judgement.verdict;
        record.committed = judgement.committed;
        record.fault = judgement.fault;
        record.latency = judgement.total;
        record.drift = self.judge.drift();
        self.meters.set_drift(record.drift);
        self.meters.count(&record.verdict, record.fault.is_some());
    }

    fn found(&mut self, fanout: &mut Fanout) {
        if self.presence == Presence::Lost {
            self.meters.source_up.store(true, Relaxed);
            fanout.status(Status::Restored);
        }
        self.presence = Presence::Seen(Instant::now());
    }

    fn lost(&mut self, why: String, fanout: &mut Fanout) {
        if self.presence == Presence::Lost {
            return;
        }
        self.presence = Presence::Lost;
        self.judge.forget();
        self.meters.set_drift(self.judge.drift());
        self.meters.source_up.store(false, Relaxed);
        self.meters.losses.fetch_add(1, Relaxed);
        fanout.status(Status::Lost { why });
    }

    fn swap(&mut self, new: NewModel, fanout: &mut Fanout) {
        self.judge.swap(new);
        let terms = Arc::clone(self.judge.terms());
        self.record.terms = Arc::clone(&terms);
        self.meters.set_terms(Arc::clone(&terms));
        self.meters.set_drift(self.judge.drift());
        self.meters.swaps.fetch_add(1, Relaxed);
        fanout.status(Status::Swapped { terms });
    }

    fn time(&mut self, stage: Stage, time: Duration) {
        self.times[stage as usize].push(time);
        self.meters.time(stage, time);
    }
}
