//! The link on a thread.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use normgate_link::mcu::{Mcu, McuEvent, Output};
use normgate_link::wire::loopback;
use normgate_link::{Clock, Event, Link, Offer, SystemClock, Verdict, Wire};
use normgate_protocol::{Limits, Policy};

use crate::bench::{BAUD, config, judgement, mcu_config};

fn verdict(frame: u64, captured_ms: u64) -> Verdict {
    Verdict {
        frame,
        captured_ms,
        judgement: judgement(frame),
        drift: false,
    }
}

/// A port whose driver hangs until it is released.
struct Hung {
    entered: Sender<()>,
    release: Receiver<()>,
}

impl Wire for Hung {
    fn read(&mut self, _: &mut [u8], _: Duration) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn unsent(&mut self) -> io::Result<usize> {
        Ok(0)
    }

    fn reopen(&mut self) -> io::Result<()> {
        let _ = self.entered.send(());
        let _ = self.release.recv();
        Err(io::ErrorKind::NotFound.into())
    }

    fn name(&self) -> String {
        "hung".to_owned()
    }
}

#[test]
fn a_dead_line_never_stalls_the_caller() {
    let (entered, has_entered) = channel();
    let (let_go, release) = channel();
    let link = Link::spawn(Hung { entered, release }, SystemClock::new(), config()).unwrap();
    has_entered.recv().unwrap();
    // The thread hangs in the driver from here on.
    assert_eq!(link.offer(verdict(0, 0)), Offer::Taken);
    for frame in 1..1000 {
        assert_eq!(link.offer(verdict(frame, 0)), Offer::Replaced);
    }
    assert_eq!(link.snapshot().missed, 999);
    drop(let_go);
    let snapshot = link.close();
    assert_eq!(snapshot.statistics.sent, 0);
    assert_eq!(snapshot.agreed, None);
}

#[test]
fn a_good_line_delivers_and_closing_makes_safe() {
    let clock = SystemClock::new();
    let (host_end, mut mcu_end) = loopback::pair(&clock, BAUD);
    let mut config = config();
    // This machine may be slow.
    config.limits = Limits::new(5000, 1000).unwrap();
    // The output goes to safe for no other reason than those that are looked for.
    config.policy = Some(Policy::new(5000, 10_000).unwrap());
    let mut mcu_config = mcu_config();
    mcu_config.limits = config.limits;
    let link = Link::spawn(host_end, clock, config).unwrap();
    let mut mcu = Mcu::new(mcu_config);
    let (mut frame, mut applied, mut events) = (0, 0, Vec::new());
    while clock.now_ms() < 120_000 && applied < 50 {
        let now = clock.now_ms();
        if now >= 20 * frame {
            link.offer(verdict(frame, now));
            frame += 1;
        }
        let served = mcu.serve(&mut mcu_end, &clock, Duration::from_millis(1));
        let is_applied = |event: &&McuEvent| matches!(event, McuEvent::Applied { .. });
        applied += served.unwrap().iter().filter(is_applied).count();
        events.extend(link.events());
    }
    assert!(applied >= 50, "{applied} of {frame}: {:?}", link.snapshot());
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Agreed { .. }))
    );
    let snapshot = link.close();
    assert!(snapshot.statistics.sent >= 50);
    assert_eq!(snapshot.statistics.offered + snapshot.missed, frame);
    let closed_at = clock.now_ms();
    while mcu.output(clock.now_ms()) != Output::Safe && clock.now_ms() < closed_at + 60_000 {
        let served = mcu.serve(&mut mcu_end, &clock, Duration::from_millis(1));
        // It is told, unless this machine stood still for as long as silence takes.
        let is_lost = served.unwrap().contains(&McuEvent::Lost);
        assert!(!is_lost || clock.now_ms() > closed_at + 2000);
    }
    assert_eq!(mcu.output(clock.now_ms()), Output::Safe);
}
