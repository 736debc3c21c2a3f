use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};
use std::{fs, mem};

use serde_json::json;
use tempfile::TempDir;

use crate::debugger::Debugger;
use crate::image::Image;
use crate::qmp::Qmp;
use crate::trace::Hardware;
use crate::world::World;

/// RAM of the emulated board: the real one has the half of it.
const RAM: (u32, usize) = (0x2000_0000, 64 * 1024);
/// What the RAM holds before the program runs.
const PAINT: u8 = 0xA5;
/// How long a machine may take for anything.
const PATIENCE: Duration = Duration::from_secs(300);

/// The emulated board with a program, and its line as a pseudo-terminal. Dropping it switches it off.
#[derive(Debug)]
pub struct Board {
    qemu: Child,
    reader: Option<JoinHandle<()>>,
    world: Arc<Mutex<World>>,
    qmp: Qmp,
    port: String,
    image: Image,
    folder: TempDir,
}

impl Board {
    /// Switches a board on. Its RAM, but for the variables, is painted, also at each reset. `opens`: classes that open its gate.
    ///
    /// # Errors
    /// The emulator is not there or does not start.
    pub fn start(image: &Path, opens: &[u16]) -> io::Result<Self> {
        let image = Image::read(image)?;
        let folder = tempfile::tempdir()?;
        let painted = [(0, image.stack as usize), (beyond(&image), RAM.1)];
        let at = |name: &str| folder.path().join(name).display().to_string();
        let mut command = Command::new("qemu-system-arm");
        // The peripherals of the LM3S6965 are those of the TM4C123 as far as the firmware uses them.
        command.args(["-M", "lm3s6965evb", "-cpu", "cortex-m4"]);
        // 32 ns an instruction, which is slower than the real processor. The board's time is that of its instructions, and
        // while it sleeps the machine's.
        command.args(["-icount", "shift=5", "-display", "none", "-monitor", "none"]);
        command.arg("-kernel").arg(&image.path);
        for (from, to) in painted {
            let paint = at(&format!("paint{from}"));
            fs::write(&paint, vec![PAINT; to - from])?;
            let address = RAM.0 as usize + from;
            command.arg("-device");
            command.arg(format!(
                "loader,file={paint},addr={address:#x},force-raw=on"
            ));
        }
        command.args(["-serial", "pty"]);
        command.args(["-qmp", &format!("unix:{},server=on,wait=off", at("qmp"))]);
        command.args(["-gdb", &format!("unix:{},server=on,wait=off", at("gdb"))]);
        for event in Hardware::EVENTS {
            command.args(["-trace", event]);
        }
        let mut qemu = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let world = Arc::new(Mutex::new(World::new(opens)));
        let of_reader = Arc::clone(&world);
        let trace = qemu.stderr.take();
        let reader = thread::spawn(move || read(trace, &of_reader));
        let mut qmp = loop {
            if let Ok(qmp) = Qmp::connect(&folder.path().join("qmp")) {
                break qmp;
            }
            if let Some(status) = qemu.try_wait()? {
                let _ = reader.join();
                let said = world.lock().unwrap_or_else(PoisonError::into_inner);
                return Err(io::Error::other(format!(
                    "the emulator: {status}: {:?}",
                    said.wrongs
                )));
            }
            sleep(Duration::from_millis(2));
        };
        let devices = qmp.call("query-chardev", &json!({}))?;
        let port = devices
            .as_array()
            .and_then(|devices| devices.iter().find(|device| device["label"] == "serial0"))
            .and_then(|device| device["filename"].as_str()?.strip_prefix("pty:"))
            .ok_or_else(|| io::Error::other(format!("no pseudo-terminal in {devices}")))?
            .to_owned();
        Ok(Self {
            qemu,
            reader: Some(reader),
            world,
            qmp,
            port,
            image,
            folder,
        })
    }

    /// Path of its serial port.
    pub fn port(&self) -> &str {
        &self.port
    }

