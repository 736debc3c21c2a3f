//! The pools against their definition, on random images in buffers with gaps.

use proptest::prelude::*;

use super::*;
use crate::add::Affine;
use crate::code::Code;
use crate::geometry::Padding;
use crate::graph::Op;
use crate::testing::{image, place, take};
use crate::view::View;

fn axis() -> impl Strategy<Value = Axis> {
    let padding = prop_oneof![
        3 => (0usize..4, 0usize..4).prop_map(|(before, after)| Padding::Explicit { before, after }),
        1 => Just(Padding::SameUpper),
        1 => Just(Padding::SameLower),
    ];
    (
        1usize..12,
        1usize..5,
        1usize..5,
        1usize..3,
        padding,
        any::<bool>(),
    )
        .prop_filter_map(
            "the window has to fit",
            |(input, kernel, stride, dilation, padding, ceil)| {
                pool_axis("width", input, kernel, stride, dilation, padding, ceil).ok()
            },
        )
}

fn affine(code: Code) -> impl Strategy<Value = Affine> {
    let scale = prop_oneof![Just(0.25f32), Just(0.5), 0.01f32..1.0];
    (scale, 0i32..256).prop_map(move |(scale, zero)| Affine {
        scale,
        zero_point: zero - code.offset(),
    })
}

fn codes() -> impl Strategy<Value = (Code, [Affine; 2])> {
    prop_oneof![Just(Code::U8), Just(Code::S8)]
        .prop_flat_map(|code| (Just(code), [affine(code), affine(code)]))
}

/// The codes in each window that are not in the pads, row by row; one list an output, channels last.
fn windows(w: &Windows, image: &[u8], channels: usize) -> Vec<Vec<u8>> {
    let taps = |axis: &Axis, output: usize| -> Vec<usize> {
        (0..axis.kernel)
            .map(|k| output * axis.stride + k * axis.dilation)
            .filter(|at| (axis.before..axis.before + axis.input).contains(at))
            .map(|at| at - axis.before)
            .collect()
    };
    let mut lists = Vec::new();
    for row in 0..w.y.output {
        for column in 0..w.x.output {
            for channel in 0..channels {
                let mut list = Vec::new();
                for y in taps(&w.y, row) {
                    for x in taps(&w.x, column) {
                        list.push(image[(y * w.x.input + x) * channels + channel]);
                    }
                }
                lists.push(list);
            }
        }
    }
    lists
}

/// Runs `pool` between buffers with halos; the output's image.
fn run(
    from: Shape,
    to: Shape,
    codes: &[u8],
    pool: impl Fn(&[u8], &View, &mut [u8], &View),
) -> Vec<u8> {
    let (input, from) = place(codes, from, 1, 200);
    let (mut output, to) = place(&vec![0; to.codes()], to, 2, 9);
    pool(&input, &from, &mut output, &to);
    take(&output, &to, 9)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn max_pool_is_the_definition(
        y in axis(), x in axis(), channels in 1usize..40, seed in any::<u64>(),
    ) {
        let w = Windows { y, x };
        let from = Shape { rows: y.input, columns: x.input, channels };
        let to = w.output_shape(from).unwrap();
        let image = image(from, seed);
        let found = run(from, to, &image, |a, b, c, d| max_pool(&w, a, b, c, d));
        for (code, list) in found.into_iter().zip(windows(&w, &image, channels)) {
            prop_assert_eq!(code, list.into_iter().max().unwrap_or(0));
        }
    }

    #[test]
    fn average_pool_is_the_definition(
        y in axis(), x in axis(), channels in prop_oneof![1usize..20, 60usize..140],
        count_all in any::<bool>(), (code, [input, output]) in codes(), seed in any::<u64>(),
    ) {
        let one = |axis: Axis| axis.dilation == 1;
        prop_assume!(one(y) && one(x));
        let w = Windows { y, x };
        let from = Shape { rows: y.input, columns: x.input, channels };
        let to = w.output_shape(from).unwrap();
        let image = image(from, seed);
        let signed = |byte: u8| byte as i32 - code.offset();
        let (low, high) = code.range();
        let lists = windows(&w, &image, channels);
        match average_pool(w, count_all, input, output, code).unwrap() {
            Op::AveragePool(pool) => {
                let found = run(from, to, &image, |a, b, c, d| pool.run(a, b, c, d));
                for (byte, list) in found.into_iter().zip(lists) {
                    let taps = if count_all { y.kernel * x.kernel } else { list.len() };
                    let mut sum = 0f32;
                    for x in list {
                        sum += input.scale * (signed(x) - input.zero_point) as f32;
                    }
                    let real = sum / taps as f32 / output.scale + output.zero_point as f32;
                    let expected = (real.round_ties_even() as i64).clamp(low as i64, high as i64);
                    prop_assert_eq!(signed(byte) as i64, expected);
                }
            }
            Op::GlobalAveragePool(_) => {
                prop_assert_eq!((to.rows, to.columns), (1, 1));
                prop_assert!(lists.iter().all(|list| list.len() == from.rows * from.columns));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn global_average_pool_is_the_definition(
        rows in 1usize..12, columns in 1usize..12, channels in prop_oneof![1usize..20, 60usize..140],
        (code, [input, output]) in codes(), seed in any::<u64>(),
    ) {
        let from = Shape { rows, columns, channels };
        let to = Shape { rows: 1, columns: 1, channels };
        let image = image(from, seed);
        let pool = GlobalAveragePool::new(from, input, output, code).unwrap();
        let found = run(from, to, &image, |a, b, c, d| pool.run(a, b, c, d));
        let pixels = (rows * columns) as f32;
        let (low, high) = code.range();
        for (channel, byte) in found.into_iter().enumerate() {
            let sum: i32 = image[channel..]
                .iter()
                .step_by(channels)
                .map(|x| *x as i32 - code.offset() - input.zero_point)
                .sum();
            let real = (sum as f32 * (input.scale / (output.scale * pixels))).round_ties_even();
            let expected = (real as i64 + output.zero_point as i64).clamp(low as i64, high as i64);
            prop_assert_eq!(byte as i64 - code.offset() as i64, expected);
        }
    }
}

#[test]
fn scales_out_of_range_are_refused() {
    let affine = |scale| Affine {
        scale,
        zero_point: 0,
    };
    let image = |rows| Shape {
        rows,
        columns: 4,
        channels: 1,
    };
    let global = |rows, input, output| {
        GlobalAveragePool::new(image(rows), affine(input), affine(output), Code::U8).is_ok()
    };
    assert!(global(4, 1.0, 1.0));
    assert!(!global(4, 4096.0, 1.0));
    assert!(!global(4, 1.0e-10, 1.0));
    assert!(!global(4, f32::MAX, f32::MIN_POSITIVE));
    assert!(!global(1 << 22, 1.0, 1.0));
    let none = Padding::Explicit {
        before: 0,
        after: 0,
    };
    let axis = pool_axis("width", 4, 2, 1, 1, none, false).unwrap();
    let average = |input, output| {
        let w = Windows { y: axis, x: axis };
        average_pool(w, false, affine(input), affine(output), Code::U8).is_ok()
    };
    assert!(average(1.0, 1.0));
    assert!(!average(1.0e7, 1.0));
    assert!(!average(1.0e37, 1.0e37));
}
