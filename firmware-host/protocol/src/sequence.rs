use crate::error::Inadmissible;

/// The number of a packet among those of one sender. After `u32::MAX` comes 0.
///
/// Compared as serial numbers (RFC 1982): `a` is newer than `b` iff `a - b` modulo 2^32 is in 1..2^31. At 1000 packets
/// a second half the circle lasts 24 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Sequence(pub u32);

impl Sequence {
    /// The number after this one.
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// Whether this packet was sent after `other`. Neither is newer at a distance of exactly 2^31.
    pub const fn is_newer_than(self, other: Self) -> bool {
        let ahead = self.0.wrapping_sub(other.0);
        ahead >= 1 && ahead < 1 << 31
    }

    /// Packets from `other` to this one, modulo 2^32: 1 for neighbours.
    pub const fn ahead_of(self, other: Self) -> u32 {
        self.0.wrapping_sub(other.0)
    }
}

/// The newest packet seen from the other side, in one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceGuard {
    newest: Sequence,
    lost: u32,
}

impl SequenceGuard {
    /// Begins with the hello that began the session.
    pub const fn new(hello: Sequence) -> Self {
        Self {
            newest: hello,
            lost: 0,
        }
    }

    /// Takes the number of a packet that has arrived and gives how many before it are missing: 0 if it follows the one
    /// before.
    ///
    /// # Errors
    /// If the packet is not newer than the newest one; nothing changes then.
    pub const fn accept(&mut self, sequence: Sequence) -> Result<u32, Inadmissible> {
        if !sequence.is_newer_than(self.newest) {
            return Err(Inadmissible::Sequence {
                found: sequence,
                newest: self.newest,
            });
        }
        let missing = sequence.ahead_of(self.newest) - 1;
        self.newest = sequence;
        self.lost = self.lost.saturating_add(missing);
        Ok(missing)
    }

    /// The newest packet so far. A heartbeat carries it.
    pub const fn newest(&self) -> Sequence {
        self.newest
    }

    /// Packets that are missing so far; stays at `u32::MAX` once it is there.
    pub const fn lost(&self) -> u32 {
        self.lost
    }
}
