//! The promises of safety, under any faults. `Bench` checks them at every millisecond.

use normgate_link::Faults;
use proptest::prelude::*;

use crate::bench::Bench;

fn rates(most: f64) -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 0.0..most]
}

fn faults() -> impl Strategy<Value = Faults> {
    (
        (
            rates(0.02),
            rates(0.003),
            rates(0.01),
            1_usize..40,
            rates(0.02),
        ),
        (0_u64..120, 0_u64..400),
        prop::option::of(100_u64..3000),
        1_u64..2000,
    )
        .prop_map(
            |((loss, flip, burst, burst_len, insert), (least, more), cut, cut_ms)| Faults {
                loss,
                flip,
                burst,
                burst_len,
                insert,
                delay_ms: least..=least + more,
                cut_every_ms: cut,
                cut_ms,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_old_or_unsent_is_applied(
        faults in faults(),
        seed in any::<u64>(),
        every in 5_u64..100,
        age in 0_u64..150,
        restarts in prop::collection::vec(200_u64..2500, 0..3),
    ) {
        let mut bench = Bench::new(faults, seed);
        for before in restarts {
            bench.stream(before, every, age);
            let now = bench.now();
            bench.mcu.restart(now);
        }
        bench.stream(3000, every, age);
    }

    #[test]
    fn a_line_that_gets_well_delivers_again(faults in faults(), seed in any::<u64>()) {
        let mut bench = Bench::new(faults, seed);
        bench.stream(1500, 33, 5);
        bench.cable.calm();
        // The longest cut, and the longest time from one try to open the line to the next.
        bench.stream(2000 + 5000 + 1500, 33, 5);
        prop_assert!(bench.session.agreed().is_some());
        let before = bench.applied.len();
        bench.stream(660, 33, 5);
        prop_assert_eq!(bench.applied.len() - before, 20);
    }
}
