//! A board and a host on one line.

use std::env;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use normgate_firmware::product::{BAUD, OPENS};
use normgate_firmware_emulated::{Board, Pin};
use normgate_link::{Config, Port, Report, Serial, SerialSink, Wire};
use normgate_protocol::{Limits, Message, ModelHash, Role, SessionId, Status};

/// Class 1 opens the gate, class 2 closes it.
pub(crate) const OPENING: Option<u16> = Some(1);
pub(crate) const CLOSING: Option<u16> = Some(2);

/// The image of this name.
pub(crate) fn of(name: &str) -> PathBuf {
    let folder = env::var_os("NORMGATE_FIRMWARE");
    let folder = folder.expect("NORMGATE_FIRMWARE: scripts/test-firmware sets it, and runs this");
    PathBuf::from(folder).join(name)
}

/// The firmware without a display.
pub(crate) fn image() -> PathBuf {
    of("gate")
}

/// The firmware that draws into memory.
pub(crate) fn panel_image() -> PathBuf {
    of("panel")
}

pub(crate) fn config() -> Config {
    let labels = (0..10).map(|n| format!("label {n}")).collect();
    let mut config = Config::new(ModelHash([7; 32]), labels);
    // As slow as the firmware allows: this machine may stand still for a while.
    config.limits = Limits::new(500, 100).unwrap();
    config
}

pub(crate) fn report(frame: u64, class: Option<u16>) -> Report {
    Report {
        frame,
        class,
        score: Some(if class.is_some() { 7.5 } else { 5.0 }),
        threshold: Some(6.25),
        // Of no account for any pin.
        drift: frame % 2 == 1,
        age: Duration::from_millis(3),
    }
}

/// A verdict was applied.
pub(crate) fn is_applied(message: &Message) -> bool {
    matches!(message, Message::Ack(ack) if ack.status == Status::Applied)
}

/// A board that is on; at the end of its test it is asked whether anything was wrong.
pub(crate) struct Bench(Board);

impl Bench {
    pub(crate) fn new() -> Self {
        Self::of(&image())
    }

    pub(crate) fn of(image: &Path) -> Self {
        Self(Board::start(image, OPENS).unwrap())
    }

    pub(crate) fn wire(&self) -> Serial {
        Serial::new(Port::Path(self.port().to_owned()), BAUD)
    }

    pub(crate) fn sink(&self) -> SerialSink {
        self.sink_over(self.wire())
    }

    pub(crate) fn sink_over(&self, wire: impl Wire + Send + 'static) -> SerialSink {
        SerialSink::over(wire, config()).unwrap()
    }

    /// Says a class, frame after frame, until its pin is high. Gives the session.
    pub(crate) fn drive(&self, sink: &SerialSink, class: Option<u16>, pin: Pin) -> SessionId {
        let mut frame = 0;
        let offer = || {
            sink.offer(&report(frame, class));
            frame += 1;
            sleep(Duration::from_millis(5));
        };
        self.wait_doing("the gate follows", offer, |world| {
            let mut acks = world.of(Role::Mcu, 0).rev();
            let ack = acks.find(|passed| is_applied(&passed.packet.message))?;
            world.is_high(pin).then_some(ack.packet.session)
        })
    }

    /// Ends the test: nothing was wrong, and the stack had room.
    pub(crate) fn finish(mut self) {
        let (mut used, mut beyond) = self.used().unwrap();
        // Where the machine stood still for so long that the watchdog has just bitten.
        while used == 0 {
            sleep(Duration::from_millis(10));
            (used, beyond) = self.used().unwrap();
        }
        let (stack, ram) = (self.image().stack, self.image().ram());
        println!("stack: {used} bytes used of {stack}, RAM with variables {ram}");
        assert_eq!(beyond, 0, "bytes beyond the RAM that is stated");
        assert!(
            used * 4 <= stack as usize * 3,
            "{used} of {stack} bytes of stack"
        );
        let world = self.world();
        assert_eq!(world.wrongs, Vec::<String>::new());
        assert!(world.now.ran > 0 && !world.passed.is_empty());
    }
}

impl Deref for Bench {
    type Target = Board;

    fn deref(&self) -> &Board {
        &self.0
    }
}

impl DerefMut for Bench {
    fn deref_mut(&mut self) -> &mut Board {
        &mut self.0
    }
}
