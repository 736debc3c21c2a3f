use std::fmt::Write;

use normgate_core::{Drift, DriftDetector, DriftError, DriftPolicy, Ranks, ScoreTable, Tails};
use proptest::prelude::*;

use crate::sim::{Sim, ascending, stored};

fn calibrated(sim: &mut Sim, n: usize) -> Vec<f32> {
    stored(&ascending(sim.normals(n)))
}

fn detector(values: &[f32], n: usize, policy: DriftPolicy) -> DriftDetector {
    DriftDetector::new(&ScoreTable::new(values, n).unwrap(), policy)
}

/// False alarms among known images, by the size of the calibration set: total, and of the worst set.
///
/// The bets depend on how many scores were stored and not on their values, so one detector serves all sets.
#[test]
fn known_images_give_fewer_alarms_than_stated() {
    const SETS: usize = 20;
    const FRAMES: usize = 25_000;
    const EACH: f64 = 1_000.0;
    let mut sim = Sim::new(11);
    let mut seen = String::new();
    for n in [2_500, 5_000] {
        let fresh = detector(
            &calibrated(&mut sim, n),
            n,
            DriftPolicy::new(EACH, 1, 0.95).unwrap(),
        );
        let alarms: Vec<usize> = (0..SETS)
            .map(|_| {
                let values = calibrated(&mut sim, n);
                let table = ScoreTable::new(&values, n).unwrap();
                let mut detector = fresh;
                (0..FRAMES)
                    .filter(|_| detector.push(table.tails(sim.normal() as f32)).is_some())
                    .count()
            })
            .collect();
        let stated = FRAMES as f64 / EACH;
        let over = alarms.iter().filter(|&&a| a as f64 > stated).count();
        // The rate holds for 19 of 20 sets at least; the bound is on a mean, and no set came near it.
        assert!(over <= 1, "{alarms:?} where {stated} are stated");
        let (total, worst) = (alarms.iter().sum::<usize>(), alarms.iter().max().unwrap());
        let frames = SETS * FRAMES;
        writeln!(
            seen,
            "n {n}: {total} alarms in {frames} frames where {} are stated, {worst} of {stated} with the worst set",
            frames as f64 / EACH
        )
        .unwrap();
    }
    assert_eq!(seen, FALSE_ALARMS, "\n{seen}");
}

const FALSE_ALARMS: &str = "\
n 2500: 49 alarms in 500000 frames where 500 are stated, 6 of 25 with the worst set
n 5000: 114 alarms in 500000 frames where 500 are stated, 12 of 25 with the worst set
";

/// Frames from the shift to the alarm, at one false alarm in a million frames: the 10%, 50% and 90% quantile of 50
/// runs. A shift is in standard deviations of the score.
#[test]
fn delays_are_as_they_were() {
    const RUNS: usize = 50;
    const BEFORE: usize = 1_000;
    let shifts = [
        ("small", -0.25),
        ("medium", -0.5),
        ("strong", -1.0),
        ("extreme", -3.0),
        ("rising", 0.5),
    ];
    let mut sim = Sim::new(12);
    let mut seen = String::new();
    for n in [2_500, 5_000] {
        let fresh = detector(
            &calibrated(&mut sim, n),
            n,
            DriftPolicy::new(1e6, 1, 0.95).unwrap(),
        );
        for (name, shift) in shifts {
            let mut delays: Vec<usize> = (0..RUNS)
                .map(|_| {
                    let values = calibrated(&mut sim, n);
                    let table = ScoreTable::new(&values, n).unwrap();
                    let mut detector = fresh;
                    for _ in 0..BEFORE {
                        assert_eq!(detector.push(table.tails(sim.normal() as f32)), None);
                    }
                    let expected = if shift < 0.0 {
                        Drift::Falling
                    } else {
                        Drift::Rising
                    };
                    let mut frames = 1;
                    loop {
                        let score = (sim.normal() + shift) as f32;
                        if let Some(drift) = detector.push(table.tails(score)) {
                            assert_eq!(drift, expected);
                            break frames;
                        }
                        frames += 1;
                        assert!(frames < 100_000, "never found a shift of {shift}");
                    }
                })
                .collect();
            delays.sort_unstable();
            let [low, median, high] = [RUNS / 10, RUNS / 2, RUNS * 9 / 10].map(|i| delays[i]);
            writeln!(seen, "n {n}, {name} {shift}: {low} {median} {high}").unwrap();
        }
    }
    assert_eq!(seen, DELAYS, "\n{seen}");
}

const DELAYS: &str = "\
n 2500, small -0.25: 362 761 1314
n 2500, medium -0.5: 92 161 229
n 2500, strong -1: 28 41 55
n 2500, extreme -3: 4 6 8
n 2500, rising 0.5: 76 129 224
n 5000, small -0.25: 246 544 838
n 5000, medium -0.5: 75 129 233
n 5000, strong -1: 24 35 54
n 5000, extreme -3: 5 6 9
n 5000, rising 0.5: 72 124 217
";

/// Frames of a scene are alike: scenes of 100 frames on average, and 0.8 of the variance is the scene's.
struct Camera {
    sim: Sim,
    scene: f64,
}

impl Camera {
    fn score(&mut self) -> f32 {
        if self.sim.uniform() < 0.01 {
            self.scene = self.sim.normal();
        }
        (0.8f64.sqrt() * self.scene + 0.2f64.sqrt() * self.sim.normal()) as f32
    }
}

