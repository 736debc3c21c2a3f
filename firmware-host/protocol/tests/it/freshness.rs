//! What is old, of another session, or of other labels is not used.

use normgate_protocol::{
    Freshness, Inadmissible, Judgement, Policy, Raw, Reason, Sequence, SessionId, Status,
    VerdictRepr,
};
use proptest::prelude::*;

const SESSION: SessionId = SessionId(9);

fn freshness() -> Freshness {
    Freshness::new(SESSION, Sequence(100), 10)
}

fn verdict(echo_ms: u32, age_ms: u16) -> VerdictRepr {
    let judgement = Judgement::new(10, Some(3), Raw::of(2.0, 1.0)).unwrap();
    VerdictRepr {
        frame: 0,
        echo_ms,
        age_ms,
        judgement,
        drift: false,
    }
}

fn policy(max_age_ms: u16) -> Policy {
    Policy::new(max_age_ms, 250).unwrap()
}

#[test]
fn another_session_changes_nothing() {
    let mut freshness = freshness();
    let other = Inadmissible::Session {
        found: SessionId(8),
        expected: SESSION,
    };
    assert_eq!(freshness.admit(SessionId(8), Sequence(101)), Err(other));
    assert_eq!(Status::of(&other), None);
    assert_eq!(freshness.admit(SESSION, Sequence(101)), Ok(0));
    let repeated = freshness.admit(SESSION, Sequence(101)).unwrap_err();
    assert_eq!(Status::of(&repeated), Some(Status::Stale));
    assert_eq!(freshness.admit(SESSION, Sequence(104)), Ok(2));
    assert_eq!(freshness.guard().lost(), 2);
}

#[test]
fn a_verdict_is_fresh_up_to_the_age_and_not_beyond() {
    let freshness = freshness();
    for now in [5_000, 0, 150, u32::MAX] {
        let echo = now.wrapping_sub(180);
        assert_eq!(
            freshness.deadline_ms(&verdict(echo, 20), policy(200), now),
            Ok(now)
        );
        let old = freshness
            .deadline_ms(&verdict(echo, 21), policy(200), now)
            .unwrap_err();
        assert_eq!(
            old,
            Inadmissible::Age {
                age_ms: 201,
                max_age_ms: 200
            }
        );
        assert_eq!(Status::of(&old), Some(Status::Stale));
        let spare = freshness.deadline_ms(&verdict(echo, 0), policy(200), now);
        assert_eq!(spare, Ok(now.wrapping_add(20)));
    }
    let saturated = freshness.deadline_ms(&verdict(5_000, u16::MAX), policy(10_000), 5_000);
    assert_eq!(
        saturated,
        Err(Inadmissible::Age {
            age_ms: 65_535,
            max_age_ms: 10_000
        })
    );
}

#[test]
fn an_echo_from_the_future_is_stale() {
    let now_ms = 5_000;
    let error = freshness()
        .deadline_ms(&verdict(5_001, 0), policy(200), now_ms)
        .unwrap_err();
    assert_eq!(
        error,
        Inadmissible::Clock {
            echo_ms: 5_001,
            now_ms
        }
    );
    assert_eq!(Status::of(&error), Some(Status::Stale));
}

#[test]
fn other_labels_are_refused() {
    let judgement = Judgement::new(11, None, Raw::Unscored).unwrap();
    let verdict = VerdictRepr {
        judgement,
        ..verdict(0, 0)
    };
    let error = freshness()
        .deadline_ms(&verdict, policy(200), 0)
        .unwrap_err();
    assert_eq!(
        error,
        Inadmissible::Labels {
            found: 11,
            expected: 10
        }
    );
    assert_eq!(Status::of(&error), Some(Status::Refused(Reason::Labels)));
}

proptest! {
    /// Whatever the delays, a verdict that is applied is of a frame not older than the limit.
    #[test]
    fn no_applied_verdict_is_too_old(
        boot: u32, to_host in 0_u32..2_000, waiting in 0_u32..500, inference in 0_u16..500, to_mcu in 0_u32..20_000,
        max_age_ms in 50_u16..=10_000, spare in 0_u32..20_000,
    ) {
        let (echo, captured) = (boot, boot.wrapping_add(to_host + waiting));
        let arrived = captured.wrapping_add(u32::from(inference) + to_mcu);
        let deadline = freshness().deadline_ms(&verdict(echo, inference), policy(max_age_ms), arrived);
        if let Ok(deadline) = deadline {
            let used = arrived.wrapping_add(spare.min(deadline.wrapping_sub(arrived)));
            prop_assert!(used.wrapping_sub(captured) <= u32::from(max_age_ms));
        } else {
            prop_assert!(arrived.wrapping_sub(echo) + u32::from(inference) > u32::from(max_age_ms));
        }
    }
}
