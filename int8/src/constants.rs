//! Scales, zero points, weights and biases: the inputs that have to be in the file.

use std::sync::Arc;

use normgate_int8_engine::{Affine, Code, EngineError};
use tract_onnx::tract_hir::internal::*;

use crate::error::{Int8Error, Problem};
use crate::image::{Images, code_of, datum_type};
use crate::node::Node;

/// The constant inputs of one node that is being wired.
pub(crate) struct Constants<'a> {
    pub(crate) node: &'a Node,
    pub(crate) model: &'a TypedModel,
    pub(crate) outlets: &'a [OutletId],
}

impl Constants<'_> {
    /// The outlet of a required input.
    pub(crate) fn outlet(&self, input: usize) -> Result<OutletId, Int8Error> {
        self.node
            .position(input)
            .and_then(|at| self.outlets.get(at).copied())
            .ok_or_else(|| self.missing(input))
    }

    pub(crate) fn missing(&self, input: usize) -> Int8Error {
        self.node.error(Problem::InputMissing {
            input: self.name(input),
        })
    }

    fn name(&self, input: usize) -> &'static str {
        self.node.input_name(input)
    }

    pub(crate) fn tensor(&self, input: usize) -> Result<Arc<Tensor>, Int8Error> {
        let not_constant = || {
            self.node.error(Problem::NotConstant {
                input: self.name(input),
            })
        };
        let fact = self
            .model
            .outlet_fact(self.outlet(input)?)
            .map_err(|_| not_constant())?;
        let tensor = fact.konst.clone().ok_or_else(not_constant)?;
        if tensor.is_plain() {
            Ok(tensor)
        } else {
            Err(not_constant())
        }
    }

    pub(crate) fn element_type(
        &self,
        input: usize,
        expected: &'static str,
        found: DatumType,
    ) -> Int8Error {
        let found = format!("{found:?}").to_lowercase();
        self.node.error(Problem::ElementType {
            input: self.name(input),
            expected,
            found,
        })
    }

    pub(crate) fn shape(
        &self,
        input: usize,
        expected: impl ToString,
        found: impl std::fmt::Debug,
    ) -> Int8Error {
        self.node.error(Problem::Shape {
            input: self.name(input),
            expected: expected.to_string(),
            found: format!("{found:?}"),
        })
    }

    /// The elements of a constant of one type, named by `expected`.
    pub(crate) fn elements<T: Datum + Copy>(
        &self,
        input: usize,
        expected: &'static str,
    ) -> Result<Vec<T>, Int8Error> {
        let tensor = self.tensor(input)?;
        let wrong = || self.element_type(input, expected, tensor.datum_type());
        if tensor.datum_type() != T::datum_type() {
            return Err(wrong());
        }
        let view = tensor.try_as_plain_ram().map_err(|_| wrong())?;
        Ok(view.as_slice::<T>().map_err(|_| wrong())?.to_vec())
    }

    /// One scale for the whole tensor.
    pub(crate) fn scale(&self, input: usize) -> Result<f32, Int8Error> {
        Ok(self.scales(input, 1)?[0])
    }

    /// `channels` scales, from as many elements or from one.
    pub(crate) fn scales(&self, input: usize, channels: usize) -> Result<Vec<f32>, Int8Error> {
        let scales = self.elements::<f32>(input, "float")?;
        if let Some(found) = scales.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
            return Err(self.node.error(Problem::Scale {
                input: self.name(input),
                found: *found,
            }));
        }
        self.spread(input, scales, channels)
    }

    /// The zero point of an activation; its type says how the codes are read.
    pub(crate) fn zero_point(&self, input: usize) -> Result<(Code, i32), Int8Error> {
        let (code, points) = self.zero_points(input, 1)?;
        Ok((code, points[0]))
    }

    /// The scale at `scale` and the zero point after it, which is 0 where the file leaves it out, and otherwise of
    /// the type of `of`.
    pub(crate) fn affine(
        &self,
        scale: usize,
        code: Code,
        of: &'static str,
    ) -> Result<Affine, Int8Error> {
        let zero_point = if self.node.position(scale + 1).is_some() {
            let (found, zero_point) = self.zero_point(scale + 1)?;
            if found != code {
                return Err(self.element_type(scale + 1, of, datum_type(found)));
            }
            zero_point
        } else {
            0
        };
        Ok(Affine {
            scale: self.scale(scale)?,
            zero_point,
        })
    }

    /// Signed weights with zero point 0, or unsigned ones with 128, as signed ones; `channels` of them share a
    /// zero point each.
    pub(crate) fn symmetric_weights(
        &self,
        weights: usize,
        zero_point: usize,
        channels: usize,
    ) -> Result<Vec<i8>, Int8Error> {
        let (code, codes) = self.codes(weights)?;
        let (point_code, points) = self.zero_points(zero_point, channels)?;
        if point_code != code {
            let found = datum_type(point_code);
            return Err(self.element_type(zero_point, "that of the weights", found));
        }
        let expected = code.range().0 + 128;
        if let Some(channel) = points.iter().position(|z| *z != expected) {
            return Err(self.node.error(Problem::WeightZeroPoint {
                input: self.name(zero_point),
                channel,
                expected,
                found: points[channel],
            }));
        }
        Ok(codes.into_iter().map(|w| (w - expected) as i8).collect())
    }

    /// `x_scale * w_scale / y_scale` of each output channel, in f32 and in that order, as onnxruntime has it.
    pub(crate) fn multipliers(
        &self,
        x_scale: f32,
        w_scale: usize,
        y_scale: usize,
        channels: usize,
    ) -> Result<Vec<f32>, Int8Error> {
        let y = self.scale(y_scale)?;
        let multipliers: Vec<f32> = self
            .scales(w_scale, channels)?
            .into_iter()
            .map(|w| x_scale * w / y)
            .collect();
        match multipliers.iter().find(|m| !m.is_finite()) {
            Some(found) => Err(self.node.error(Problem::Engine(EngineError::Multiplier {
                found: *found,
                limit: f32::INFINITY,
            }))),
            None => Ok(multipliers),
        }
    }

    /// The fact of an input of codes, and how they are read.
    pub(crate) fn activations(&self, input: usize) -> Result<(&TypedFact, Code), Int8Error> {
        let fact = self
            .model
            .outlet_fact(self.outlet(input)?)
            .map_err(|_| self.missing(input))?;
        match code_of(fact.datum_type) {
            Some(code) => Ok((fact, code)),
            None => Err(self.element_type(input, "uint8 or int8", fact.datum_type)),
        }
    }

    /// Images of an input of rank 4.
    pub(crate) fn images(&self, input: usize, dims: &[TDim]) -> Result<Images, Int8Error> {
        Images::of(dims)
            .filter(|_| dims.len() == 4)
            .ok_or_else(|| self.shape(input, "[N, C, H, W] with C, H, W known and not 0", dims))
    }

    /// `channels` zero points, from as many elements or from one.
    pub(crate) fn zero_points(
        &self,
        input: usize,
        channels: usize,
    ) -> Result<(Code, Vec<i32>), Int8Error> {
        let (code, points) = self.codes(input)?;
        Ok((code, self.spread(input, points, channels)?))
    }

    /// 8-bit elements, widened.
    pub(crate) fn codes(&self, input: usize) -> Result<(Code, Vec<i32>), Int8Error> {
        const EXPECTED: &str = "uint8 or int8";
        let datum_type = self.tensor(input)?.datum_type();
        match code_of(datum_type) {
            Some(Code::U8) => {
                let codes = self.elements::<u8>(input, EXPECTED)?;
                Ok((Code::U8, codes.into_iter().map(i32::from).collect()))
            }
            Some(Code::S8) => {
                let codes = self.elements::<i8>(input, EXPECTED)?;
                Ok((Code::S8, codes.into_iter().map(i32::from).collect()))
            }
            None => Err(self.element_type(input, EXPECTED, datum_type)),
        }
    }

    fn spread<T: Copy + std::fmt::Debug>(
        &self,
        input: usize,
        elements: Vec<T>,
        channels: usize,
    ) -> Result<Vec<T>, Int8Error> {
        match elements[..] {
            [one] => Ok(vec![one; channels]),
            _ if elements.len() == channels => Ok(elements),
            _ if channels == 1 => Err(self.shape(input, "one element", [elements.len()])),
            _ => Err(self.shape(
                input,
                format!("one element or [{channels}]"),
                [elements.len()],
            )),
        }
    }
}
