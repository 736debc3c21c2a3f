//! The attributes of QLinearConv, read and checked.

use normgate_int8_engine::{Axis, EngineError, Padding};
use tract_onnx::pb::NodeProto;

use crate::error::Int8Error;
use crate::node::{Attributes, Node};

/// Greatest stride, dilation or pad: far above any real network, far below an overflow.
const MAX: i64 = 1 << 20;

/// Height first, then width.
#[derive(Clone, Debug)]
pub(crate) struct ConvAttributes {
    pub(crate) kernel: Option<[usize; 2]>,
    pub(crate) strides: [usize; 2],
    pub(crate) dilations: [usize; 2],
    pub(crate) padding: [Padding; 2],
    pub(crate) group: usize,
}

impl ConvAttributes {
    pub(crate) fn parse(node: &Node, proto: &NodeProto) -> Result<Self, Int8Error> {
        let mut attributes = Attributes::new(node, proto);
        let kernel = numbers(
            node,
            &mut attributes,
            "kernel_shape",
            1,
            "two integers above 0",
        )?;
        let strides = numbers(node, &mut attributes, "strides", 1, "two integers above 0")?;
        let dilations = numbers(
            node,
            &mut attributes,
            "dilations",
            1,
            "two integers above 0",
        )?;
        let pads = numbers(node, &mut attributes, "pads", 0, "four integers, 0 or more")?;
        let group = attributes.int("group")?.unwrap_or(1);
        let auto_pad = attributes.string("auto_pad")?.unwrap_or(b"NOTSET");
        attributes.finish()?;

        let padding = match (auto_pad, pads) {
            (b"NOTSET", pads) => {
                let [top, left, bottom, right] = pads.unwrap_or([0; 4]);
                [
                    Padding::Explicit {
                        before: top,
                        after: bottom,
                    },
                    Padding::Explicit {
                        before: left,
                        after: right,
                    },
                ]
            }
            (_, Some(pads)) if pads != [0; 4] => {
                return Err(node.attribute_error(
                    "pads",
                    "no pads beside auto_pad",
                    format!("{pads:?}"),
                ));
            }
            (b"VALID", _) => {
                [Padding::Explicit {
                    before: 0,
                    after: 0,
                }; 2]
            }
            (b"SAME_UPPER", _) => [Padding::SameUpper; 2],
            (b"SAME_LOWER", _) => [Padding::SameLower; 2],
            (other, _) => {
                return Err(node.attribute_error(
                    "auto_pad",
                    "NOTSET, VALID, SAME_UPPER or SAME_LOWER",
                    String::from_utf8_lossy(other),
                ));
            }
        };
        let group = match usize::try_from(group) {
            Ok(group) if group >= 1 => group,
            _ => return Err(node.attribute_error("group", "1 or more", group)),
        };
        Ok(ConvAttributes {
            kernel,
            strides: strides.unwrap_or([1; 2]),
            dilations: dilations.unwrap_or([1; 2]),
            padding,
            group,
        })
    }

    /// One spatial axis (0 height, 1 width) of an input of this extent.
    pub(crate) fn axis(
        &self,
        axis: usize,
        input: usize,
        kernel: usize,
    ) -> Result<Axis, EngineError> {
        Axis::new(
            ["height", "width"][axis],
            input,
            kernel,
            self.strides[axis],
            self.dilations[axis],
            self.padding[axis],
        )
    }
}

fn numbers<const N: usize>(
    node: &Node,
    attributes: &mut Attributes<'_>,
    name: &'static str,
    least: i64,
    expected: &'static str,
) -> Result<Option<[usize; N]>, Int8Error> {
    let Some(found) = attributes.ints(name)? else {
        return Ok(None);
    };
    let wrong = || node.attribute_error(name, expected, format!("{found:?}"));
    let found: [i64; N] = found.try_into().map_err(|_| wrong())?;
    if found.iter().all(|n| (least..=MAX).contains(n)) {
        Ok(Some(found.map(|n| n as usize)))
    } else {
        Err(wrong())
    }
}
