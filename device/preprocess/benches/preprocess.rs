//! Camera's bytes to the model's pixels, for each format and size; `portable` without the processor's own instructions.

use criterion::{Criterion, criterion_group, criterion_main};
use normgate_core::{Fit, PreprocessSpec};
use normgate_frame::{ColorSpace, Picture, PixelFormat};
use normgate_preprocess::Preprocessor;

fn preprocess(criterion: &mut Criterion) {
    let spec = PreprocessSpec::new(32, 32, Fit::CenterCrop);
    let mut out = vec![0; spec.input_len()];
    for (width, height) in [(640, 480), (1280, 720)] {
        for format in PixelFormat::UNCOMPRESSED {
            let stride = format.row_len(width);
            let len = format.len(width, height, stride).unwrap().unwrap();
            let bytes: Vec<u8> = (0..len).map(|i| (i * i / 7) as u8).collect();
            let picture = Picture::new(
                format,
                ColorSpace::default(),
                (width, height),
                stride,
                &bytes,
            )
            .unwrap();
            for (kind, mut preprocessor) in [
                ("dispatched", Preprocessor::new(spec)),
                ("portable", Preprocessor::portable(spec)),
            ] {
                let name = format!("{}/{width}x{height}/{kind}", format.name());
                criterion.bench_function(&name, |bencher| {
                    bencher.iter(|| preprocessor.run(&picture, &mut out).unwrap());
                });
            }
        }
    }
    let pixels = vec![7; spec.input_len()];
    let mut preprocessor = Preprocessor::new(spec);
    criterion.bench_function("rgb24/32x32", |bencher| {
        bencher.iter(|| preprocessor.run_rgb(32, 32, &pixels, &mut out).unwrap());
    });
}

criterion_group!(benches, preprocess);
criterion_main!(benches);
