//! Damaged packets are not taken for others. `examples/false_accepts.rs` runs many more.

use crate::corruption::{Tally, run};

#[test]
fn no_damaged_packet_is_taken_for_another() {
    let tally = run(100_000, 1);
    assert_eq!(tally.false_accepts, 0);
    assert!(tally.unchanged < 5_000, "{tally:?}");
    assert!(
        tally.dropped.iter().take(3).all(|&count| count > 0),
        "{tally:?}"
    );
    assert!(
        tally.sent > 50_000,
        "damage costs the envelopes that it touches: {tally:?}"
    );
    assert_eq!(
        tally,
        run(100_000, 1),
        "the same seed gives the same damage"
    );
    assert_ne!(run(100, 2), Tally::default());
}
