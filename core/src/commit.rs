use thiserror::Error;

use crate::verdict::Verdict;

/// When a run of verdicts becomes a prediction: `k` of the last `n` agree on one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommitPolicy {
    k: usize,
    n: usize,
}

/// Why a commit policy is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CommitError {
    /// Nothing would ever, or always, be committed.
    #[error(
        "commit policy {k} of {n}: expected 1 <= k <= n <= {}",
        CommitPolicy::MAX_WINDOW
    )]
    Range {
        /// Verdicts that must agree.
        k: usize,
        /// Verdicts looked at.
        n: usize,
    },
    /// Two classes could both be committed.
    #[error("commit policy {k} of {n}: expected k to be more than half of n")]
    NoMajority {
        /// Verdicts that must agree.
        k: usize,
        /// Verdicts looked at.
        n: usize,
    },
}

impl CommitPolicy {
    /// The longest window, in verdicts.
    pub const MAX_WINDOW: usize = 32;

    /// Every known verdict is committed at once.
    pub const IMMEDIATE: Self = Self { k: 1, n: 1 };

    /// `k` of the last `n`.
    ///
    /// # Errors
    /// Unless `1 <= k <= n <= 32` and `2 k > n`.
    pub const fn new(k: usize, n: usize) -> Result<Self, CommitError> {
        if k < 1 || k > n || n > Self::MAX_WINDOW {
            return Err(CommitError::Range { k, n });
        }
        if 2 * k <= n {
            return Err(CommitError::NoMajority { k, n });
        }
        Ok(Self { k, n })
    }

    /// Verdicts that must agree.
    pub const fn k(self) -> usize {
        self.k
    }

    /// Verdicts looked at.
    pub const fn n(self) -> usize {
        self.n
    }
}

/// The prediction after a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Committed {
    /// The class that `k` of the last `n` verdicts agree on.
    Class(u16),
    /// No class has `k` of the last `n` verdicts.
    #[default]
    Unknown,
}

/// Applies a [`CommitPolicy`] to verdicts as they come.
///
/// Holds the last `n` verdicts; an unknown one takes its place in the window and votes for none.
#[derive(Debug, Clone)]
pub struct Committer {
    policy: CommitPolicy,
    window: [Option<u16>; CommitPolicy::MAX_WINDOW],
    next: usize,
}

impl Committer {
    /// A committer that has seen nothing.
    pub const fn new(policy: CommitPolicy) -> Self {
        Self {
            policy,
            window: [None; CommitPolicy::MAX_WINDOW],
            next: 0,
        }
    }

    /// The policy applied.
    pub const fn policy(&self) -> CommitPolicy {
        self.policy
    }

    /// Takes the next verdict and gives the prediction with it.
    pub fn push(&mut self, verdict: &Verdict) -> Committed {
        self.window[self.next] = verdict.class();
        self.next = (self.next + 1) % self.policy.n;
        self.committed()
    }

    /// The prediction after the verdicts so far.
    pub fn committed(&self) -> Committed {
        let window = &self.window[..self.policy.n];
        let votes = |class: u16| window.iter().filter(|&&c| c == Some(class)).count();
        match window
            .iter()
            .flatten()
            .find(|&&class| votes(class) >= self.policy.k)
        {
            Some(&class) => Committed::Class(class),
            None => Committed::Unknown,
        }
    }

    /// Forgets every verdict, as after a source was lost.
    pub fn reset(&mut self) {
        *self = Self::new(self.policy);
    }
}
