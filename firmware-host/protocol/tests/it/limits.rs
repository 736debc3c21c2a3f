//! Every limit at its ends.

use normgate_protocol::{BodyError, Limits, Policy, Versions};
use proptest::prelude::*;

#[test]
fn limits_end_where_they_say() {
    assert!(Limits::new(50, 20).is_ok());
    assert!(Limits::new(10_000, 1_000).is_ok());
    assert_eq!(
        Limits::new(49, 20),
        Err(BodyError::MaxAge {
            found: 49,
            heartbeat_ms: 20
        })
    );
    assert_eq!(
        Limits::new(10_001, 20),
        Err(BodyError::MaxAge {
            found: 10_001,
            heartbeat_ms: 20
        })
    );
    assert_eq!(
        Limits::new(50, 19),
        Err(BodyError::HeartbeatInterval { found: 19 })
    );
    assert_eq!(
        Limits::new(10_000, 1_001),
        Err(BodyError::HeartbeatInterval { found: 1_001 })
    );
    assert!(Limits::new(200, 100).is_ok());
    assert_eq!(
        Limits::new(199, 100),
        Err(BodyError::MaxAge {
            found: 199,
            heartbeat_ms: 100
        })
    );
    assert_eq!(
        Limits::new(u16::MAX, u16::MAX),
        Err(BodyError::HeartbeatInterval { found: u16::MAX })
    );
    assert_eq!(Limits::new(3_000, 1_000).unwrap().timeout_ms(), 3_000);
}

#[test]
fn policies_end_where_they_say() {
    assert!(Policy::new(50, 10).is_ok());
    assert!(Policy::new(10_000, 10_000).is_ok());
    assert_eq!(Policy::new(49, 10), Err(BodyError::PolicyAge { found: 49 }));
    assert_eq!(
        Policy::new(10_001, 10),
        Err(BodyError::PolicyAge { found: 10_001 })
    );
    assert_eq!(Policy::new(50, 9), Err(BodyError::PolicyHold { found: 9 }));
    assert_eq!(
        Policy::new(50, 10_001),
        Err(BodyError::PolicyHold { found: 10_001 })
    );
}

#[test]
fn a_policy_stays_within_what_was_agreed() {
    let agreed = Limits::new(500, 100).unwrap();
    let with_age = |max_age_ms| Policy::new(max_age_ms, 250).unwrap().is_within(agreed);
    assert!(!with_age(199));
    assert!(with_age(200));
    assert!(with_age(500));
    assert!(!with_age(501));
    assert!(Policy::of_session(agreed).is_within(agreed));
    assert_eq!(Policy::of_session(agreed).hold_ms(), 250);
}

#[test]
fn the_highest_common_version_is_agreed_on() {
    let versions = |min, max| Versions::new(min, max).unwrap();
    assert_eq!(versions(1, 3).agree(versions(2, 9)), Some(3));
    assert_eq!(versions(1, 1).agree(versions(1, 255)), Some(1));
    assert_eq!(versions(1, 2).agree(versions(3, 4)), None);
    assert_eq!(Versions::SPOKEN.agree(versions(1, 1)), Some(1));
    assert_eq!(Versions::SPOKEN.agree(Versions::SPOKEN), Some(2));
    let inside = (0..=255).filter(|&version| versions(2, 4).contains(version));
    assert_eq!(inside.collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(
        Versions::new(0, 1),
        Err(BodyError::Versions { min: 0, max: 1 })
    );
    assert_eq!(
        Versions::new(2, 1),
        Err(BodyError::Versions { min: 2, max: 1 })
    );
}

proptest! {
    #[test]
    fn both_sides_agree_on_the_same(a in (20_u16..=1000, 0_u16..8000), b in (20_u16..=1000, 0_u16..8000)) {
        let [a, b] = [a, b].map(|(heartbeat_ms, more)| {
            Limits::new((2 * heartbeat_ms + more).max(50), heartbeat_ms).unwrap()
        });
        let agreed = a.agree(b);
        prop_assert_eq!(agreed, b.agree(a));
        prop_assert!(agreed.is_within(a) && agreed.is_within(b));
        prop_assert_eq!(Limits::new(agreed.max_age_ms(), agreed.heartbeat_ms()), Ok(agreed));
    }
}
