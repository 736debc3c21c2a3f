use normgate_core::{Fit, PreprocessSpec, QuantParams, SpecError};

#[test]
fn every_pixel_already_is_its_own_code() {
    let spec = PreprocessSpec::new(32, 24, Fit::CenterCrop);
    let quant = spec.input_quant().unwrap();
    assert_eq!(
        quant,
        QuantParams {
            scale: 1.0 / 64.0,
            zero_point: 128
        }
    );
    for pixel in 0..=255u8 {
        let real = (f32::from(pixel) - spec.mean) / spec.std;
        assert_eq!(quant.quantize_u8(real), pixel);
        assert_eq!(quant.dequantize(pixel), real);
    }
    assert_eq!(spec.input_len(), 32 * 24 * 3);
}

#[test]
fn fields_out_of_range_are_refused() {
    let good = PreprocessSpec::new(32, 32, Fit::Stretch);
    assert_eq!(good.check(), Ok(()));
    for side in [0, 4097, u32::MAX] {
        let want = Err(SpecError::Side {
            width: side,
            height: 32,
        });
        assert_eq!(
            PreprocessSpec {
                width: side,
                ..good
            }
            .check(),
            want
        );
        assert!(
            PreprocessSpec {
                height: side,
                ..good
            }
            .check()
            .is_err()
        );
    }
    for mean in [127.5, -1.0, 256.0, f32::NAN, f32::INFINITY] {
        let spec = PreprocessSpec { mean, ..good };
        assert!(matches!(spec.check(), Err(SpecError::Mean(_))), "{mean}");
    }
    for std in [0.0, -64.0, f32::NAN, f32::INFINITY, 1e-45] {
        let spec = PreprocessSpec { std, ..good };
        assert!(matches!(spec.check(), Err(SpecError::Std(_))), "{std}");
    }
}

#[test]
fn fit_names_are_read_back_and_others_refused() {
    for fit in Fit::ALL {
        assert_eq!(Fit::parse(fit.name()), Ok(fit));
        assert_eq!(fit.to_string(), fit.name());
    }
    assert_eq!(Fit::parse("crop"), Err(SpecError::FitName));
}
