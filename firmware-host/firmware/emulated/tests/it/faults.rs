//! What goes wrong around the board.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use normgate_firmware::LOST_BYTES;
use normgate_firmware_emulated::world::{Moment, REACTION_MS};
use normgate_firmware_emulated::{Pin, World};
use normgate_link::{Cable, Ended, Event, Faults, Faulty, SystemClock};
use normgate_protocol::{FaultCode, Message, Packet, Role};

use crate::bench::{Bench, OPENING, report};

/// The protocol's.
const HOLD_MS: u64 = 250;
/// Three heartbeats, as agreed.
const SILENCE_MS: u64 = 300;
/// A tick is not over when something happens, and the next is when it is done.
const TICKS: u64 = 2;

fn is_link_lost(message: &Message) -> bool {
    matches!(message, Message::Fault(fault) if fault.code == FaultCode::LinkLost)
}

/// When the host's last verdict arrived, its last packet, and the last packet that the board acknowledged.
fn last_of_host(world: &World) -> (Moment, Moment, Moment) {
    let last = |is_it: &dyn Fn(&Packet) -> bool| {
        let mut host = world.of(Role::Host, 0).rev();
        let found = host.find(|passed| is_it(&passed.packet));
        found.expect("a packet of the host").at
    };
    let mut acks = world.of(Role::Mcu, 0).rev();
    let heard = acks.find_map(|passed| match passed.packet.message {
        Message::Ack(ack) => Some(ack.of),
        _ => None,
    });
    (
        last(&|packet| matches!(packet.message, Message::Verdict(_))),
        last(&|_| true),
        last(&|packet| Some(packet.sequence) == heard),
    )
}

/// After the host has fallen silent: safe in time, and the session ends in time.
fn is_left_alone(bench: &Bench, from: usize) {
    bench.wait("the session ends", |world| {
        let mut said = world.of(Role::Mcu, from);
        said.any(|passed| is_link_lost(&passed.packet.message))
            .then_some(())
    });
    let world = bench.world();
    let (verdict, packet, heard) = last_of_host(&world);
    let safe = world.safe_since().expect("safe");
    assert!(
        safe.ran <= verdict.ran + HOLD_MS + REACTION_MS,
        "verdict {verdict:?}, safe {safe:?}"
    );
    let mut said = world.of(Role::Mcu, from);
    let lost = said.find(|passed| is_link_lost(&passed.packet.message));
    let lost = lost.expect("it was there").at;
    // Not before the time, and not long after it.
    assert!(
        lost.all + TICKS > heard.all + SILENCE_MS,
        "heard {heard:?}, lost {lost:?}"
    );
    assert!(
        lost.ran <= packet.ran + SILENCE_MS + REACTION_MS,
        "packet {packet:?}, lost {lost:?}"
    );
}

#[test]
fn a_host_that_is_killed_leaves_the_gate_safe_in_time() {
    let bench = Bench::new();
    for round in 0..3 {
        let mut host = host(bench.port());
        let from = bench.world().passed.len();
        bench.wait("the gate opens", |world| {
            let acks = world.of(Role::Mcu, from);
            let acks = acks.filter(|passed| matches!(passed.packet.message, Message::Ack(_)));
            (acks.count() > 30 && world.is_high(Pin::Open)).then_some(())
        });
        host.kill().unwrap();
        host.wait().unwrap();
        let from = bench.world().passed.len();
        is_left_alone(&bench, from.saturating_sub(4));
        println!("round {round} at {} ms", bench.world().now.all);
    }
    bench.finish();
}

