//! The same tests for each instruction set, against the definition.

use proptest::prelude::*;

use super::{AddParams, Affine, Kernels};
use crate::code::Code;
use crate::conv::{Axis, Packed, Padding, Spec};

/// Small xorshift generator: data from a seed that proptest chooses.
struct Bits(u64);

impl Bits {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn byte(&mut self, extreme: bool) -> u8 {
        let bits = self.next() >> 24;
        if extreme {
            [0, 255, 128, 127][bits as usize % 4]
        } else {
            bits as u8
        }
    }
}

fn value(byte: u8, code: Code) -> i32 {
    if code == Code::S8 {
        byte as i8 as i32
    } else {
        byte as i32
    }
}

/// The definition of the operator, term by term, with no packing and no folding.
fn reference(spec: &Spec, input: &[u8]) -> Vec<u8> {
    let (y, x) = (&spec.y, &spec.x);
    let (group_inputs, group_outputs) = (spec.inputs / spec.group, spec.outputs / spec.group);
    let (least, greatest) = spec.output.0.range();
    let mut codes = Vec::new();
    for (row, column, o) in itertools(y.output, x.output, spec.outputs) {
        let mut sum = spec.bias[o] as i64;
        for (c, ky, kx) in itertools(group_inputs, y.kernel, x.kernel) {
            let at_y = (row * y.stride + ky * y.dilation).wrapping_sub(y.before);
            let at_x = (column * x.stride + kx * x.dilation).wrapping_sub(x.before);
            if at_y < y.input && at_x < x.input {
                let channel = o / group_outputs * group_inputs + c;
                let byte = input[(at_y * x.input + at_x) * spec.inputs + channel];
                let weight = spec.weights[((o * group_inputs + c) * y.kernel + ky) * x.kernel + kx];
                sum += (value(byte, spec.input.0) - spec.input.1) as i64 * weight as i64;
            }
        }
        let real = (sum as i32 as f32 * spec.multipliers[o]).round_ties_even();
        codes.push((real as i64 + spec.output.1 as i64).clamp(least as i64, greatest as i64) as u8);
    }
    codes
}

fn itertools(a: usize, b: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k))))
}

fn code() -> impl Strategy<Value = (Code, i32)> {
    prop_oneof![
        (0i32..256).prop_map(|zero| (Code::U8, zero)),
        (-128i32..128).prop_map(|zero| (Code::S8, zero)),
    ]
}

fn axis() -> impl Strategy<Value = Axis> {
    (
        1usize..20,
        1usize..5,
        1usize..4,
        1usize..3,
        0usize..4,
        0usize..4,
    )
        .prop_filter_map(
            "the window has to fit",
            |(input, kernel, stride, dilation, before, after)| {
                let padding = Padding::Explicit { before, after };
                Axis::new("width", input, kernel, stride, dilation, padding).ok()
            },
        )
}

/// Groups, inputs and outputs of a group; depthwise more often than chance would have it.
fn channels() -> impl Strategy<Value = (usize, usize, usize)> {
    prop_oneof![
        3 => (Just(1usize), 1usize..40, 1usize..70),
        1 => (2usize..5, 1usize..6, 1usize..20),
        1 => (2usize..40, Just(1), Just(1)),
    ]
}

fn case() -> impl Strategy<Value = (Spec, Vec<u8>)> {
    let scale = prop_oneof![Just(0.5f32), Just(1.0), 1.0e-4f32..0.01];
    (
        axis(),
        axis(),
        channels(),
        code(),
        code(),
        scale,
        any::<u64>(),
        any::<bool>(),
    )
        .prop_map(
            |(y, x, (group, group_inputs, group_outputs), input, output, scale, seed, extreme)| {
                let (inputs, outputs) = (group * group_inputs, group * group_outputs);
                let mut bits = Bits(seed | 1);
                let image = (0..y.input * x.input * inputs)
                    .map(|_| bits.byte(extreme))
                    .collect();
                let weights = (0..outputs * group_inputs * y.kernel * x.kernel)
                    .map(|_| bits.byte(extreme) as i8)
                    .collect();
                let bias = (0..outputs).map(|_| bits.next() as i32 >> 12).collect();
                let multipliers = (0..outputs)
                    .map(|_| scale * (1 + bits.byte(false) as i32 % 3) as f32)
                    .collect();
                let spec = Spec {
                    y,
                    x,
                    group,
                    inputs,
                    outputs,
                    input,
                    output,
                    weights,
                    bias,
                    multipliers,
                };
                (spec, image)
            },
        )
}

