use std::collections::HashMap;

use normgate_core::{CommitError, CommitPolicy, Committed, Committer, Verdict};
use proptest::prelude::*;

fn verdict(class: Option<u16>) -> Verdict {
    match class {
        Some(class) => Verdict::Known {
            class,
            score: 1.0,
            confidence: 0.9,
            p_value: 0.5,
        },
        None => Verdict::Unknown {
            score: Some(0.1),
            nearest: Some(7),
            p_value: Some(0.01),
        },
    }
}

/// The definition, over the whole history.
fn expected(history: &[Option<u16>], k: usize, n: usize) -> Committed {
    let mut votes = HashMap::new();
    for class in history.iter().rev().take(n).flatten() {
        *votes.entry(*class).or_insert(0) += 1;
    }
    let winners: Vec<_> = votes.into_iter().filter(|&(_, count)| count >= k).collect();
    assert!(winners.len() <= 1, "{winners:?} all have {k} of {n}");
    winners
        .first()
        .map_or(Committed::Unknown, |&(class, _)| Committed::Class(class))
}

fn policy() -> impl Strategy<Value = CommitPolicy> {
    (1usize..=32)
        .prop_flat_map(|n| (n / 2 + 1..=n, Just(n)))
        .prop_map(|(k, n)| CommitPolicy::new(k, n).unwrap())
}

proptest! {
    #[test]
    fn commits_what_k_of_the_last_n_agree_on(
        policy in policy(),
        history in prop::collection::vec(prop::option::weighted(0.8, 0u16..3), 0..120),
    ) {
        let mut committer = Committer::new(policy);
        for end in 1..=history.len() {
            let have = committer.push(&verdict(history[end - 1]));
            prop_assert_eq!(have, expected(&history[..end], policy.k(), policy.n()));
            prop_assert_eq!(have, committer.committed());
        }
    }

    #[test]
    fn n_minus_k_plus_one_unknowns_always_end_a_commitment(policy in policy()) {
        let mut committer = Committer::new(policy);
        for pushed in 1..=policy.n() {
            let committed = committer.push(&verdict(Some(4))) == Committed::Class(4);
            prop_assert_eq!(committed, pushed >= policy.k());
        }
        for unknowns in 1..=policy.n() {
            let committed = committer.push(&verdict(None)) == Committed::Class(4);
            prop_assert_eq!(committed, unknowns <= policy.n() - policy.k());
        }
    }

    #[test]
    fn only_policies_with_one_winner_exist(k in 0usize..40, n in 0usize..40) {
        let possible = k >= 1 && k <= n && n <= 32;
        let have = CommitPolicy::new(k, n);
        match (possible, 2 * k > n) {
            (false, _) => prop_assert_eq!(have, Err(CommitError::Range { k, n })),
            (true, false) => prop_assert_eq!(have, Err(CommitError::NoMajority { k, n })),
            (true, true) => prop_assert_eq!(have.map(|p| (p.k(), p.n())), Ok((k, n))),
        }
    }
}

#[test]
fn a_reset_forgets() {
    let mut committer = Committer::new(CommitPolicy::new(2, 3).unwrap());
    committer.push(&verdict(Some(1)));
    assert_eq!(committer.push(&verdict(Some(1))), Committed::Class(1));
    committer.reset();
    assert_eq!(committer.committed(), Committed::Unknown);
    assert_eq!(committer.push(&verdict(Some(1))), Committed::Unknown);
}

#[test]
fn immediate_commits_each_known_verdict() {
    let mut committer = Committer::new(CommitPolicy::IMMEDIATE);
    assert_eq!(committer.committed(), Committed::default());
    assert_eq!(
        committer.push(&verdict(Some(65_535))),
        Committed::Class(65_535)
    );
    assert_eq!(committer.push(&verdict(None)), Committed::Unknown);
}

#[test]
fn extreme_arguments_are_refused_without_overflow() {
    assert!(CommitPolicy::new(usize::MAX, usize::MAX).is_err());
    assert!(CommitPolicy::new(usize::MAX, 1).is_err());
}
