//! The same tests for each instruction set, against the definition.

mod fixed;

use proptest::prelude::*;

use super::{Isa, Kernels};
use crate::add::{AddParams, Affine};
use crate::code::Code;
use crate::conv::{ConvSpec, Dense, Depthwise, Residual};
use crate::geometry::{Axis, Padding, halo};
use crate::view::{Halo, Shape, View};

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

    fn weight(&mut self, kind: Weights) -> i8 {
        let byte = self.byte(kind == Weights::Extreme);
        match kind {
            // Two of these add up to just what 16 bits hold of their products, or to just more.
            Weights::Halves => [0, 0, 0, 0, 0, 64, -64, 65][byte as usize % 8],
            Weights::Any | Weights::Extreme => byte as i8,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Weights {
    Any,
    Extreme,
    Halves,
}

/// A convolution, its image, and the other operand of an add after it.
#[derive(Clone, Debug)]
struct Case {
    spec: ConvSpec,
    image: Vec<u8>,
    residual: Option<(AddParams, bool, Vec<u8>)>,
    /// Pixels around the images that no one has asked for.
    extra: Halo,
}

/// The definition of the operator, term by term, with no packing and no folding.
fn reference(case: &Case) -> Vec<u8> {
    let spec = &case.spec;
    let (y, x) = (&spec.y, &spec.x);
    let (group_inputs, group_outputs) = (spec.inputs / spec.group, spec.outputs / spec.group);
    let mut codes = Vec::new();
    for (row, column, o) in triples(y.output, x.output, spec.outputs) {
        let mut sum = spec.bias[o] as i64;
        for (c, ky, kx) in triples(group_inputs, y.kernel, x.kernel) {
            let at_y = (row * y.stride + ky * y.dilation).wrapping_sub(y.before);
            let at_x = (column * x.stride + kx * x.dilation).wrapping_sub(x.before);
            if at_y < y.input && at_x < x.input {
                let channel = o / group_outputs * group_inputs + c;
                let byte = case.image[(at_y * x.input + at_x) * spec.inputs + channel];
                let weight = spec.weights[((o * group_inputs + c) * y.kernel + ky) * x.kernel + kx];
                sum += (byte as i64 - spec.input_zero as i64) * weight as i64;
            }
        }
        let real = (sum as i32 as f32 * spec.multipliers[o]).round_ties_even();
        let code = (real as i64 + spec.output_zero as i64).clamp(0, 255) as u8;
        codes.push(match &case.residual {
            None => code,
            Some((params, false, other)) => params.code(code, other[codes.len()]),
            Some((params, true, other)) => params.code(other[codes.len()], code),
        });
    }
    codes
}

fn triples(a: usize, b: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k))))
}

/// Random cases of a test; NORMGATE_TEST_CASES makes them fewer where an emulator or Miri runs them.
fn cases(usual: u32) -> u32 {
    let most = std::env::var("NORMGATE_TEST_CASES");
    let most = most.map_or(usual, |n| {
        n.parse().expect("NORMGATE_TEST_CASES is a number")
    });
    usual.min(most)
}

/// Miri takes seconds for what the processor does in microseconds.
const fn small(least: usize, usual: usize) -> usize {
    if cfg!(miri) { least } else { usual }
}

fn axis() -> impl Strategy<Value = Axis> {
    (
        1usize..small(4, 20),
        prop_oneof![1usize..5, Just(3)],
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
        3 => (Just(1usize), 1usize..small(4, 40), 1usize..small(18, 130)),
        1 => (2usize..small(3, 5), 1usize..6, 1usize..small(5, 20)),
        2 => (2usize..small(18, 140), Just(1), Just(1)),
    ]
}

fn affine(code: Code) -> impl Strategy<Value = Affine> {
    let scale = prop_oneof![Just(0.25f32), Just(0.5), 1.0e-3f32..1.0];
    (scale, 0i32..256).prop_map(move |(scale, zero)| Affine {
        scale,
        zero_point: zero - code.offset(),
    })
}

fn add_params() -> impl Strategy<Value = AddParams> {
    prop_oneof![Just(Code::U8), Just(Code::S8)].prop_flat_map(|code| {
        (affine(code), affine(code), affine(code))
            .prop_map(move |(a, b, c)| AddParams::new(a, b, c, code).unwrap())
    })
}

