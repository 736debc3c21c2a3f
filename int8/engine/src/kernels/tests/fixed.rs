//! Cases that are the same on every machine.

use super::*;
use crate::code::Code;
use crate::geometry::Padding;

/// Of all codes that [`digest`] makes, by any kernels on any processor.
const DIGEST: u64 = 0xebc1_4fbb_e244_1f71;

/// Fails unless these kernels make the codes that all others make.
pub(super) fn check_digest(kernels: &Kernels) {
    let found = digest(kernels);
    assert_eq!(found, DIGEST, "{kernels:?}: {found:#x}");
    // For scripts/test-aarch64.
    eprintln!("ran: {kernels:?}");
}

/// FNV-1a.
fn digest(kernels: &Kernels) -> u64 {
    let mut bits = Bits(0x9e37_79b9_7f4a_7c15);
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |codes: &[u8]| {
        for code in codes {
            hash = (hash ^ *code as u64).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for _ in 0..200 {
        add(&convolve(kernels, &random(&mut bits)));
    }
    let a: Vec<u8> = (0..65_536).map(|i| (i >> 8) as u8).collect();
    let b: Vec<u8> = (0..65_536).map(|i| i as u8).collect();
    let mut codes = vec![0; a.len()];
    for _ in 0..4 {
        (kernels.add)(&add_params(&mut bits), &a, &b, &mut codes);
        add(&codes);
    }
    hash
}

/// `from` to `to`.
fn pick(bits: &mut Bits, from: usize, to: usize) -> usize {
    from + (bits.next() >> 16) as usize % (to - from + 1)
}

fn random_axis(bits: &mut Bits) -> Axis {
    loop {
        let (input, kernel) = (pick(bits, 1, 16), pick(bits, 1, 4));
        let (stride, dilation) = (pick(bits, 1, 3), pick(bits, 1, 2));
        let (before, after) = (pick(bits, 0, 2), pick(bits, 0, 2));
        let padding = Padding::Explicit { before, after };
        if let Ok(axis) = Axis::new("width", input, kernel, stride, dilation, padding) {
            return axis;
        }
    }
}

fn add_params(bits: &mut Bits) -> AddParams {
    let mut affine = || Affine {
        scale: pick(bits, 1, 16) as f32 / 64.0,
        zero_point: pick(bits, 0, 255) as i32 - 128,
    };
    AddParams::new(affine(), affine(), affine(), Code::S8).unwrap()
}

fn random(bits: &mut Bits) -> Case {
    let (y, x) = (random_axis(bits), random_axis(bits));
    let (group, inputs, outputs) = match pick(bits, 0, 5) {
        0 => (pick(bits, 2, 4), pick(bits, 1, 5), pick(bits, 1, 9)),
        1 | 2 => (pick(bits, 2, 70), 1, 1),
        _ => (1, pick(bits, 1, 36), pick(bits, 1, 70)),
    };
    let residual = pick(bits, 0, 1) == 1;
    case_of(bits, (y, x), (group, inputs, outputs), residual)
}

/// Groups, inputs of a group and outputs of a group.
fn case_of(
    bits: &mut Bits,
    (y, x): (Axis, Axis),
    (group, group_inputs, group_outputs): (usize, usize, usize),
    residual: bool,
) -> Case {
    let (inputs, outputs) = (group * group_inputs, group * group_outputs);
    let extreme = pick(bits, 0, 3) == 0;
    let taps = y.kernel * x.kernel;
    let mut bytes = |count: usize| (0..count).map(|_| bits.byte(extreme)).collect::<Vec<_>>();
    let weights = bytes(outputs * group_inputs * taps);
    let image = bytes(y.input * x.input * inputs);
    let other = bytes(y.output * x.output * outputs);
    let spec = ConvSpec {
        group,
        inputs,
        outputs,
        input_zero: pick(bits, 0, 255) as i32,
        output_zero: pick(bits, 0, 255) as i32,
        weights: weights.into_iter().map(|w| w as i8).collect(),
        bias: (0..outputs).map(|_| bits.next() as i32 >> 12).collect(),
        multipliers: (0..outputs)
            .map(|_| pick(bits, 1, 64) as f32 / 4096.0)
            .collect(),
        y,
        x,
    };
    spec.check().unwrap();
    let residual = (residual && !spec.is_depthwise())
        .then(|| (add_params(bits), pick(bits, 0, 1) == 1, other));
    let extra = Halo {
        above: pick(bits, 0, 2),
        left: pick(bits, 0, 2),
        below: pick(bits, 0, 2),
        right: pick(bits, 0, 2),
    };
    Case {
        spec,
        image,
        residual,
        extra,
    }
}

/// Images of which one row, or the windows of one pixel, are more than a cache or a kernel's own memory holds.
pub(super) fn check_large(kernels: &Kernels) {
    // Rows, columns, channels; kernel, stride, dilation; outputs.
    for [rows, columns, channels, kernel, stride, dilation, outputs] in [
        [2, 90, 64, 3, 1, 1, 5],
        [19, 31, 48, 1, 1, 1, 18],
        [5, 401, 24, 1, 2, 1, 9],
        [1, 6, 2400, 3, 1, 1, 4],
        [2, 40, 32, 9, 1, 2, 3],
        [1, 4, 6000, 3, 1, 1, 2],
    ] {
        let axis = |input| {
            let pad = kernel / 2 * dilation;
            let padding = Padding::Explicit {
                before: pad,
                after: pad,
            };
            Axis::new("width", input, kernel, stride, dilation, padding).unwrap()
        };
        let axes = (axis(rows), axis(columns));
        let case = case_of(&mut Bits(7), axes, (1, channels, outputs), true);
        // Not by `assert_eq`, which would print them.
        assert!(convolve(kernels, &case) == reference(&case), "{:?}", axes);
    }
}

/// Weights all alike, at the edges of what 16 bits hold of the products of one, two or three of them and the least or
/// the greatest code.
pub(super) fn check_edges(kernels: &Kernels) {
    let axis = || {
        let padding = Padding::Explicit {
            before: 1,
            after: 1,
        };
        Axis::new("width", 6, 3, 1, 1, padding).unwrap()
    };
    for weight in [64, 65, 85, 86, 127, -85, -86, -127, -128] {
        for code in [0, 255] {
            for shape in [(1, 32, 5), (20, 1, 1)] {
                let mut case = case_of(&mut Bits(7), (axis(), axis()), shape, false);
                case.spec.weights = vec![weight; case.spec.weights.len()].into();
                case.image.fill(code);
                assert_eq!(convolve(kernels, &case), reference(&case), "{weight}");
            }
        }
    }
}