fn host(port: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host"));
    command.arg(port).stdin(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_cable_that_is_cut_leaves_the_gate_safe_in_time() {
    let bench = Bench::new();
    let wire = Faulty::new(bench.wire(), SystemClock::new(), Faults::NONE, 1);
    let cable = wire.cable();
    let sink = bench.sink_over(wire);
    for _ in 0..3 {
        bench.drive(&sink, OPENING, Pin::Open);
        let from = bench.world().passed.len();
        cable.cut();
        is_left_alone(&bench, from);
        cable.mend();
    }
    bench.finish();
}

#[test]
fn noise_opens_no_gate_and_the_session_goes_on_after_it() {
    let bench = Bench::new();
    let faults = Faults {
        loss: 0.0005,
        flip: 0.0005,
        burst: 0.0005,
        burst_len: 6,
        insert: 0.0005,
        ..Faults::NONE
    };
    let wire = Faulty::new(bench.wire(), SystemClock::new(), faults, 20_260);
    let cable: Cable = wire.cable();
    let sink = bench.sink_over(wire);
    let mut frame = 0;
    let offer = || {
        // Ten frames of the one, ten of the other, ten unknown.
        let class = [Some(1), Some(2), None][(frame / 10 % 3) as usize];
        sink.offer(&report(frame, class));
        frame += 1;
        sleep(Duration::from_millis(3));
    };
    bench.wait_doing("much noise", offer, |world| {
        let enough = sink.snapshot().statistics.acknowledged > 1000;
        (enough && world.arrived().bad() > 200).then_some(())
    });
    let arrived = bench.world().arrived();
    println!("{arrived:?}");
    println!("{}", sink.snapshot().statistics);
    cable.calm();
    bench.drive(&sink, OPENING, Pin::Open);
    bench.finish();
}

#[test]
fn a_reset_of_the_board_is_safe_at_once_and_a_session_follows() {
    let mut bench = Bench::new();
    let sink = bench.sink();
    let mut session = bench.drive(&sink, OPENING, Pin::Open);
    for _ in 0..3 {
        let resets = bench.world().resets.len();
        bench.reset().unwrap();
        let reset = bench.wait("the reset", |world| world.resets.get(resets).copied());
        let before = session;
        let mut frame = 0;
        let offer = || {
            sink.offer(&report(frame, OPENING));
            frame += 1;
            sleep(Duration::from_millis(5));
        };
        session = bench.wait_doing("the gate opens again", offer, |world| {
            let mut said = world.of(Role::Mcu, reset.passed);
            let ack = said.find(|passed| matches!(passed.packet.message, Message::Ack(_)))?;
            world.is_high(Pin::Open).then_some(ack.packet.session)
        });
        assert_ne!(before, session);
        let world = bench.world();
        // Safe with the reset, until a verdict of a session that began after it.
        let mut edges = world.edges.iter().skip(reset.edges);
        assert_eq!(edges.next(), Some(&(reset.at, [false; 2])));
        let (opened, _) = edges.next().expect("it opened");
        let mut verdicts = world.of(Role::Host, reset.passed);
        let verdict = verdicts.find(|passed| {
            passed.packet.session == session && matches!(passed.packet.message, Message::Verdict(_))
        });
        assert!(opened.all >= verdict.expect("a verdict").at.all);
    }
    let restarted = |event: &Event| matches!(event, Event::Ended(Ended::Restarted));
    assert!(sink.events().iter().any(restarted));
    bench.finish();
}

#[test]
fn a_flood_is_counted_and_told() {
    let bench = Bench::new();
    let sink = bench.sink();
    bench.drive(&sink, OPENING, Pin::Open);
    // Another program writes to the port, as fast as it goes.
    let mut port = OpenOptions::new().write(true).open(bench.port()).unwrap();
    let flood = || port.write_all(&[0x55; 4000]).unwrap();
    let lost = bench.wait_doing("lost bytes are told", flood, |world| {
        let mut said = world.of(Role::Mcu, 0);
        said.find_map(|passed| match &passed.packet.message {
            Message::Fault(fault) if fault.code == FaultCode::Private(LOST_BYTES) => {
                Some(fault.detail)
            }
            _ => None,
        })
    });
    println!("{lost} bytes lost");
    assert!(lost > 0);
    bench.drive(&sink, OPENING, Pin::Open);
    bench.finish();
}
