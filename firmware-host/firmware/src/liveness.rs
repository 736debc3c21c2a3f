/// Whether the idle loop still turns.
#[derive(Debug)]
pub struct Liveness {
    limit_ms: u64,
    turns: u32,
    changed_at: u64,
}

impl Liveness {
    /// A loop whose turn takes at most `limit_ms`.
    pub const fn new(limit_ms: u64) -> Self {
        Self {
            limit_ms,
            turns: 0,
            changed_at: 0,
        }
    }

    /// Whether the loop, which has turned `turns` times at `now`, is alive. The count may wrap around.
    pub const fn is_alive(&mut self, now: u64, turns: u32) -> bool {
        if turns != self.turns {
            self.turns = turns;
            self.changed_at = now;
        }
        now.saturating_sub(self.changed_at) <= self.limit_ms
    }
}
