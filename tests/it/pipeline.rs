//! The loop, with sources and rulers that a test scripts.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use normgate::frame::OwnedFrame;
use normgate::pipeline::{Control, Judge, NewModel, Order, PipelineError, Successor, Swapper};
use normgate::sink::Status;
use normgate::source::SourceError;
use normgate_core::{CommitPolicy, Committed, Verdict};

use crate::script::{Run, Step, Told, run_judge};
use crate::support::{MODELS, demo_frames, model, model_path};

fn run(
    steps: impl IntoIterator<Item = Step>,
    live: bool,
    policy: CommitPolicy,
    control: &mut dyn Control,
) -> Run {
    let judge = Judge::new(model(MODELS[0]), policy).unwrap();
    run_judge(judge, steps, live, control, |_| Vec::new())
}

pub(crate) fn successor(labels: Vec<String>) -> Successor {
    Successor {
        threads: normgate::model::Threads::ONE,
        labels,
        reject_rate: None,
        drift: None,
    }
}

fn two_of_three() -> CommitPolicy {
    CommitPolicy::new(2, 3).unwrap()
}

/// A sample frame that the model knows.
fn known_frame() -> OwnedFrame {
    let mut judge = Judge::new(model(MODELS[0]), CommitPolicy::IMMEDIATE).unwrap();
    demo_frames()
        .into_iter()
        .find(|frame| judge.judge(&frame.picture.view()).verdict.is_known())
        .unwrap()
}

#[test]
fn a_run_begins_and_ends_and_its_summary_adds_up() {
    let frames = demo_frames();
    let count = frames.len() as u64;
    let run = run(
        frames.into_iter().map(Step::Frame),
        false,
        CommitPolicy::IMMEDIATE,
        &mut (),
    );
    run.ended.as_ref().unwrap();
    assert!(matches!(
        run.told.first(),
        Some(Told::Status(Status::Started { .. }))
    ));
    assert_eq!(
        run.told.last(),
        Some(&Told::Status(Status::Ended(run.summary.clone())))
    );
    let known = run
        .records()
        .iter()
        .filter(|r| r.verdict.is_known())
        .count() as u64;
    assert_eq!(
        (
            run.summary.frames,
            run.summary.known,
            run.summary.unknown,
            run.summary.faults
        ),
        (count, known, count - known, 0)
    );
    assert!(run.summary.stages.iter().all(|(_, times)| times.is_some()));
}

#[test]
fn a_frame_that_cannot_be_read_or_decoded_is_unknown_and_the_loop_goes_on() {
    let steps = [
        Step::Frame(known_frame()),
        Step::Unreadable,
        Step::Damaged,
        Step::Frame(known_frame()),
    ];
    let run = run(steps, false, CommitPolicy::IMMEDIATE, &mut ());
    run.ended.as_ref().unwrap();
    let records = run.records();
    let known: Vec<_> = records.iter().map(|r| r.verdict.is_known()).collect();
    assert_eq!(known, [true, false, false, true]);
    for record in &records[1..3] {
        assert_eq!(record.verdict, Verdict::UNSCORED);
        assert_eq!(record.committed, Committed::Unknown);
        assert!(
            record.fault.as_ref().is_some_and(|why| !why.contains('\n')),
            "{record:?}"
        );
    }
    assert!(records[1].fault.as_ref().unwrap().contains("1 of 2 bytes"));
    assert_eq!(records[3].fault, None);
    assert_eq!(run.summary.faults, 2);
}

#[test]
fn a_lost_source_is_told_once_and_nothing_stays_committed() {
    let frame = || Step::Frame(known_frame());
    let steps = [
        frame(),
        frame(),
        Step::Lost("unplugged"),
        Step::Lost("still away"),
        frame(),
        frame(),
    ];
    let run = run(steps, true, two_of_three(), &mut ());
    let committed: Vec<_> = run
        .records()
        .iter()
        .map(|r| r.committed_label().is_some())
        .collect();
    assert_eq!(committed, [false, true, false, true]);
    assert_eq!(run.statuses(), ["lost", "restored"]);
    assert!(run.told.contains(&Told::Status(Status::Lost {
        why: "unplugged".into()
    })));
    assert_eq!(run.meters.losses.load(Relaxed), 1);
}

#[test]
fn a_live_source_that_falls_silent_is_lost_and_a_file_is_not() {
    for (live, statuses) in [(true, vec!["lost", "restored"]), (false, vec![])] {
        let silence = (0..60).map(|_| Step::Waiting);
        let steps = [Step::Frame(known_frame())]
            .into_iter()
            .chain(silence)
            .chain([Step::Frame(known_frame())]);
        assert_eq!(
            run(steps, live, two_of_three(), &mut ()).statuses(),
            statuses
        );
    }
}

