//! Operators on single codes: a table of all 256, made as onnxruntime makes it (`QlinearBuildLookupTable` in
//! its `qlinear_lookup_table.cc`).

use std::sync::Arc;

use crate::add::Affine;
use crate::code::Code;
use crate::quantize::{dequantize, quantize};
use crate::view::View;

/// A code for each code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table(Arc<[u8; 256]>);

impl Table {
    /// Each code made a real number, put through `function`, and made a code again. Input and output have one
    /// kind of code; zero points are as the file has them.
    pub fn new(input: Affine, output: Affine, code: Code, function: impl Fn(f32) -> f32) -> Table {
        let base = code.offset();
        Table(Arc::new(std::array::from_fn(|code| {
            let real = dequantize(code as u8, input.scale, input.zero_point + base);
            quantize(function(real), output.scale, output.zero_point + base)
        })))
    }

    /// QLinearLeakyRelu.
    pub fn leaky_relu(input: Affine, output: Affine, code: Code, alpha: f32) -> Table {
        Table::new(
            input,
            output,
            code,
            |x| if x >= 0.0 { x } else { alpha * x },
        )
    }

    /// QLinearSigmoid.
    pub fn sigmoid(input: Affine, output: Affine, code: Code) -> Table {
        Table::new(input, output, code, logistic)
    }

    /// The same number in other codes; `None` where each code stays what it is.
    pub fn requantize(input: Affine, output: Affine, code: Code) -> Option<Table> {
        (input != output).then(|| Table::new(input, output, code, |x| x))
    }

    /// Two images of one shape.
    pub(crate) fn run(&self, input: &[u8], from: &View, output: &mut [u8], to: &View) {
        let shape = to.shape;
        let whole_rows = from.row_len().is_some() && to.row_len().is_some();
        let (columns, run) = if whole_rows {
            (1, shape.columns * shape.channels)
        } else {
            (shape.columns, shape.channels)
        };
        for row in 0..shape.rows {
            for column in 0..columns {
                let input = &input[from.at(row, column)..][..run];
                let output = &mut output[to.at(row, column)..][..run];
                for (code, of) in output.iter_mut().zip(input) {
                    *code = self.0[*of as usize];
                }
            }
        }
    }

    /// Each code of an image, where it lies.
    pub(crate) fn run_in_place(&self, codes: &mut [u8], view: &View) {
        for row in 0..view.shape.rows {
            for column in 0..view.shape.columns {
                for code in &mut codes[view.at(row, column)..][..view.shape.channels] {
                    *code = self.0[*code as usize];
                }
            }
        }
    }
}

/// The logistic function as onnxruntime approximates it on x86-64 with FMA (`LogisticKernelFma3.S`, after Eigen):
/// an odd polynomial over an even one, in Horner's scheme, every step fused.
fn logistic(x: f32) -> f32 {
    const ODD: [f32; 5] = [
        4.37031e-11,
        1.1562732e-7,
        6.085749e-5,
        8.513771e-3,
        2.4828795e-1,
    ];
    const EVEN: [f32; 6] = [
        6.1024737e-13,
        5.7610214e-9,
        6.291068e-6,
        1.7019882e-3,
        1.1681765e-1,
        9.931519e-1,
    ];
    let x = x.clamp(-18.0, 18.0);
    let square = x * x;
    let horner = |terms: &[f32]| {
        let mut sum = terms[0];
        for term in &terms[1..] {
            sum = sum.mul_add(square, *term);
        }
        sum
    };
    (x * horner(&ODD) / horner(&EVEN) + 0.5).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{image, place, take};
    use crate::view::{Halo, Shape};

    const UNIT: Affine = Affine {
        scale: 1.0 / 256.0,
        zero_point: 0,
    };

    #[test]
    fn logistic_is_the_logistic_function() {
        for i in -4_000..4_000 {
            let x = i as f32 / 200.0;
            let exact = 1.0 / (1.0 + (-x as f64).exp());
            assert!((logistic(x) as f64 - exact).abs() < 2.0e-7, "{x}");
        }
        assert_eq!(logistic(0.0), 0.5);
        assert!(logistic(f32::NEG_INFINITY) >= 0.0);
    }

    /// Codes that onnxruntime 1.32 gave for scale 0.1, zero point 7, into scale 1/256.
    #[test]
    fn sigmoid_gives_onnxruntimes_codes() {
        let input = Affine {
            scale: 0.1,
            zero_point: 7,
        };
        let table = Table::sigmoid(input, UNIT, Code::U8);
        assert_eq!(table.0[..8], SIGMOID);
        assert_eq!(table.0[255], 255);
    }

    const SIGMOID: [u8; 8] = [85, 91, 97, 103, 109, 115, 122, 128];

    #[test]
    fn leaky_relu_bends_at_the_zero_point() {
        let code = Affine {
            scale: 0.5,
            zero_point: -3,
        };
        let table = Table::leaky_relu(code, code, Code::S8, 0.25);
        let signed = |x: i32| table.0[(x + 128) as usize] as i32 - 128;
        assert_eq!(signed(-3), -3);
        assert_eq!(signed(127), 127);
        // -4 * 0.25 and -2 * 0.25; a half goes to the even code.
        assert_eq!((signed(-7), signed(-5), signed(-9)), (-4, -3, -5));
    }

    #[test]
    fn equal_codes_need_no_table() {
        assert_eq!(Table::requantize(UNIT, UNIT, Code::U8), None);
        let other = Affine {
            zero_point: 9,
            ..UNIT
        };
        let table = Table::requantize(UNIT, other, Code::U8).unwrap();
        assert_eq!(table.0[1], 10);
        assert_eq!(table.0[255], 255);
    }

    #[test]
    fn images_go_through_pixel_by_pixel() {
        let shape = Shape {
            rows: 3,
            columns: 4,
            channels: 5,
        };
        let table = Table::new(UNIT, UNIT, Code::U8, |x| 1.0 - x);
        let codes = image(shape, 5);
        let (input, from) = place(&codes, shape, 1, 7);
        let expected: Vec<u8> = codes.iter().map(|code| table.0[*code as usize]).collect();
        let (mut output, to) = place(&[0; 60], shape, 2, 9);
        table.run(&input, &from, &mut output, &to);
        assert_eq!(take(&output, &to, 9), expected);

        // Some channels of wider pixels.
        let wide = View::with_halo(
            Shape {
                channels: 11,
                ..shape
            },
            Halo::default(),
        );
        let slice = wide.channels(4, 5);
        let mut output = vec![9; 3 * 4 * 11];
        table.run(&input, &from, &mut output, &slice);
        for (pixel, codes) in output.chunks(11).zip(expected.chunks(5)) {
            assert_eq!(
                (&pixel[..4], &pixel[4..9], &pixel[9..]),
                (&[9; 4][..], codes, &[9; 2][..])
            );
        }
    }
}