    /// Its program.
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// What was seen so far.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `look` sees what it wants; `act` is done in between.
    ///
    /// # Panics
    /// It is not there in five minutes.
    pub fn wait_doing<T>(
        &self,
        what: &str,
        mut act: impl FnMut(),
        mut look: impl FnMut(&World) -> Option<T>,
    ) -> T {
        let from = Instant::now();
        let mut found = look(&self.world());
        while found.is_none() && from.elapsed() < PATIENCE {
            act();
            found = look(&self.world());
        }
        let Some(found) = found else {
            let world = self.world();
            let last = world.passed.len().saturating_sub(4);
            let (wrongs, passed) = (&world.wrongs, &world.passed[last..]);
            panic!(
                "{what}: not seen at {:?}; {wrongs:?}; {passed:#?}",
                world.now
            );
        };
        found
    }

    /// As [`Self::wait_doing`], doing nothing.
    pub fn wait<T>(&self, what: &str, look: impl FnMut(&World) -> Option<T>) -> T {
        self.wait_doing(what, || sleep(Duration::from_millis(2)), look)
    }

    /// Presses the reset button.
    ///
    /// # Errors
    /// The emulator's.
    pub fn reset(&mut self) -> io::Result<()> {
        self.qmp.call("system_reset", &json!({})).map(drop)
    }

    /// How often the watchdog bit.
    ///
    /// # Errors
    /// The emulator's.
    pub fn bites(&mut self) -> io::Result<usize> {
        self.qmp.count("WATCHDOG")
    }

    /// A debugger, which stops the processor.
    ///
    /// # Errors
    /// The emulator's.
    pub fn debugger(&self) -> io::Result<Debugger> {
        Debugger::attach(&self.folder.path().join("gdb"))
    }

    /// Bytes of its memory.
    ///
    /// # Errors
    /// The emulator's.
    pub fn memory(&mut self, address: u32, size: usize) -> io::Result<Vec<u8>> {
        let file = self.folder.path().join("memory");
        let name: PathBuf = file.clone();
        let arguments = json!({"val": address, "size": size, "filename": name});
        self.qmp.call("pmemsave", &arguments)?;
        fs::read(file)
    }

    /// A register of a device, read from outside.
    ///
    /// # Errors
    /// The emulator's.
    pub fn register(&mut self, address: u32) -> io::Result<u32> {
        let line = json!({"command-line": format!("xp /1wx {address:#x}")});
        let said = self.qmp.call("human-monitor-command", &line)?;
        let word = said
            .as_str()
            .and_then(|said| said.trim().rsplit("0x").next());
        word.and_then(|word| u32::from_str_radix(word, 16).ok())
            .ok_or_else(|| io::Error::other(said.to_string()))
    }

    /// Bytes of the stack that were used at most since it was switched on or reset, and how many bytes beyond variables and
    /// stack are not as they were.
    ///
    /// # Errors
    /// The emulator's.
    pub fn used(&mut self) -> io::Result<(usize, usize)> {
        let memory = self.memory(RAM.0, RAM.1)?;
        let stack = self.image.stack as usize;
        let free = memory.iter().take(stack).take_while(|byte| **byte == PAINT);
        let used = stack - free.count();
        let rest = memory.iter().skip(beyond(&self.image));
        let beyond = rest.filter(|byte| **byte != PAINT).count();
        Ok((used, beyond))
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
        if let Some(reader) = mem::take(&mut self.reader) {
            let _ = reader.join();
        }
    }
}

/// Where the RAM ends that the image says it uses. Variables are aligned, so that a few bytes may lie between them.
const fn beyond(image: &Image) -> usize {
    image.ram() as usize + 16
}

fn read(trace: Option<ChildStderr>, world: &Mutex<World>) {
    let Some(trace) = trace else {
        return;
    };
    for line in BufReader::new(trace).lines() {
        let Ok(line) = line else {
            return;
        };
        let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
        match Hardware::parse(&line) {
            Some(hardware) => world.see(hardware),
            None if line.starts_with("qemu") => world.wrongs.push(line),
            None => {}
        }
    }
}