fn case() -> impl Strategy<Value = Case> {
    let scale = prop_oneof![Just(0.5f32), Just(1.0), 1.0e-4f32..0.01];
    let zeros = (0i32..256, 0i32..256);
    let residual = prop::option::of((add_params(), any::<bool>()));
    let extra = prop::array::uniform4(0usize..3);
    let kinds = prop_oneof![
        Just(Weights::Any),
        Just(Weights::Extreme),
        Just(Weights::Halves)
    ];
    (
        axis(),
        axis(),
        channels(),
        zeros,
        scale,
        any::<u64>(),
        (any::<bool>(), kinds),
        residual,
        extra,
    )
        .prop_map(
            |(
                y,
                x,
                (group, group_inputs, group_outputs),
                zeros,
                scale,
                seed,
                (extreme, kind),
                residual,
                extra,
            )| {
                let (inputs, outputs) = (group * group_inputs, group * group_outputs);
                let mut bits = Bits(seed | 1);
                let mut bytes = |count| (0..count).map(|_| bits.byte(extreme)).collect::<Vec<u8>>();
                let image = bytes(y.input * x.input * inputs);
                let other = bytes(y.output * x.output * outputs);
                let weights = (0..outputs * group_inputs * y.kernel * x.kernel)
                    .map(|_| bits.weight(kind))
                    .collect();
                let bias = (0..outputs).map(|_| bits.next() as i32 >> 12).collect();
                let multipliers = (0..outputs)
                    .map(|_| scale * (1 + bits.next() % 3) as f32)
                    .collect();
                let [above, left, below, right] = extra;
                let spec = ConvSpec {
                    y,
                    x,
                    group,
                    inputs,
                    outputs,
                    input_zero: zeros.0,
                    output_zero: zeros.1,
                    weights,
                    bias,
                    multipliers,
                };
                spec.check().unwrap();
                // A depthwise convolution has no fused add.
                let residual = residual.filter(|_| !spec.is_depthwise());
                Case {
                    spec,
                    image,
                    residual: residual.map(|(params, swapped)| (params, swapped, other)),
                    extra: Halo {
                        above,
                        left,
                        below,
                        right,
                    },
                }
            },
        )
}

/// A buffer with an image and nothing but `fill` around it.
fn place(image: &[u8], shape: Shape, halo: Halo, fill: u8) -> (Vec<u8>, View) {
    let view = View::with_halo(shape, halo);
    let mut buffer = vec![fill; halo.buffer_len(shape).unwrap()];
    let row = shape.columns * shape.channels;
    for (i, codes) in image.chunks_exact(row).enumerate() {
        buffer[view.at(i, 0)..][..row].copy_from_slice(codes);
    }
    (buffer, view)
}

const UNTOUCHED: u8 = 0xa5;

fn convolve(kernels: &Kernels, case: &Case) -> Vec<u8> {
    let spec = &case.spec;
    let shape = Shape {
        rows: spec.y.input,
        columns: spec.x.input,
        channels: spec.inputs,
    };
    let around = halo(&spec.y, &spec.x).union(case.extra);
    let (input, input_view) = place(&case.image, shape, around, spec.input_zero as u8);
    let shape = spec.output_shape();
    let blank = vec![0; shape.codes()];
    let (mut output, output_view) = place(&blank, shape, case.extra, UNTOUCHED);
    let swapped_halo = Halo {
        left: case.extra.right,
        ..case.extra
    };
    let other = case.residual.as_ref().map(|(params, swapped, other)| {
        let (other, view) = place(other, shape, swapped_halo, UNTOUCHED);
        (
            other,
            Residual {
                view,
                params: *params,
                swapped: *swapped,
            },
        )
    });
    if spec.is_depthwise() {
        let conv = Depthwise::new(spec, kernels, &input_view, &output_view);
        (kernels.depthwise)(&conv, &input, &mut output);
    } else {
        let residual = other.as_ref().map(|(_, residual)| residual);
        for conv in Dense::new(spec, kernels, &input_view, &output_view, residual) {
            let other = other.as_ref().map_or(&[][..], |(other, _)| other);
            (kernels.dense)(&conv, &input, &mut output, other);
        }
    }
    // The image is taken out; what is left must be as it was.
    let mut codes = Vec::new();
    let row = shape.columns * shape.channels;
    for i in 0..shape.rows {
        let at = output_view.at(i, 0);
        codes.extend_from_slice(&output[at..at + row]);
        output[at..at + row].fill(UNTOUCHED);
    }
    assert!(
        output.iter().all(|byte| *byte == UNTOUCHED),
        "written outside of the image"
    );
    codes
}

