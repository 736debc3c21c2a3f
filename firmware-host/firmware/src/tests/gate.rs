use std::rc::Rc;
use std::vec::Vec;

use normgate_mcu::Pins;

use super::bench::{Log, Pin};
use crate::Gate;

#[test]
fn the_one_goes_low_before_the_other_goes_high() {
    let log = Log::default();
    let mut gate = Gate::new(Pin::new("open", &log), Pin::new("closed", &log));
    let all = [Pins::Safe, Pins::Open, Pins::Closed];
    let mut levels = [false; 2];
    for (before, after) in all.iter().flat_map(|pins| all.map(|after| (*pins, after))) {
        for pins in [before, after] {
            gate.drive(pins).unwrap();
            for (name, high) in log.borrow_mut().drain(..) {
                levels[usize::from(name == "closed")] = high;
                assert_ne!(levels, [true; 2], "{before:?} to {after:?}");
            }
            assert_eq!(levels, [pins == Pins::Open, pins == Pins::Closed]);
        }
    }
}

#[test]
fn a_pin_that_fails_leaves_both_low() {
    let log = Log::default();
    let open = Pin::new("open", &log);
    let is_stuck = Rc::clone(&open.is_stuck);
    let mut gate = Gate::new(open, Pin::new("closed", &log));
    gate.drive(Pins::Closed).unwrap();
    *is_stuck.borrow_mut() = true;
    gate.drive(Pins::Open).unwrap_err();
    let done: Vec<_> = log.borrow().iter().rev().take(2).copied().collect();
    assert_eq!(done, [("closed", false), ("open", false)]);
}
