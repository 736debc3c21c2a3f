//! Over a pseudo-terminal, with the implementation for serial ports on both sides of the kernel's line discipline.

use std::collections::BTreeSet;
use std::time::Duration;

use normgate_link::mcu::{Mcu, McuEvent};
use normgate_link::{Clock, Port, Pty, Serial, Session, SystemClock, Verdict, Wire};
use normgate_protocol::{Limits, MAX_ENVELOPE};

use crate::bench::{BAUD, config, judgement, mcu_config};

#[test]
fn verdicts_cross_a_pseudo_terminal() {
    let mut mcu_end = Pty::new(BAUD).unwrap();
    let path = mcu_end.path().to_owned();
    let mut config = config();
    // This machine may be slow.
    config.limits = Limits::new(5000, 1000).unwrap();
    let mut mcu_config = mcu_config();
    mcu_config.limits = config.limits;
    let wire = Serial::new(Port::Path(path.clone()), BAUD);
    let mut session = Session::new(wire, config).unwrap();
    let mut mcu = Mcu::new(mcu_config);
    let clock = SystemClock::new();
    let wait = Duration::from_millis(1);
    let (mut events, mut frames) = (Vec::new(), Vec::new());
    // A machine that stands still for seconds ends the session; the next one tells the labels again.
    let mut labels = BTreeSet::new();
    let mut frame = 0;
    while clock.now_ms() < 120_000 && (frames.len() < 100 || labels.len() < 10) {
        let now = clock.now_ms();
        if session.agreed().is_some() && session.statistics().offered == frame {
            let captured_ms = now;
            let judgement = judgement(frame);
            let verdict = Verdict {
                frame,
                captured_ms,
                judgement,
                drift: false,
            };
            session.offer(verdict).unwrap();
            frame += 1;
        }
        events.extend(session.poll(now, wait));
        for event in mcu.serve(&mut mcu_end, &clock, wait).unwrap() {
            match event {
                McuEvent::Applied { frame, .. } => frames.push(frame),
                McuEvent::Label { index, .. } => drop(labels.insert(index)),
                _ => {}
            }
        }
    }
    assert!(
        frames.len() >= 100 && labels.len() == 10,
        "{} frames, {labels:?} labels, {events:?}",
        frames.len()
    );
    assert!(frames.is_sorted());
    assert_eq!(session.statistics().decoded.bad(), 0);
    assert!(session.statistics().bytes_out > (100 * MAX_ENVELOPE / 2) as u64);
    // The device is pulled out: the line breaks, and is tried again.
    drop(mcu_end);
    let from = clock.now_ms();
    while session.is_open() && clock.now_ms() < from + 60_000 {
        session.poll(clock.now_ms(), wait);
    }
    assert!(!session.is_open());
}

#[test]
fn a_terminal_that_nobody_reads_takes_no_more_and_does_not_block() {
    let master = Pty::new(BAUD).unwrap();
    let mut wire = Serial::new(Port::Path(master.path().to_owned()), BAUD);
    wire.reopen().unwrap();
    let envelope = [0x55; 51];
    let mut taken = 0;
    loop {
        match wire.write(&envelope).unwrap() {
            0 => break,
            count => taken += count,
        }
        assert!(taken < 1 << 24, "it takes everything");
    }
    assert!(taken > 1000);
    drop(master);
    assert!(wire.write(&envelope).is_err());
}