/// `mul_add` on f32 is correctly rounded by definition, and so is each step here.
fn add_reference(a: i32, b: i32, [p, q, r]: [Affine; 3], (least, greatest): (i32, i32)) -> i32 {
    let (ratio_a, ratio_b) = (p.scale / r.scale, q.scale / r.scale);
    let zero = f32::mul_add(ratio_a, p.zero_point as f32, ratio_b * q.zero_point as f32);
    let inner = f32::mul_add(b as f32, ratio_b, r.zero_point as f32 - zero);
    let sum = f32::mul_add(a as f32, ratio_a, inner);
    (sum.round_ties_even() as i64).clamp(least as i64, greatest as i64) as i32
}

fn check_add(kernels: &Kernels, code: Code, affine: [Affine; 3]) -> Result<(), TestCaseError> {
    let params = AddParams::new(affine[0], affine[1], affine[2], code).unwrap();
    let pairs = small(90, 65_536) as u32;
    let spread = 65_536 / pairs;
    let a: Vec<u8> = (0..pairs).map(|i| ((i * spread) >> 8) as u8).collect();
    let b: Vec<u8> = (0..pairs).map(|i| (i * spread) as u8).collect();
    // A length that is no whole number of vectors, too.
    for len in [a.len(), a.len() - 11] {
        let mut codes = vec![0; len];
        (kernels.add)(&params, &a[..len], &b[..len], &mut codes);
        for i in 0..len {
            let signed = |byte: u8| byte as i32 - code.offset();
            let expected = add_reference(signed(a[i]), signed(b[i]), affine, code.range());
            prop_assert_eq!(signed(codes[i]), expected, "{} + {}", a[i], b[i]);
        }
    }
    Ok(())
}

macro_rules! kernel_tests {
    ($set:ident, $isa:expr) => {
        mod $set {
            use super::*;

            /// None, with a word on standard error, where this processor cannot run them.
            fn here() -> Option<&'static Kernels> {
                let here = $isa.kernels();
                if here.is_none() {
                    eprintln!("skipped: no {} here", $isa.name());
                }
                here
            }

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(cases(250)))]

                #[test]
                fn convolution_is_the_definition(case in case()) {
                    if let Some(kernels) = here() {
                        prop_assert_eq!(convolve(kernels, &case), reference(&case));
                    }
                }
            }

            #[test]
            #[cfg_attr(miri, ignore = "too slow")]
            fn codes_are_those_of_all_others() {
                if let Some(kernels) = here() {
                    fixed::check_digest(kernels);
                }
            }

            #[test]
            #[cfg_attr(miri, ignore = "too slow")]
            fn weights_at_the_edges_do_not_overflow() {
                if let Some(kernels) = here() {
                    fixed::check_edges(kernels);
                }
            }

            #[test]
            #[cfg_attr(miri, ignore = "too slow")]
            fn large_images_are_the_definition() {
                if let Some(kernels) = here() {
                    fixed::check_large(kernels);
                }
            }

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(cases(24)))]

                #[test]
                fn add_is_the_definition_on_all_pairs(
                    (code, affine) in prop_oneof![Just(Code::U8), Just(Code::S8)].prop_flat_map(
                        |code| (Just(code), [affine(code), affine(code), affine(code)])
                    ),
                ) {
                    if let Some(kernels) = here() {
                        check_add(kernels, code, affine)?;
                    }
                }
            }
        }
    };
}

kernel_tests!(portable, Isa::Portable);
#[cfg(target_arch = "x86_64")]
kernel_tests!(avx2, Isa::Avx2);
#[cfg(target_arch = "x86_64")]
kernel_tests!(avxvnni, Isa::AvxVnni);
#[cfg(target_arch = "x86_64")]
kernel_tests!(avxvnni_as_evex, super::super::avxvnni::evex::Evex);
#[cfg(target_arch = "x86_64")]
kernel_tests!(avx512, Isa::Avx512);
#[cfg(target_arch = "x86_64")]
kernel_tests!(avx512vnni, Isa::Avx512Vnni);
#[cfg(target_arch = "aarch64")]
kernel_tests!(neon, Isa::Neon);
#[cfg(target_arch = "aarch64")]
kernel_tests!(neon_dot, Isa::NeonDot);
#[cfg(target_arch = "aarch64")]
kernel_tests!(neon_i8mm, Isa::NeonI8mm);
