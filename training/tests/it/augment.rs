//! The batched crop and flip against a loop over pixels.

use normgate_train::augment::{Batches, Crop, PAD};
use proptest::prelude::*;
use tch::{Device, Kind};

use crate::images;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_batch_is_what_a_loop_over_pixels_gives(
        picks in prop::collection::vec((0usize..40, 0..=2 * PAD, 0..=2 * PAD, any::<bool>()), 1..5),
    ) {
        let set = images().slice(0..40).unwrap();
        let batches = Batches::new(&set, set.labels().unwrap(), Device::Cpu);
        let indices: Vec<i64> = picks.iter().map(|p| p.0 as i64).collect();
        let crops: Vec<Crop> = picks.iter().map(|&(_, top, left, flip)| Crop { top, left, flip }).collect();
        let (found, labels) = batches.batch(&indices, &crops, Kind::Float);
        prop_assert_eq!(found.size(), [picks.len() as i64, 3, 32, 32]);
        for (n, &(index, top, left, flip)) in picks.iter().enumerate() {
            prop_assert_eq!(labels.int64_value(&[n as i64]), i64::from(set.labels().unwrap()[index]));
            let image = set.image(index);
            for (y, x, c) in [(0, 0, 0), (0, 31, 1), (31, 0, 2), (31, 31, 0), (13, 17, 1), (5, 28, 2)] {
                let column = if flip { 31 - x } else { x };
                let (row, column) = (y + top - PAD, column + left - PAD);
                let inside = (0..32).contains(&row) && (0..32).contains(&column);
                // Outside the picture is the exact zero of the network's input.
                let code = match inside {
                    true => f64::from(image[((row * 32 + column) * 3 + c) as usize]),
                    false => 128.0,
                };
                let expected = (code - 128.0) / 64.0;
                prop_assert_eq!(found.double_value(&[n as i64, c, y, x]), expected);
            }
        }
    }
}
