use crate::error::Inadmissible;
use crate::limits::Policy;
use crate::message::verdict::VerdictRepr;
use crate::sequence::{Sequence, SequenceGuard};

/// The number of a hello of the host, and of the session that it begins. No two hellos of a run of the host have the same,
/// so that a side that was restarted is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SessionId(pub u32);

impl SessionId {
    /// No session: what a microcontroller says until a host has said hello.
    pub const NONE: Self = Self(0);

    /// The number of the host's hello after this one: 1 more, and 1 after `u32::MAX`.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.0.checked_add(1) {
            Some(next) => Self(next),
            None => Self(1),
        }
    }

    /// Whether this is a session at all.
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }
}

/// The freshness rule: which packets of the other side may be used.
///
/// Made from the hello that begins a session; asked about every packet after it. A packet that is not admitted is not
/// used in any way, and does not count as a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    session: SessionId,
    labels: u16,
    guard: SequenceGuard,
}

impl Freshness {
    /// `session`: as agreed; `hello`: the number of the hello that began it; `labels`: as the host's hello says.
    pub const fn new(session: SessionId, hello: Sequence, labels: u16) -> Self {
        Self {
            session,
            labels,
            guard: SequenceGuard::new(hello),
        }
    }

    /// Admits a packet of any kind but hello, or the header of one whose contents were refused, and gives how many
    /// before it are missing.
    ///
    /// # Errors
    /// Of another session, or not newer than the newest; nothing changes then.
    pub fn admit(&mut self, session: SessionId, sequence: Sequence) -> Result<u32, Inadmissible> {
        if session != self.session {
            return Err(Inadmissible::Session {
                found: session,
                expected: self.session,
            });
        }
        self.guard.accept(sequence)
    }

    /// On the microcontroller, after [`Self::admit`]: until when the verdict may be applied, as its uptime in ms.
    ///
    /// `now_ms` is its uptime now. The verdict echoes an uptime that the host had heard before it sent the verdict, so
    /// `now_ms - echo_ms` bounds the time on the way from above, whatever lay in which buffer, without a common clock.
    ///
    /// # Errors
    /// Too old, from the future, or of other labels than agreed.
    pub const fn deadline_ms(
        &self,
        verdict: &VerdictRepr,
        policy: Policy,
        now_ms: u32,
    ) -> Result<u32, Inadmissible> {
        let labels = verdict.judgement.labels();
        if labels != self.labels {
            return Err(Inadmissible::Labels {
                found: labels,
                expected: self.labels,
            });
        }
        let echo_ms = verdict.echo_ms;
        let on_the_way = now_ms.wrapping_sub(echo_ms);
        if on_the_way >= 1 << 31 {
            return Err(Inadmissible::Clock { echo_ms, now_ms });
        }
        let age_ms = on_the_way + verdict.age_ms as u32;
        let max_age_ms = policy.max_age_ms();
        if age_ms > max_age_ms as u32 {
            return Err(Inadmissible::Age { age_ms, max_age_ms });
        }
        Ok(now_ms.wrapping_add(max_age_ms as u32 - age_ms))
    }

    /// The session.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// The newest packet and how many are missing.
    pub const fn guard(&self) -> &SequenceGuard {
        &self.guard
    }
}