fn convolve(kernels: &Kernels, spec: &Spec, image: &[u8]) -> Vec<u8> {
    let mut output = vec![0; spec.y.output * spec.x.output * spec.outputs];
    // What an earlier layer left in the scratch must not matter.
    let mut scratch = vec![0xa5; 64];
    Packed::new(spec)
        .unwrap()
        .run(kernels, image, &mut output, &mut scratch)
        .unwrap();
    output
}

/// Both fused steps in exact rational arithmetic would be slow; f64 holds each product of a
/// byte and an f32 exactly, and `mul_add` on f32 is itself correctly rounded by definition.
fn add_reference(a: i32, b: i32, [p, q, r]: [Affine; 3], (least, greatest): (i32, i32)) -> i32 {
    let (ratio_a, ratio_b) = (p.scale / r.scale, q.scale / r.scale);
    let zero = f32::mul_add(ratio_a, p.zero_point as f32, ratio_b * q.zero_point as f32);
    let inner = f32::mul_add(b as f32, ratio_b, r.zero_point as f32 - zero);
    let sum = f32::mul_add(a as f32, ratio_a, inner);
    (sum.round_ties_even() as i64).clamp(least as i64, greatest as i64) as i32
}

fn check_add(kernels: &Kernels, code: Code, affine: [Affine; 3]) -> Result<(), TestCaseError> {
    let params = AddParams::new(affine[0], affine[1], affine[2]).unwrap();
    let a: Vec<u8> = (0..65_536u32).map(|i| (i >> 8) as u8).collect();
    let b: Vec<u8> = (0..65_536u32).map(|i| i as u8).collect();
    let add = if code == Code::U8 {
        kernels.add_u8
    } else {
        kernels.add_s8
    };
    // A length that is no whole number of vectors, too.
    for len in [65_536, 65_525] {
        let mut codes = vec![0; len];
        add(&params, &a[..len], &b[..len], &mut codes);
        for i in 0..len {
            let (a, b) = (value(a[i], code), value(b[i], code));
            let expected = add_reference(a, b, affine, code.range());
            prop_assert_eq!(value(codes[i], code), expected, "{} + {}", a, b);
        }
    }
    Ok(())
}

macro_rules! kernel_tests {
    ($set:ident, $kernels:expr) => {
        mod $set {
            use super::*;

            /// `None`, with a word on standard error, where this processor cannot run them.
            fn kernels() -> Option<&'static Kernels> {
                let kernels = $kernels;
                if kernels.is_none() {
                    eprintln!("skipped: no {} here", stringify!($set));
                }
                kernels
            }

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(200))]

                #[test]
                fn convolution_is_the_definition((spec, image) in case()) {
                    if let Some(kernels) = kernels() {
                        prop_assert_eq!(convolve(kernels, &spec, &image), reference(&spec, &image));
                    }
                }
            }

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(24))]

                #[test]
                fn add_is_the_definition_on_all_pairs(
                    scales in prop::array::uniform3(prop_oneof![
                        Just(0.25f32), Just(0.5), 1.0e-3f32..1.0,
                    ]),
                    zeros in prop::array::uniform3(0i32..256),
                    signed in any::<bool>(),
                ) {
                    if let Some(kernels) = kernels() {
                        let code = if signed { Code::S8 } else { Code::U8 };
                        let affine = std::array::from_fn(|i| Affine {
                            scale: scales[i],
                            zero_point: zeros[i] + code.range().0,
                        });
                        check_add(kernels, code, affine)?;
                    }
                }
            }
        }
    };
}

kernel_tests!(portable, Some(&crate::kernels::portable::KERNELS));
#[cfg(target_arch = "x86_64")]
kernel_tests!(avx2, crate::kernels::avx2::kernels());
#[cfg(target_arch = "x86_64")]
kernel_tests!(avx512, crate::kernels::avx512::kernels());
#[cfg(target_arch = "x86_64")]
kernel_tests!(avx512vnni, crate::kernels::avx512vnni::kernels());
