//! Hello, agreement, labels and commands.

use normgate_link::mcu::{McuEvent, Output};
use normgate_link::{Ended, Event, Faults, LinkError, Problem, Session, Verdict};
use normgate_protocol::{
    CommandRepr, Judgement, Limits, ModelHash, Policy, Raw, Reason, State, Status,
};

use crate::bench::{BAUD, Bench, config, judgement, mcu_config};

#[test]
fn both_agree_on_the_smaller_limits() {
    let mut bench = Bench::new(Faults::NONE, 1);
    bench.run(40);
    assert_eq!(bench.session.agreed(), Some(Limits::new(200, 50).unwrap()));
    assert_eq!(bench.session.id(), bench.mcu.session());
    assert!(bench.session.id().is_some());
    bench.run(60_000);
    assert_eq!(bench.session.statistics().sessions, 1);
    assert_eq!(bench.session.statistics().decoded.bad(), 0);
    assert_eq!(bench.session.mcu_state(), Some(State::Safe));
}

#[test]
fn labels_arrive_whole_and_in_order() {
    let mut config = config();
    config.labels[3] = "naïve — ".repeat(6);
    config.labels[5] = String::new();
    config.labels[6] = "with a\nbreak".to_owned();
    let mcu = normgate_link::mcu::McuConfig {
        labels: 8,
        ..mcu_config()
    };
    let mut bench = Bench::of(config, mcu, Faults::NONE, 1, [BAUD; 2]);
    bench.run(4000);
    let arrived: Vec<_> = bench
        .mcu_events
        .iter()
        .filter_map(|event| match event {
            McuEvent::Label { index, text } => Some((*index, text.as_str())),
            _ => None,
        })
        .collect();
    let long = "naïve — ".repeat(6);
    let long = normgate_protocol::labels::clip(&long);
    assert_eq!(
        arrived,
        [
            (0, "label 0"),
            (1, "label 1"),
            (2, "label 2"),
            (3, long),
            (4, "label 4"),
            (7, "label 7")
        ]
    );
    let done = Event::Labels {
        sent: 6,
        given_up: 2,
    };
    assert!(bench.events.contains(&done), "{:?}", bench.events);
}

#[test]
fn the_policy_is_set_and_a_hold_holds() {
    let mut config = config();
    config.policy = Some(Policy::new(150, 100).unwrap());
    let mut bench = Bench::of(config, mcu_config(), Faults::NONE, 1, [BAUD; 2]);
    bench.run(40);
    bench.offer(0);
    bench.offer(0);
    bench.run(20);
    assert_eq!(bench.output(), Output::Class(1));
    bench.run(100);
    assert_eq!(bench.output(), Output::Safe);
    bench.offer(0);
    bench.run(20);
    assert_eq!(bench.output(), Output::Class(2));
    bench.session.command(CommandRepr::Hold);
    bench.run(20);
    assert_eq!(bench.output(), Output::Safe);
    bench.stream(1000, 33, 5);
    assert_eq!(bench.session.mcu_state(), Some(State::Held));
    // What the microcontroller forgets, the next session says again.
    let now = bench.now();
    bench.mcu.restart(now);
    bench.stream(1000, 33, 5);
    assert_eq!(bench.session.mcu_state(), Some(State::Held));
    assert_eq!(bench.applied.len(), 2);
    bench.session.command(CommandRepr::Resume);
    bench.stream(1000, 33, 5);
    assert!(bench.applied.len() > 25);
}

#[test]
fn a_policy_that_was_not_agreed_is_refused() {
    let mut bench = Bench::new(Faults::NONE, 1);
    bench.run(40);
    let command = CommandRepr::SetPolicy(Policy::new(5000, 100).unwrap());
    bench.session.command(command);
    bench.run(1000);
    let status = Status::Refused(Reason::Range);
    assert!(bench.events.contains(&Event::Command { command, status }));
    assert!(
        bench
            .events
            .contains(&Event::Problem(Problem::Command(status)))
    );
}

#[test]
fn another_model_is_told_once() {
    let mut mcu = mcu_config();
    mcu.model = Some(ModelHash([0xAB; 32]));
    let mut bench = Bench::of(config(), mcu, Faults::NONE, 1, [BAUD; 2]);
    bench.stream(10_000, 33, 5);
    let problem = Problem::Model {
        mcu: 0xABAB_ABAB,
        host: ModelHash([7; 32]),
    };
    assert_eq!(
        problem.to_string(),
        "the microcontroller serves the model abababab..., not 07070707..."
    );
    let told = bench
        .events
        .iter()
        .filter(|event| **event == Event::Problem(problem.clone()));
    assert_eq!(told.count(), 1);
    assert!(bench.applied.is_empty());
}

#[test]
fn a_microcontroller_that_restarts_gets_a_new_session() {
    let mut bench = Bench::new(Faults::NONE, 1);
    bench.stream(1000, 33, 5);
    let first = bench.session.id();
    let now = bench.now();
    bench.mcu.restart(now);
    assert_eq!(bench.output(), Output::Safe);
    bench.stream(1000, 33, 5);
    assert!(bench.events.contains(&Event::Ended(Ended::Restarted)));
    assert!(bench.session.id().is_some() && bench.session.id() != first);
    assert_eq!(bench.session.id(), bench.mcu.session());
    assert!(bench.applied.len() > 55);
}

#[test]
fn what_cannot_be_said_is_refused_at_once() {
    let mut wrong = config();
    wrong.labels.truncate(1);
    let clock = normgate_link::SimulatedClock::new();
    let (end, _) = normgate_link::wire::loopback::pair(&clock, BAUD);
    assert!(matches!(
        Session::new(end, wrong),
        Err(LinkError::Labels { found: 1 })
    ));
    let mut bench = Bench::new(Faults::NONE, 1);
    let verdict = Verdict {
        frame: 0,
        captured_ms: 0,
        judgement: Judgement::new(9, None, Raw::Unscored).unwrap(),
        drift: false,
    };
    let refused = bench.session.offer(verdict);
    assert!(matches!(
        refused,
        Err(LinkError::VerdictLabels {
            found: 9,
            expected: 10
        })
    ));
    assert_eq!(judgement(1).labels(), 10);
}