#[test]
fn a_dead_source_ends_the_loop_with_its_error_and_a_summary() {
    let run = run(
        [Step::Frame(known_frame()), Step::Dead],
        true,
        two_of_three(),
        &mut (),
    );
    assert!(matches!(
        run.ended,
        Err(PipelineError::Source(SourceError::Terminal))
    ));
    assert_eq!(run.summary.frames, 1);
    assert!(!run.meters.source_up.load(Relaxed));
    assert!(matches!(
        run.told.last(),
        Some(Told::Status(Status::Ended(_)))
    ));
}

/// Gives its orders one a turn, then lets the loop go on.
pub(crate) struct Orders(pub(crate) VecDeque<Order>);

impl Control for Orders {
    fn turn(&mut self) -> Order {
        self.0.pop_front().unwrap_or(Order::GoOn)
    }
}

#[test]
fn an_order_to_stop_ends_the_loop_before_the_next_frame() {
    let mut orders = Orders([Order::GoOn, Order::Stop].into());
    let frames = (0..3).map(|_| Step::Frame(known_frame()));
    let run = run(frames, true, two_of_three(), &mut orders);
    run.ended.as_ref().unwrap();
    assert_eq!(run.records().len(), 1);
}

#[test]
fn a_swapped_model_judges_the_next_frame_and_commits_afresh() {
    let labels = model(MODELS[0]).description().labels.clone();
    let new = NewModel::load(&model_path(MODELS[1]), &successor(labels));
    let mut orders = Orders(
        [
            Order::GoOn,
            Order::GoOn,
            Order::Swap(Box::new(new.unwrap())),
            Order::Refuse("no".into()),
        ]
        .into(),
    );
    let frames = demo_frames();
    let steps = [
        frames[0].clone(),
        frames[0].clone(),
        frames[0].clone(),
        frames[0].clone(),
    ];
    let run = run(steps.map(Step::Frame), true, two_of_three(), &mut orders);
    assert_eq!(run.statuses(), ["swapped", "refused"]);
    let mut alone = Judge::new(model(MODELS[1]), CommitPolicy::IMMEDIATE).unwrap();
    let expected = alone.judge(&frames[0].picture.view()).verdict;
    let records = run.records();
    assert!(records[1].terms.model.contains("resnet8"));
    assert!(records[2].terms.model.contains("resnet20"));
    assert_eq!(records[2].verdict, expected);
    assert_eq!(records[2].committed, Committed::Unknown);
    assert_eq!(
        (
            run.meters.swaps.load(Relaxed),
            run.meters.swaps_refused.load(Relaxed)
        ),
        (1, 1)
    );
    assert!(run.meters.terms().model.contains("resnet20"));
}

#[test]
fn a_model_with_other_labels_or_without_a_threshold_takes_no_place() {
    let mut labels = model(MODELS[0]).description().labels.clone();
    labels[3] = "tiger".into();
    let path = model_path(MODELS[1]);
    let why = NewModel::load(&path, &successor(labels.clone())).unwrap_err();
    assert!(
        why.contains("label 3 is \"cat\"") && why.contains("\"tiger\""),
        "{why}"
    );
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.onnx");
    std::fs::write(&broken, b"not a model").unwrap();
    let why = NewModel::load(&broken, &successor(labels)).unwrap_err();
    assert!(why.contains("broken.onnx") && !why.contains('\n'), "{why}");
}

/// Waits for what a swapper's thread has to say.
fn told_by(swapper: &Swapper) -> Result<NewModel, String> {
    for _ in 0..1200 {
        if let Some(told) = swapper.poll() {
            return told;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing told in a minute");
}

#[test]
fn a_watched_file_is_read_when_it_changes_and_any_file_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::copy(model_path(MODELS[0]), &path).unwrap();
    let labels = model(MODELS[0]).description().labels.clone();
    let spawn = |watch| Swapper::spawn(path.clone(), successor(labels.clone()), watch).unwrap();
    let (asked, watching) = (spawn(false), spawn(true));
    asked.request();
    assert!(told_by(&asked).is_ok());
    assert!(watching.poll().is_none());

    std::fs::write(&path, b"half a mod").unwrap();
    assert!(told_by(&watching).unwrap_err().contains("model.onnx"));
    let next = folder.path().join("next");
    std::fs::copy(model_path(MODELS[1]), &next).unwrap();
    std::fs::rename(&next, &path).unwrap();
    assert!(told_by(&watching).is_ok());
    assert!(asked.poll().is_none());
}
