use std::collections::VecDeque;

use normgate_protocol::{ANSWER_TIMEOUT_MS, Sequence};

use crate::statistics::Statistics;

/// Verdicts that may be on the line or unanswered at most.
const FLIGHTS: usize = 64;

/// A verdict that was sent and not answered yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flight {
    pub(super) sequence: Sequence,
    pub(super) frame: u64,
    pub(super) sent_at: u64,
}

/// Those of one session, in the order of sending.
#[derive(Debug, Default)]
pub(super) struct Flights(VecDeque<Flight>);

impl Flights {
    pub(super) fn add(&mut self, flight: Flight, statistics: &mut Statistics) {
        if self.0.len() >= FLIGHTS && self.0.pop_front().is_some() {
            statistics.unanswered += 1;
        }
        self.0.push_back(flight);
    }

    /// The one that is answered.
    pub(super) fn answered(&mut self, of: Sequence) -> Option<Flight> {
        let at = self.0.iter().position(|flight| flight.sequence == of)?;
        self.0.remove(at)
    }

    pub(super) fn expire(&mut self, now: u64, statistics: &mut Statistics) {
        let is_over =
            |flight: &mut Flight| now.saturating_sub(flight.sent_at) > u64::from(ANSWER_TIMEOUT_MS);
        while self.0.pop_front_if(is_over).is_some() {
            statistics.unanswered += 1;
        }
    }

    pub(super) fn give_up(&mut self, statistics: &mut Statistics) {
        statistics.unanswered += self.0.len() as u64;
        self.0.clear();
    }
}