#[test]
fn frames_of_one_scene_break_the_rate_and_a_stride_over_scenes_restores_it() {
    const FRAMES: usize = 300_000;
    const EACH: f64 = 10_000.0;
    const N: usize = 5_000;
    let mut sim = Sim::new(13);
    let values = calibrated(&mut sim, N);
    let table = ScoreTable::new(&values, N).unwrap();
    let mut camera = Camera { sim, scene: 0.0 };
    let mut alarms = |stride| {
        let mut detector =
            DriftDetector::new(&table, DriftPolicy::new(EACH, stride, 0.95).unwrap());
        (0..FRAMES)
            .filter(|_| detector.push(table.tails(camera.score())).is_some())
            .count()
    };
    let stated = (FRAMES as f64 / EACH) as usize;
    let (all, thinned) = (alarms(1), alarms(500));
    assert!(all > 10 * stated, "{all} alarms where {stated} are stated");
    assert!(
        thinned <= stated,
        "{thinned} alarms where {stated} are stated"
    );
}

/// Mostly p-values, and whatever else a caller may hand over.
fn p_value() -> impl Strategy<Value = f64> {
    prop_oneof![9 => 1e-9f64..=1.0, 1 => any::<f64>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_p_values_keep_the_evidence_a_number_in_its_range(
        count in 1usize..20_000,
        stored in 2usize..600,
        log_frames in 1.0f64..12.0,
        assurance in 1e-6f64..0.999_999,
        tails in prop::collection::vec((p_value(), p_value()), 0..300),
    ) {
        let values = vec![1.0; stored];
        let table = ScoreTable::new(&values, count).unwrap();
        let frames = 10f64.powf(log_frames);
        let policy = DriftPolicy::new(frames, 1, assurance).unwrap();
        let mut detector = DriftDetector::new(&table, policy);
        for (lower, upper) in tails {
            let before = detector.evidence();
            let drift = detector.push(Tails { lower, upper });
            prop_assert!((0.0..1.0).contains(&detector.evidence()), "{}", detector.evidence());
            prop_assert!(drift.is_none() || detector.evidence() == 0.0);
            prop_assert!(before < 1.0);
        }
    }

    /// The mean pay over the calibration set's own slots is under 1, so evidence grows by less than 1 a frame.
    #[test]
    fn a_calibration_set_does_not_bet_against_itself(
        count in 1usize..3_000,
        stored in 2usize..600,
        conformal: bool,
    ) {
        let values: Vec<f32> = (0..stored).map(|i| i as f32).collect();
        let ranks = if conformal { Ranks::Conformal } else { Ranks::Nearest };
        let table = ScoreTable::with_ranks(&values, count, ranks).unwrap();
        let fresh = DriftDetector::new(&table, DriftPolicy::new(1e9, 1, 0.5).unwrap());
        // A new score falls in each of the count + 1 slots alike; scores between two stored ones share theirs.
        let mut mean = 0.0;
        let slots = |cell: usize| match cell {
            0 => 1,
            c if c < stored => table.rank(c) - table.rank(c - 1),
            _ => count - table.rank(stored - 1),
        };
        prop_assert_eq!((0..=stored).map(slots).sum::<usize>(), count + 1);
        for cell in (0..=stored).filter(|&c| slots(c) > 0) {
            let mut detector = fresh;
            detector.push(table.tails(cell as f32 - 0.5));
            mean += slots(cell) as f64 * detector.evidence() * 1e9 / (count + 1) as f64;
        }
        prop_assert!(mean <= 1.0 + 1e-9, "{}", mean);
    }

    #[test]
    fn only_one_frame_in_a_stride_is_looked_at(stride in 1u32..50, frames in 1usize..200) {
        let values = [0.0, 1.0];
        let table = ScoreTable::new(&values, 2_500).unwrap();
        let new = |stride| {
            let policy = DriftPolicy::new(1e9 * f64::from(stride), stride, 0.95).unwrap();
            DriftDetector::new(&table, policy)
        };
        let (mut all, mut thinned) = (new(1), new(stride));
        let tails = Tails { lower: 0.3, upper: 0.8 };
        for frame in 0..frames {
            // What is left out may be anything.
            let looked_at = frame % stride as usize == 0;
            thinned.push(if looked_at { tails } else { Tails { lower: 1e-4, upper: 1.0 } });
            if looked_at {
                all.push(tails);
            }
            prop_assert_eq!(thinned.evidence(), all.evidence());
        }
    }
}

#[test]
fn an_alarm_and_a_reset_start_again() {
    let values = [0.0, 1.0];
    let table = ScoreTable::new(&values, 5_000).unwrap();
    let mut detector = DriftDetector::new(&table, DriftPolicy::new(1e6, 1, 0.95).unwrap());
    let low = table.tails(-1.0);
    let first = (1..).find(|_| detector.push(low) == Some(Drift::Falling));
    assert_eq!(detector.evidence(), 0.0);
    detector.push(low);
    detector.reset();
    assert_eq!(detector.evidence(), 0.0);
    assert_eq!(
        (1..).find(|_| detector.push(low) == Some(Drift::Falling)),
        first
    );
}

#[test]
fn unusable_rates_are_refused() {
    use DriftError as E;
    let new = |frames, stride, assurance| DriftPolicy::new(frames, stride, assurance).unwrap_err();
    assert_eq!(new(1e6, 0, 0.95), E::Stride);
    for (frames, stride) in [
        (0.0, 1),
        (-1e6, 1),
        (1e3, 1_000),
        (f64::INFINITY, 1),
        (1e13, 1),
    ] {
        assert_eq!(new(frames, stride, 0.95), E::Frames { frames, stride });
    }
    assert!(matches!(new(f64::NAN, 1, 0.95), E::Frames { .. }));
    for assurance in [0.0, 1.0, -1.0] {
        assert_eq!(new(1e6, 1, assurance), E::Assurance(assurance));
    }
}
