//! What a session does: hello, verdicts, commands.

use std::thread::sleep;
use std::time::Duration;

use normgate_firmware_emulated::world::{Moment, REACTION_MS};
use normgate_firmware_emulated::{Pin, World};
use normgate_link::{Event, SerialSink};
use normgate_protocol::{CommandRepr, Message, Role, State, Status};

use crate::bench::{Bench, CLOSING, OPENING, is_applied, report};

/// GPIO port F, all pins.
const PORT_F_DATA: u32 = 0x4002_53FC;
const PORT_F_DIRECTION: u32 = 0x4002_5400;
const OPEN_BIT: u32 = 1 << 3;
const CLOSED_BIT: u32 = 1 << 1;

#[test]
fn hello_and_each_verdict_drives_its_pin() {
    let mut bench = Bench::new();
    bench.wait("hello without a host", |world| {
        let mut said = world.of(Role::Mcu, 0);
        let is_hello = |message: &Message| matches!(message, Message::Hello(_));
        said.any(|passed| is_hello(&passed.packet.message))
            .then_some(())
    });
    let sink = bench.sink();
    let mut events = Vec::new();
    let has_labels = |event: &Event| matches!(event, Event::Labels { .. });
    bench.wait("a session", |_| sink.snapshot().agreed);
    bench.wait("the labels are through", |_| {
        events.extend(sink.events());
        events.iter().any(has_labels).then_some(())
    });
    assert!(bench.world().is_safe());
    for (class, pin, bits) in [
        (OPENING, Pin::Open, OPEN_BIT),
        (CLOSING, Pin::Closed, CLOSED_BIT),
        (OPENING, Pin::Open, OPEN_BIT),
    ] {
        bench.drive(&sink, class, pin);
        let pins = register_while(&mut bench, &sink, class);
        assert_eq!(
            pins & (OPEN_BIT | CLOSED_BIT),
            bits,
            "as read from the port's register"
        );
    }
    let direction = bench.register(PORT_F_DIRECTION).unwrap();
    assert_eq!(direction, OPEN_BIT | CLOSED_BIT);
    // Unknown: at once, long before the hold time is over.
    bench.drive(&sink, OPENING, Pin::Open);
    let frame = 1 << 40;
    let offer = || {
        sink.offer(&report(frame, None));
        sleep(Duration::from_millis(20));
    };
    let answered = bench.wait_doing("unknown is applied", offer, |world| applied(world, frame));
    let since = bench.world().safe_since().expect("safe");
    assert!(since.all <= answered.all, "{since:?} {answered:?}");
    // Held.
    bench.drive(&sink, OPENING, Pin::Open);
    sink.command(CommandRepr::Hold);
    let held = || {
        sink.offer(&report(0, OPENING));
        sleep(Duration::from_millis(5));
    };
    bench.wait_doing("held", held, |world| {
        let is_held = sink.snapshot().mcu_state == Some(State::Held);
        (is_held && world.is_safe()).then_some(())
    });
    sink.command(CommandRepr::Resume);
    bench.drive(&sink, CLOSING, Pin::Closed);
    // The host closes: safe without waiting for the hold time.
    let from = bench.world().passed.len();
    sink.close();
    let said_safe = bench.wait("the host says safe", |world| {
        let mut said = world.of(Role::Host, from);
        let is_safe = |message: &Message| matches!(message, Message::Heartbeat(beat) if beat.state != State::Active);
        said.find(|passed| is_safe(&passed.packet.message)).map(|passed| passed.at)
    });
    let safe = bench.wait("safe", |world| world.safe_since());
    assert!(
        safe.ran <= said_safe.ran + REACTION_MS,
        "{safe:?} {said_safe:?}"
    );
    bench.finish();
}

/// The pins in the port's register while a class is told.
fn register_while(bench: &mut Bench, sink: &SerialSink, class: Option<u16>) -> u32 {
    for frame in 0.. {
        sink.offer(&report(frame, class));
        sleep(Duration::from_millis(5));
        let pins = bench.register(PORT_F_DATA).unwrap();
        if pins != 0 || frame > 10_000 {
            return pins;
        }
    }
    0
}

/// When the first verdict on a frame that was applied was answered.
fn applied(world: &World, frame: u64) -> Option<Moment> {
    let is_it =
        |message: &Message| matches!(message, Message::Verdict(verdict) if verdict.frame == frame);
    let verdicts: Vec<_> = world
        .of(Role::Host, 0)
        .filter(|passed| is_it(&passed.packet.message))
        .map(|passed| passed.packet.sequence)
        .collect();
    let mut acks = world.of(Role::Mcu, 0);
    let ack = acks.find(|passed| match passed.packet.message {
        Message::Ack(ack) => ack.status == Status::Applied && verdicts.contains(&ack.of),
        _ => false,
    });
    ack.map(|passed| passed.at)
}

#[test]
fn ten_thousand_verdicts_are_acknowledged() {
    let bench = Bench::new();
    let sink = bench.sink();
    let mut frame = 0;
    let offer = || {
        let so_far = sink.snapshot().statistics;
        let answered = so_far.acknowledged + so_far.stale + so_far.refused + so_far.unanswered;
        // The emulated line has no baud rate: what is on its way is kept to what the board's queue holds.
        if so_far.sent < answered + 6 {
            let class = (frame % 10) as u16;
            sink.offer(&report(frame, Some(class).filter(|class| *class != 0)));
            frame += 1;
        }
        sleep(Duration::from_millis(1));
    };
    bench.wait_doing("10,000 verdicts", offer, |_| {
        (sink.snapshot().statistics.acknowledged >= 10_000).then_some(())
    });
    let snapshot = sink.close();
    println!("{}", snapshot.statistics);
    let world = bench.world();
    let applied = world
        .of(Role::Mcu, 0)
        .filter(|passed| is_applied(&passed.packet.message));
    assert!(applied.count() >= 10_000);
    let tells_of_drift =
        |message: &Message| matches!(message, Message::Verdict(verdict) if verdict.drift);
    let drifts = world
        .of(Role::Host, 0)
        .filter(|passed| tells_of_drift(&passed.packet.message));
    assert!(drifts.count() >= 4000, "half of the verdicts");
    // A machine that stands still for 200 ms makes the watchdog bite, which cuts an envelope off on either side.
    let cut_off = world.resets.len() as u32 - 1;
    assert!(world.arrived().bad() <= cut_off && cut_off < 10);
    assert!(snapshot.statistics.decoded.bad() <= cut_off);
    let moved = world.edges.len();
    assert!(moved > 1000, "the gate moved {moved} times");
    drop(world);
    bench.finish();
}
