//! Scales, zero points, weights and biases: the inputs that have to be in the file.

use std::sync::Arc;

use normgate_int8_engine::Code;
use tract_onnx::tract_hir::internal::*;

use crate::error::{Int8Error, Problem};
use crate::image::code_of;
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
            .ok_or_else(|| {
                self.node.error(Problem::InputMissing {
                    input: self.name(input),
                })
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
