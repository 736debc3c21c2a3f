use std::vec::Vec;

use normgate_protocol::{FaultCode, FaultRepr, Message};

use super::bench::{Bench, IDLE_MS};
use crate::LOST_BYTES;

fn faults(bench: &Bench) -> Vec<FaultRepr> {
    let said = bench.said.iter();
    said.filter_map(|message| match message {
        Message::Fault(fault) => Some(*fault),
        _ => None,
    })
    .collect()
}

#[test]
fn classes_drive_their_pins_until_the_hold_time() {
    let mut bench = Bench::new(None);
    bench.hello();
    for (class, pins) in [
        (Some(1), [true, false]),
        (Some(2), [false, true]),
        (None, [false; 2]),
        (Some(1), [true, false]),
    ] {
        // An alarm of drift is no news for a pin.
        for drift in [false, true] {
            bench.drift = drift;
            bench.verdict(class);
            assert_eq!(bench.pins(), pins);
        }
    }
    bench.run(239);
    assert_eq!(bench.pins(), [true, false]);
    bench.run(4);
    assert_eq!(bench.pins(), [false; 2]);
    assert_eq!(faults(&bench), []);
}

#[test]
fn the_watchdog_is_fed_only_while_the_idle_loop_turns() {
    let mut bench = Bench::new(None);
    bench.hello();
    bench.run(50);
    assert_eq!(u64::from(*bench.fed.borrow()), bench.now);
    bench.hang(IDLE_MS);
    assert_eq!(u64::from(*bench.fed.borrow()), bench.now);
    let fed = *bench.fed.borrow();
    bench.hang(500);
    assert_eq!(*bench.fed.borrow(), fed);
    bench.run(1);
    assert_eq!(*bench.fed.borrow(), fed + 1);
}

#[test]
fn the_host_is_told_once_that_the_watchdog_bit() {
    let mut bench = Bench::new(Some(0x28));
    bench.run(1000);
    assert_eq!(faults(&bench), []);
    bench.hello();
    bench.run(50);
    let code = FaultCode::Watchdog;
    assert_eq!(faults(&bench), [FaultRepr { code, detail: 0x28 }]);
}

#[test]
fn lost_bytes_are_told_twice_a_second_at_most() {
    let mut bench = Bench::new(None);
    bench.lost = 3;
    bench.run(100);
    // To nobody.
    assert_eq!(faults(&bench), []);
    bench.hello();
    let code = FaultCode::Private(LOST_BYTES);
    assert_eq!(faults(&bench), [FaultRepr { code, detail: 3 }]);
    for _ in 0..250 {
        bench.lost += 1;
        bench.run(1);
    }
    assert_eq!(faults(&bench).len(), 1);
    bench.hello();
    bench.run(250);
    bench.hello();
    bench.run(10);
    let told = faults(&bench);
    assert!(told.contains(&FaultRepr { code, detail: 253 }), "{told:?}");
}

#[test]
fn a_stuck_pin_is_told_and_ends_in_safe() {
    let mut bench = Bench::new(None);
    bench.hello();
    *bench.open_is_stuck.borrow_mut() = true;
    bench.verdict(Some(1));
    let code = FaultCode::Output;
    assert_eq!(faults(&bench), [FaultRepr { code, detail: 1 }]);
    *bench.open_is_stuck.borrow_mut() = false;
    bench.verdict(Some(2));
    assert_eq!(bench.pins(), [false; 2]);
    assert_eq!(faults(&bench).len(), 1);
}
