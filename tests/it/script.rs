//! A loop over what a test scripts, and all that it told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use normgate::frame::{Frame, OwnedFrame};
use normgate::pipeline::{Control, Judge, Pipeline, PipelineError};
use normgate::sink::{Event, Fanout, Meters, Record, Sink, SinkError, Status, Summary, Wait};
use normgate::source::{Next, Source, SourceError};

use crate::support::demo_frames;

/// What a scripted source does at each call.
pub(crate) enum Step {
    Frame(OwnedFrame),
    /// A frame whose bytes are no JPEG.
    Damaged,
    Waiting,
    Lost(&'static str),
    Unreadable,
    Dead,
}

pub(crate) struct Script {
    pub(crate) steps: VecDeque<Step>,
    pub(crate) live: bool,
}

impl Source for Script {
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        use normgate::frame::{ColorSpace, Picture, PixelFormat};
        match self.steps.pop_front() {
            None => Ok(Next::End),
            Some(Step::Frame(frame)) => {
                visit(&frame.view());
                Ok(Next::Frame)
            }
            Some(Step::Damaged) => {
                let frame = demo_frames().remove(0);
                let jpeg = [0xff, 0xd8, 0xff];
                let color = ColorSpace::default();
                let picture = Picture::new(PixelFormat::Jpeg, color, (32, 32), 0, &jpeg).unwrap();
                visit(&Frame {
                    picture,
                    ..frame.view()
                });
                Ok(Next::Frame)
            }
            Some(Step::Waiting) => {
                std::thread::sleep(Duration::from_millis(50));
                Ok(Next::Waiting)
            }
            Some(Step::Lost(why)) => Ok(Next::Lost { why: why.into() }),
            Some(Step::Unreadable) => Err(SourceError::Truncated {
                name: "script".into(),
                id: 0,
                found: 1,
                expected: 2,
            }),
            Some(Step::Dead) => Err(SourceError::Terminal),
        }
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn describe(&self) -> String {
        "script".into()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    Record(Record),
    Status(Status),
}

/// Keeps what it is told.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<Told>>>);

impl Sink for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), SinkError> {
        let told = match event {
            Event::Record(record, _) => Told::Record(record.clone()),
            Event::Status(status) => Told::Status(status.clone()),
        };
        self.0.lock().unwrap().push(told);
        Ok(())
    }

    fn is_lossless(&self) -> bool {
        true
    }
}

pub(crate) struct Run {
    pub(crate) ended: Result<(), PipelineError>,
    pub(crate) told: Vec<Told>,
    pub(crate) summary: Summary,
    pub(crate) meters: Arc<Meters>,
}

impl Run {
    pub(crate) fn records(&self) -> Vec<&Record> {
        self.told
            .iter()
            .filter_map(|told| match told {
                Told::Record(record) => Some(record),
                Told::Status(_) => None,
            })
            .collect()
    }

    /// The statuses between start and end, by their JSON names.
    pub(crate) fn statuses(&self) -> Vec<&'static str> {
        self.told
            .iter()
            .filter_map(|told| match told {
                Told::Record(_) => None,
                Told::Status(Status::Lost { .. }) => Some("lost"),
                Told::Status(Status::Restored) => Some("restored"),
                Told::Status(Status::Swapped { .. }) => Some("swapped"),
                Told::Status(Status::SwapRefused { .. }) => Some("refused"),
                Told::Status(Status::Drifted { .. }) => Some("drifted"),
                Told::Status(_) => None,
            })
            .collect()
    }
}

/// Judges what a script shows, and tells the memory and what `sinks` makes.
pub(crate) fn run_judge(
    judge: Judge,
    steps: impl IntoIterator<Item = Step>,
    live: bool,
    control: &mut dyn Control,
    sinks: impl FnOnce(&Arc<Meters>) -> Vec<Box<dyn Sink>>,
) -> Run {
    let meters = Arc::new(Meters::new(Arc::clone(judge.terms())));
    let memory = Memory::default();
    let mut fanout = Fanout::new(Arc::clone(&meters)).with_wait(Wait::Always);
    fanout.add(Box::new(memory.clone()), 64).unwrap();
    for sink in sinks(&meters) {
        fanout.add(sink, 64).unwrap();
    }
    let mut pipeline = Pipeline::new(judge, Arc::clone(&meters));
    let mut source = Script {
        steps: steps.into_iter().collect(),
        live,
    };
    let ended = pipeline.run(&mut source, &mut fanout, control, None);
    let summary = pipeline.summary(&source);
    fanout.finish(summary.clone(), Duration::from_secs(60));
    let told = std::mem::take(&mut *memory.0.lock().unwrap());
    Run {
        ended,
        told,
        summary,
        meters,
    }
}
