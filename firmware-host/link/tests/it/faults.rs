//! The promises of safety, under any faults. `Bench` checks them at every millisecond.

use normgate_link::Faults;
use normgate_link::mcu::McuConfig;
use normgate_protocol::Limits;
use proptest::prelude::*;

use crate::bench::{BAUD, Bench, config, mcu_config};

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

/// `PROPTEST_CASES` may ask for more.
fn cases() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    let cases = asked.and_then(|cases| cases.parse().ok()).unwrap_or(96);
    ProptestConfig::with_cases(cases)
}

#[derive(Debug, Clone)]
enum Mishap {
    McuRestarts(u64),
    HostRestarts(u64),
    HostStops(u64),
}

fn mishap() -> impl Strategy<Value = Mishap> {
    let ms = prop_oneof![Just(0_u64), 1_u64..100, 100_u64..1000];
    prop_oneof![
        2 => ms.clone().prop_map(Mishap::McuRestarts),
        1 => ms.clone().prop_map(Mishap::HostRestarts),
        1 => ms.prop_map(Mishap::HostStops),
    ]
}

proptest! {
    #![proptest_config(cases())]

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

    /// Clocks of the microcontroller that begin anew show again what they showed before.
    #[test]
    fn nothing_old_or_unsent_is_applied_whoever_restarts(
        faults in faults(),
        seed in any::<u64>(),
        uptime_ms in prop_oneof![Just(0), Just(u32::MAX - 2000), any::<u32>()],
        limits in (50_u16..3000, 20_u16..500),
        every in 5_u64..100,
        age in 0_u64..150,
        mishaps in prop::collection::vec((1_u64..1500, mishap()), 0..6),
    ) {
        let (max_age_ms, heartbeat_ms) = limits;
        let mut config = config();
        config.limits = Limits::new(max_age_ms.max(2 * heartbeat_ms), heartbeat_ms).unwrap();
        let mcu = McuConfig { uptime_ms, limits: Limits::new(10_000, 1000).unwrap(), ..mcu_config() };
        let mut bench = Bench::of(config, mcu, faults, seed, [BAUD; 2]);
        for (before, mishap) in mishaps {
            bench.stream(before, every, age);
            match mishap {
                Mishap::McuRestarts(off_ms) => bench.restart_mcu(off_ms),
                Mishap::HostRestarts(off_ms) => bench.restart_host(off_ms),
                Mishap::HostStops(ms) => bench.stop_host(ms, age),
            }
        }
        bench.stream(2000, every, age);
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
