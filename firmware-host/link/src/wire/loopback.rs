use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Wire;
use crate::clock::Clock;

/// Bits of a byte on a serial line: start, eight, stop.
const BITS: u64 = 10;

/// Bytes that an end takes before the line has sent them, as a UART's driver does.
const BUFFER: usize = 4096;

#[derive(Debug, Default)]
struct Pipe {
    /// When each byte has arrived, us, and the byte. In the order of time.
    bytes: VecDeque<(u64, u8)>,
    free_us: u64,
    /// Baud of the end that writes.
    baud: u32,
}

type Shared = Arc<Mutex<Pipe>>;

fn lock(pipe: &Shared) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One end of a line in memory, as fast as a serial line of its baud rate. Ends of different rates hear noise.
#[derive(Debug)]
pub struct Loopback<C> {
    clock: C,
    baud: u32,
    sends: Shared,
    hears: Shared,
}

/// Both ends, of one rate.
pub fn pair<C: Clock + Clone>(clock: &C, baud: u32) -> (Loopback<C>, Loopback<C>) {
    pair_of(clock, baud, baud)
}

/// Both ends, each of its rate.
pub fn pair_of<C: Clock + Clone>(clock: &C, first: u32, second: u32) -> (Loopback<C>, Loopback<C>) {
    let pipes = [first, second].map(|baud| {
        Arc::new(Mutex::new(Pipe {
            baud,
            ..Pipe::default()
        }))
    });
    let [a, b] = pipes;
    let end = |baud, sends: &Shared, hears: &Shared| Loopback {
        clock: clock.clone(),
        baud,
        sends: Arc::clone(sends),
        hears: Arc::clone(hears),
    };
    (end(first, &a, &b), end(second, &b, &a))
}

impl<C: Clock> Loopback<C> {
    fn now_us(&self) -> u64 {
        self.clock.now_ms().saturating_mul(1000)
    }

    fn take(&self, bytes: &mut [u8]) -> usize {
        let now = self.now_us();
        let mut pipe = lock(&self.hears);
        let is_noise = pipe.baud != self.baud;
        let mut count = 0;
        for place in bytes {
            match pipe.bytes.front() {
                Some((at, byte)) if *at <= now => *place = *byte,
                _ => break,
            }
            if is_noise {
                *place = super::as_noise(*place);
            }
            pipe.bytes.pop_front();
            count += 1;
        }
        count
    }
}

impl<C: Clock> Wire for Loopback<C> {
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        let count = self.take(bytes);
        if count > 0 || wait.is_zero() {
            return Ok(count);
        }
        self.clock.sleep(wait);
        Ok(self.take(bytes))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now = self.now_us();
        let unsent = self.unsent()?;
        let mut pipe = lock(&self.sends);
        let count = bytes.len().min(BUFFER.saturating_sub(unsent));
        for byte in bytes.iter().take(count) {
            let each_us = BITS * 1_000_000 / u64::from(pipe.baud.max(1));
            pipe.free_us = pipe.free_us.max(now) + each_us;
            let at = pipe.free_us;
            pipe.bytes.push_back((at, *byte));
        }
        Ok(count)
    }

    fn unsent(&mut self) -> io::Result<usize> {
        let now = self.now_us();
        let pipe = lock(&self.sends);
        Ok(pipe
            .bytes
            .iter()
            .rev()
            .take_while(|(at, _)| *at > now)
            .count())
    }

    fn reopen(&mut self) -> io::Result<()> {
        lock(&self.hears).bytes.clear();
        Ok(())
    }

    fn name(&self) -> String {
        format!("loopback at {} baud", self.baud)
    }
}
