use std::collections::VecDeque;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Wire;
use crate::clock::Clock;
use crate::random::Random;

/// What is done to a line, in both directions alike.
#[derive(Debug, Clone)]
pub struct Faults {
    /// Probability that a byte is lost.
    pub loss: f64,
    /// Probability that a bit is flipped.
    pub flip: f64,
    /// Probability that a burst begins at a byte.
    pub burst: f64,
    /// Bytes of a burst; each is replaced by any.
    pub burst_len: usize,
    /// Probability that any byte is put before a byte.
    pub insert: f64,
    /// How long bytes lie in a buffer on the way, ms. They stay in order.
    pub delay_ms: RangeInclusive<u64>,
    /// From one cut of the line to the next on average, ms; none cuts it only by hand, with a [`Cable`].
    pub cut_every_ms: Option<u64>,
    /// How long such a cut lasts, ms.
    pub cut_ms: u64,
}

impl Faults {
    /// Nothing.
    pub const NONE: Self = Self {
        loss: 0.0,
        flip: 0.0,
        burst: 0.0,
        burst_len: 0,
        insert: 0.0,
        delay_ms: 0..=0,
        cut_every_ms: None,
        cut_ms: 0,
    };
}

impl Default for Faults {
    fn default() -> Self {
        Self::NONE
    }
}

/// Cuts a line, mends it and makes it a good one. Clones are of the same line.
#[derive(Debug, Clone, Default)]
pub struct Cable {
    cut: Arc<AtomicBool>,
    calm: Arc<AtomicBool>,
}

impl Cable {
    /// The line is gone: reading and writing give `BrokenPipe`, opening gives `NotFound`.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// The line can be opened again.
    pub fn mend(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }

    /// From now on the line has no faults but cuts by hand.
    pub fn calm(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }
}

#[derive(Debug, Default)]
struct Queue {
    bytes: VecDeque<(u64, u8)>,
    newest: u64,
}

impl Queue {
    fn push(&mut self, due: u64, bytes: &[u8]) {
        self.newest = self.newest.max(due);
        let due = self.newest;
        self.bytes.extend(bytes.iter().map(|byte| (due, *byte)));
    }

    fn pop(&mut self, now: u64) -> Option<u8> {
        self.bytes
            .pop_front_if(|(due, _)| *due <= now)
            .map(|(_, byte)| byte)
    }
}

/// A line with faults, from a seed: the same calls see the same damage.
#[derive(Debug)]
pub struct Faulty<W, C> {
    wire: W,
    clock: C,
    faults: Faults,
    random: Random,
    cable: Cable,
    /// Cut since it was opened.
    broken: bool,
    next_cut: Option<u64>,
    mend_at: u64,
    burst_left: usize,
    outward: Queue,
    inward: Queue,
}

impl<W: Wire, C: Clock> Faulty<W, C> {
    /// `wire`, with `faults` drawn from `seed`.
    pub fn new(wire: W, clock: C, faults: Faults, seed: u64) -> Self {
        let mut faulty = Self {
            wire,
            clock,
            faults,
            random: Random::new(seed),
            cable: Cable::default(),
            broken: false,
            next_cut: None,
            mend_at: 0,
            burst_left: 0,
            outward: Queue::default(),
            inward: Queue::default(),
        };
        faulty.draw_cut();
        faulty
    }

    /// To cut the line by hand.
    pub fn cable(&self) -> Cable {
        self.cable.clone()
    }

    fn draw_cut(&mut self) {
        let now = self.clock.now_ms().max(self.mend_at);
        self.next_cut = self
            .faults
            .cut_every_ms
            .map(|every| now + 1 + self.random.below(2 * every));
    }

    fn check(&mut self) -> io::Result<u64> {
        let now = self.clock.now_ms();
        if self.cable.calm.load(Ordering::SeqCst) {
            self.faults = Faults::NONE;
            self.next_cut = None;
            self.burst_left = 0;
        }
        if self.next_cut.is_some_and(|at| at <= now) {
            self.broken = true;
            self.mend_at = now + self.faults.cut_ms;
            self.draw_cut();
        }
        self.broken |= self.cable.is_cut();
        if self.broken {
            self.outward = Queue::default();
            self.inward = Queue::default();
            return Err(io::Error::from(io::ErrorKind::BrokenPipe));
        }
        Ok(now)
    }

    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = Vec::with_capacity(bytes.len());
        for byte in bytes {
            let mut byte = *byte;
            if self.random.happens(self.faults.insert) {
                damaged.push(self.random.next_u32() as u8);
            }
            if self.random.happens(self.faults.burst) {
                self.burst_left = self.faults.burst_len;
            }
            if self.burst_left > 0 {
                self.burst_left -= 1;
                byte = self.random.next_u32() as u8;
            }
            if self.faults.flip > 0.0 {
                for bit in 0..8 {
                    byte ^= u8::from(self.random.happens(self.faults.flip)) << bit;
                }
            }
            if !self.random.happens(self.faults.loss) {
                damaged.push(byte);
            }
        }
        damaged
    }

    fn due(&mut self, now: u64) -> u64 {
        let (least, most) = (*self.faults.delay_ms.start(), *self.faults.delay_ms.end());
        now + least + self.random.below(most.saturating_sub(least) + 1)
    }

    /// Hands on what has lain long enough.
    fn pump(&mut self, now: u64) -> io::Result<()> {
        while let Some(byte) = self.outward.pop(now) {
            // A line that takes no more loses the byte.
            self.wire.write(&[byte])?;
        }
        Ok(())
    }

    fn hear(&mut self, now: u64, wait: Duration) -> io::Result<()> {
        let mut bytes = [0; 512];
        let count = self.wire.read(&mut bytes, wait)?;
        let damaged = self.damage(bytes.get(..count).unwrap_or_default());
        if !damaged.is_empty() {
            let due = self.due(now);
            self.inward.push(due, &damaged);
        }
        Ok(())
    }
}

impl<W: Wire, C: Clock> Wire for Faulty<W, C> {
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        let now = self.check()?;
        self.pump(now)?;
        self.hear(now, wait)?;
        let now = self.clock.now_ms();
        let mut count = 0;
        for place in bytes {
            let Some(byte) = self.inward.pop(now) else {
                break;
            };
            *place = byte;
            count += 1;
        }
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now = self.check()?;
        let damaged = self.damage(bytes);
        let due = self.due(now);
        self.outward.push(due, &damaged);
        self.pump(now)?;
        Ok(bytes.len())
    }

    fn unsent(&mut self) -> io::Result<usize> {
        let now = self.check()?;
        self.pump(now)?;
        self.wire.unsent()
    }

    fn reopen(&mut self) -> io::Result<()> {
        if self.cable.is_cut() || self.clock.now_ms() < self.mend_at {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        self.wire.reopen()?;
        self.broken = false;
        Ok(())
    }

    fn name(&self) -> String {
        self.wire.name()
    }
}
