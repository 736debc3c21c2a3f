//! Numbers that wrap around.

use normgate_protocol::{Inadmissible, Sequence, SequenceGuard, SessionId};
use proptest::prelude::*;

#[test]
fn newer_ends_at_half_the_circle() {
    for base in [0, 1, 7, (1 << 31) - 1, 1 << 31, u32::MAX - 1, u32::MAX] {
        let at = |ahead: u32| Sequence(base.wrapping_add(ahead));
        assert!(!at(0).is_newer_than(at(0)));
        assert!(at(1).is_newer_than(at(0)));
        assert!(!at(0).is_newer_than(at(1)));
        assert!(at((1 << 31) - 1).is_newer_than(at(0)));
        assert!(!at(1 << 31).is_newer_than(at(0)));
        assert!(!at(0).is_newer_than(at(1 << 31)));
        assert!(!at((1 << 31) + 1).is_newer_than(at(0)));
        assert!(!at(u32::MAX).is_newer_than(at(0)));
    }
    assert_eq!(Sequence(u32::MAX).next(), Sequence(0));
}

#[test]
fn the_number_after_the_last_session_is_not_none() {
    assert_eq!(SessionId::NONE.next(), SessionId(1));
    assert_eq!(SessionId(u32::MAX - 1).next(), SessionId(u32::MAX));
    assert_eq!(SessionId(u32::MAX).next(), SessionId(1));
}

#[test]
fn a_guard_counts_what_is_missing_across_the_end() {
    let mut guard = SequenceGuard::new(Sequence(u32::MAX - 1));
    assert_eq!(guard.accept(Sequence(u32::MAX)), Ok(0));
    assert_eq!(guard.accept(Sequence(2)), Ok(2));
    assert_eq!(guard.lost(), 2);
    let stale = |found| {
        Err(Inadmissible::Sequence {
            found: Sequence(found),
            newest: Sequence(2),
        })
    };
    for old in [2, 1, 0, u32::MAX, (1 << 31) + 2] {
        assert_eq!(guard.accept(Sequence(old)), stale(old));
    }
    assert_eq!((guard.newest(), guard.lost()), (Sequence(2), 2));
    assert_eq!(guard.accept(Sequence((1 << 31) + 1)), Ok((1 << 31) - 2));
    assert_eq!(guard.accept(Sequence(0)), Ok((1 << 31) - 2));
    assert_eq!(guard.lost(), u32::MAX - 1);
    assert_eq!(guard.accept(Sequence(10)), Ok(9));
    assert_eq!(guard.lost(), u32::MAX);
}

proptest! {
    #[test]
    fn of_two_numbers_one_is_newer_or_neither(a: u32, b: u32) {
        let (a, b) = (Sequence(a), Sequence(b));
        prop_assert!(!(a.is_newer_than(b) && b.is_newer_than(a)));
        let neither = !a.is_newer_than(b) && !b.is_newer_than(a);
        prop_assert_eq!(neither, a == b || a.ahead_of(b) == 1 << 31);
        prop_assert!(a.next().is_newer_than(a));
    }

    #[test]
    fn shifting_both_changes_nothing(a: u32, b: u32, by: u32) {
        let newer = Sequence(a).is_newer_than(Sequence(b));
        let shifted = Sequence(a.wrapping_add(by)).is_newer_than(Sequence(b.wrapping_add(by)));
        prop_assert_eq!(newer, shifted);
    }
}
