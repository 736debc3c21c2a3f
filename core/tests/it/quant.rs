use normgate_core::{QuantError, QuantParams};
use proptest::prelude::*;

fn params() -> impl Strategy<Value = QuantParams> {
    (1e-6f32..1e3, 0i32..=255).prop_map(|(s, z)| QuantParams::new(s, z).unwrap())
}

proptest! {
    #[test]
    fn every_code_survives_the_round_trip(p in params()) {
        for q in 0..=255 {
            prop_assert_eq!(p.quantize_u8(p.dequantize(q)), q);
        }
        prop_assert_eq!(p.dequantize(p.zero_point as u8), 0.0);
    }

    #[test]
    fn a_real_inside_the_range_moves_by_half_a_step_at_most(p in params(), share in 0.0f32..=1.0) {
        let (low, high) = (p.dequantize(0), p.dequantize(255));
        let real = low + share * (high - low);
        let back = p.dequantize(p.quantize_u8(real));
        prop_assert!((back - real).abs() <= p.scale * 0.5001, "{} to {} by {:?}", real, back, p);
    }

    #[test]
    fn order_is_kept_and_any_real_has_a_code(p in params(), a: f32, b: f32) {
        prop_assume!(!a.is_nan() && !b.is_nan());
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        prop_assert!(p.quantize_u8(low) <= p.quantize_u8(high));
    }
}

#[test]
fn halves_go_to_the_even_code() {
    let p = QuantParams::new(2.0, 10).unwrap();
    let codes = [-3.0, -1.0, 1.0, 3.0, 5.0].map(|r| p.quantize_u8(r));
    assert_eq!(codes, [8, 10, 10, 12, 12]);
}

#[test]
fn outside_of_the_range_saturates_and_nan_is_zero() {
    let p = QuantParams::new(1.0 / 64.0, 128).unwrap();
    assert_eq!(p.quantize_u8(f32::INFINITY), 255);
    assert_eq!(p.quantize_u8(f32::NEG_INFINITY), 0);
    assert_eq!(p.quantize_u8(f32::MAX), 255);
    assert_eq!(p.quantize_u8(f32::NAN), 128);
}

#[test]
fn unusable_parameters_are_refused() {
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert!(matches!(
            QuantParams::new(scale, 0),
            Err(QuantError::Scale(_))
        ));
    }
    for zero_point in [-1, 256, i32::MIN, i32::MAX] {
        assert_eq!(
            QuantParams::new(1.0, zero_point),
            Err(QuantError::ZeroPoint(zero_point))
        );
    }
}
