//! Over a pseudo-terminal, with the implementation for serial ports on both sides of the kernel's line discipline.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use normgate_link::mcu::{Mcu, McuEvent};
use normgate_link::{Clock, Port, Serial, Session, SystemClock, Verdict, Wire};
use normgate_protocol::{Limits, MAX_ENVELOPE};
use serialport::{SerialPort, TTYPort};

use crate::bench::{BAUD, config, judgement, mcu_config};

/// The microcontroller's end: the terminal's master, which has no path to open.
struct Master(TTYPort);

impl Wire for Master {
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> std::io::Result<usize> {
        self.0.set_timeout(wait)?;
        match self.0.read(bytes) {
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(0),
            read => read,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn unsent(&mut self) -> std::io::Result<usize> {
        Ok(0)
    }

    fn reopen(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn name(&self) -> String {
        "pty".to_owned()
    }
}

#[test]
fn verdicts_cross_a_pseudo_terminal() {
    let (master, slave) = TTYPort::pair().unwrap();
    let path = slave.name().unwrap();
    // The session opens it by its path, for itself alone.
    drop(slave);
    let mut config = config();
    // This machine may be slow.
    config.limits = Limits::new(5000, 1000).unwrap();
    let mut mcu_config = mcu_config();
    mcu_config.limits = config.limits;
    let wire = Serial::new(Port::Path(path.clone()), BAUD);
    let mut session = Session::new(wire, config).unwrap();
    let (mut mcu, mut mcu_end) = (Mcu::new(mcu_config), Master(master));
    let clock = SystemClock::new();
    let wait = Duration::from_millis(1);
    let (mut events, mut frames, mut labels) = (Vec::new(), Vec::new(), 0);
    let mut frame = 0;
    while clock.now_ms() < 30_000 && (frames.len() < 100 || labels < 10) {
        let now = clock.now_ms();
        if session.agreed().is_some() && session.statistics().offered == frame {
            let captured_ms = now;
            let judgement = judgement(frame);
            let verdict = Verdict {
                frame,
                captured_ms,
                judgement,
            };
            session.offer(verdict).unwrap();
            frame += 1;
        }
        events.extend(session.poll(now, wait));
        for event in mcu.serve(&mut mcu_end, &clock, wait).unwrap() {
            match event {
                McuEvent::Applied { frame, .. } => frames.push(frame),
                McuEvent::Label { .. } => labels += 1,
                _ => {}
            }
        }
    }
    assert!(
        frames.len() >= 100 && labels == 10,
        "{} frames, {labels} labels, {events:?}",
        frames.len()
    );
    assert!(frames.is_sorted());
    assert_eq!(session.statistics().decoded.bad(), 0);
    assert!(session.statistics().bytes_out > (100 * MAX_ENVELOPE / 2) as u64);
    // The device is pulled out: the line breaks, and is tried again.
    drop(mcu_end);
    let from = clock.now_ms();
    while session.is_open() && clock.now_ms() < from + 10_000 {
        session.poll(clock.now_ms(), wait);
    }
    assert!(!session.is_open());
}

#[test]
fn a_terminal_that_nobody_reads_takes_no_more_and_does_not_block() {
    let (master, slave) = TTYPort::pair().unwrap();
    let path = slave.name().unwrap();
    drop(slave);
    let mut wire = Serial::new(Port::Path(path), BAUD);
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
