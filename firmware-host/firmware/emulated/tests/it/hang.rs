//! The firmware hangs: the watchdog resets it.

use std::thread::sleep;
use std::time::Duration;

use normgate_firmware::product::{IDLE_MS, WATCHDOG_MS};
use normgate_firmware_emulated::Pin;
use normgate_firmware_emulated::world::Moment;

use crate::bench::{Bench, OPENING};

/// An endless loop in the image: what an interrupt without a handler ends in.
const LOOP: &str = "DefaultHandler_";
/// One tick for what happens between two, one for what is done in the next.
const TICKS: u64 = 2;

/// Sets the program counter on an endless loop, at once or in a function; gives the board's time then, and that of
/// the reset.
fn hang(bench: &mut Bench, within: Option<&str>) -> (Moment, Moment) {
    let resets = bench.world().resets.len();
    let bites = bench.bites().unwrap();
    let (endless, _) = bench.image().symbol(LOOP).unwrap();
    let mut debugger = bench.debugger().unwrap();
    if let Some(name) = within {
        let (address, _) = bench.image().symbol(name).unwrap();
        debugger.run_to(address as u32 & !1).unwrap();
    }
    debugger.jump(endless as u32).unwrap();
    let hung = bench.world().now;
    debugger.go().unwrap();
    let reset = bench.wait("the watchdog bites", |world| {
        world.resets.get(resets).map(|reset| reset.at)
    });
    // The emulator tells of it, at most once a second.
    for _ in 0..1000 {
        if bench.bites().unwrap() > bites {
            return (hung, reset);
        }
        sleep(Duration::from_millis(10));
    }
    panic!("a reset, and not by the watchdog");
}

#[test]
fn a_hang_in_the_rules_ends_in_a_reset() {
    let mut bench = Bench::new();
    let sink = bench.sink();
    for _ in 0..2 {
        bench.drive(&sink, OPENING, Pin::Open);
        let (hung, reset) = hang(&mut bench, Some("TIMER0A"));
        let limit = 2 * u64::from(WATCHDOG_MS) + TICKS;
        assert!(reset.all <= hung.all + limit, "{hung:?}, {reset:?}");
        // Nothing else put the gate to safe: it hung with the pin high.
        let edges = bench.world().edges.clone();
        let closed = edges.iter().find(|(time, _)| time.all > hung.all);
        assert_eq!(closed, Some(&(reset, [false; 2])));
    }
    bench.drive(&sink, OPENING, Pin::Open);
    bench.finish();
}

#[test]
fn a_hang_of_the_idle_loop_ends_in_a_reset_and_delays_no_pin() {
    let mut bench = Bench::new();
    let sink = bench.sink();
    bench.drive(&sink, OPENING, Pin::Open);
    let (hung, reset) = hang(&mut bench, None);
    let limit = IDLE_MS + 2 * u64::from(WATCHDOG_MS) + TICKS;
    assert!(reset.all <= hung.all + limit, "{hung:?}, {reset:?}");
    bench.drive(&sink, OPENING, Pin::Open);
    bench.finish();
}
