use std::fmt;

use normgate_protocol::Statistics as Decoded;

/// Round trips are counted to the millisecond up to this one; longer ones count as unanswered.
const ROUND_TRIP_MS: usize = normgate_protocol::ANSWER_TIMEOUT_MS as usize;

/// Times of round trips, each of 0 to 500 ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundTrips([u32; ROUND_TRIP_MS + 1]);

impl Default for RoundTrips {
    fn default() -> Self {
        Self([0; ROUND_TRIP_MS + 1])
    }
}

impl RoundTrips {
    pub(crate) fn record(&mut self, ms: u64) {
        let at = usize::try_from(ms)
            .unwrap_or(ROUND_TRIP_MS)
            .min(ROUND_TRIP_MS);
        if let Some(count) = self.0.get_mut(at) {
            *count = count.saturating_add(1);
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|count| u64::from(*count)).sum()
    }

    /// The least time that this share, 0 to 1, did not exceed, ms; none if there are none.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let count = self.count();
        let rank = ((share.clamp(0.0, 1.0) * count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        self.0
            .iter()
            .position(|count| {
                seen += u64::from(*count);
                seen >= rank
            })
            .map(|ms| ms as u64)
    }
}

/// What a link has done so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Verdicts offered.
    pub offered: u64,
    /// Verdicts sent; each once.
    pub sent: u64,
    /// Verdicts acknowledged as applied.
    pub acknowledged: u64,
    /// Verdicts that a newer one replaced before they were sent.
    pub superseded: u64,
    /// Verdicts that grew too old before they could be sent.
    pub expired: u64,
    /// Verdicts that the microcontroller found too old.
    pub stale: u64,
    /// Verdicts that the microcontroller refused.
    pub refused: u64,
    /// Verdicts without an answer within 500 ms, or before the session ended.
    pub unanswered: u64,
    /// Label pieces and commands sent again.
    pub retried: u64,
    /// Hellos sent.
    pub hellos: u64,
    /// Sessions begun.
    pub sessions: u64,
    /// Times the line was opened after the first.
    pub reconnects: u64,
    /// Bytes given to the line.
    pub bytes_out: u64,
    /// Bytes heard.
    pub bytes_in: u64,
    /// Own packets that came back.
    pub echoes: u64,
    /// Packets heard and not admitted.
    pub inadmissible: u64,
    /// What the decoder made of the bytes heard: good packets, CRC errors and others.
    pub decoded: Decoded,
    /// From sending a verdict to its answer.
    pub round_trips: RoundTrips,
}

/// One line for a person.
impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} verdicts offered, {} sent, {} applied, {} superseded, {} expired, {} stale, {} refused, {} unanswered",
            self.offered,
            self.sent,
            self.acknowledged,
            self.superseded,
            self.expired,
            self.stale,
            self.refused,
            self.unanswered
        )?;
        if let (Some(p50), Some(p99)) = (
            self.round_trips.quantile(0.5),
            self.round_trips.quantile(0.99),
        ) {
            write!(f, "; round trip {p50} ms (p50), {p99} ms (p99)")?;
        }
        write!(
            f,
            "; {} damaged envelopes, {} sessions, {} reconnects",
            self.decoded.bad(),
            self.sessions,
            self.reconnects
        )
    }
}
