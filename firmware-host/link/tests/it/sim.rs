//! The simulator: what a person sees who has no microcontroller.

use std::time::Duration;

use normgate_link::mcu::{Pins, Simulator};
use normgate_link::wire::loopback;
use normgate_link::{Clock, Session, SimulatedClock, Verdict};
use normgate_protocol::{CommandRepr, Judgement, Raw};

use crate::bench::{BAUD, config, mcu_config};

#[test]
fn each_change_is_a_line() {
    let clock = SimulatedClock::new();
    let (host_end, mcu_end) = loopback::pair(&clock, BAUD);
    let mut config = config();
    config.labels = vec!["cat".to_owned(), "dog".to_owned()];
    let mut session = Session::new(host_end, config).unwrap();
    let mut simulator = Simulator::new(mcu_end, clock.clone(), mcu_config(), Some(vec![1]));
    let mut lines = Vec::new();
    let mut run = |session: &mut Session<_>, simulator: &mut Simulator<_, _>, ms| {
        for _ in 0..ms {
            clock.advance(1);
            session.poll(clock.now_ms(), Duration::ZERO);
            for line in simulator.step(Duration::ZERO).unwrap() {
                // The time in front is another matter.
                lines.push(line.trim_start().split_once(' ').unwrap().1.to_owned());
            }
        }
        clock.now_ms()
    };
    let mut now = run(&mut session, &mut simulator, 200);
    assert_eq!(simulator.pins(), Pins::Safe);
    let said = [
        (Some(1), Raw::of(7.5, 6.25), Pins::Open),
        (Some(0), Raw::of(7.0, 6.25), Pins::Closed),
        (None, Raw::of(5.0, 6.25), Pins::Safe),
        (Some(1), Raw::of(8.0, 6.25), Pins::Open),
    ];
    for (frame, (class, raw, pins)) in (0..).zip(said) {
        let judgement = Judgement::new(2, class, raw).unwrap();
        session
            .offer(Verdict {
                frame,
                captured_ms: now,
                judgement,
                drift: frame == 1,
            })
            .unwrap();
        now = run(&mut session, &mut simulator, 20);
        assert_eq!(simulator.pins(), pins);
    }
    run(&mut session, &mut simulator, 300);
    session.command(CommandRepr::Hold);
    run(&mut session, &mut simulator, 100);
    simulator.restart();
    run(&mut session, &mut simulator, 20);
    let number = |line: &String| match line.split_once("session ") {
        Some((before, after)) if after.ends_with("begins") => format!("{before}session N begins"),
        _ => line.clone(),
    };
    let lines: Vec<_> = lines.iter().map(number).collect();
    assert_eq!(
        lines[..11],
        [
            "safe   started, no session",
            "safe   session N begins",
            "safe   session N begins",
            "safe   label 0 \"cat\"",
            "safe   label 1 \"dog\"",
            "open   frame 0: class 1 \"dog\", score 7.5 >= 6.25",
            "closed frame 1: class 0 \"cat\", score 7 >= 6.25",
            "closed drift alarm",
            "safe   frame 2: unknown, score 5 < 6.25",
            "safe   no drift alarm",
            "open   frame 3: class 1 \"dog\", score 8 >= 6.25",
        ]
    );
    assert_eq!(lines[11], "safe   no fresh verdict");
    assert_eq!(lines[12], "safe   session N begins");
}
