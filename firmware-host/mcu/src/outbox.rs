use heapless::Deque;

/// Bytes that wait to be written, at most: five of the longest envelopes.
pub const OUTBOX: usize = 5 * normgate_protocol::MAX_ENVELOPE;

/// Whole envelopes, in their order.
#[derive(Debug)]
pub(crate) struct Outbox {
    bytes: Deque<u8, OUTBOX>,
    unsaid: u32,
}

impl Outbox {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: Deque::new(),
            unsaid: 0,
        }
    }

    /// Takes an envelope whole, or not at all.
    pub(crate) fn push(&mut self, envelope: &[u8]) {
        if OUTBOX - self.bytes.len() < envelope.len() {
            self.unsaid = self.unsaid.saturating_add(1);
            return;
        }
        for byte in envelope {
            // There is room.
            let _ = self.bytes.push_back(*byte);
        }
    }

    pub(crate) fn front(&self) -> &[u8] {
        self.bytes.as_slices().0
    }

    pub(crate) fn pop(&mut self, count: usize) {
        for _ in 0..count {
            self.bytes.pop_front();
        }
    }

    pub(crate) const fn unsaid(&self) -> u32 {
        self.unsaid
    }
}
