//! The attributes that convolutions and pools share: how windows walk over an image.

use normgate_int8_engine::Padding;

use crate::error::Int8Error;
use crate::node::{Attributes, Node};

/// Greatest kernel, stride, dilation or pad: far above any real network, far below an overflow.
const MAX: i64 = 1 << 20;

/// Height first, then width.
#[derive(Clone, Debug)]
pub(crate) struct WindowAttributes {
    pub(crate) kernel: Option<[usize; 2]>,
    pub(crate) strides: [usize; 2],
    pub(crate) padding: [Padding; 2],
}

impl WindowAttributes {
    pub(crate) fn take(node: &Node, attributes: &mut Attributes<'_>) -> Result<Self, Int8Error> {
        Ok(WindowAttributes {
            kernel: above_zero(node, attributes, "kernel_shape")?,
            strides: above_zero(node, attributes, "strides")?.unwrap_or([1; 2]),
            padding: padding(node, attributes)?,
        })
    }
}

/// Two integers, height first.
pub(crate) fn above_zero(
    node: &Node,
    attributes: &mut Attributes<'_>,
    name: &'static str,
) -> Result<Option<[usize; 2]>, Int8Error> {
    numbers(node, attributes, name, 1, "two integers above 0")
}

fn padding(node: &Node, attributes: &mut Attributes<'_>) -> Result<[Padding; 2], Int8Error> {
    let pads = numbers(node, attributes, "pads", 0, "four integers, 0 or more")?;
    match (attributes.string("auto_pad")?.unwrap_or(b"NOTSET"), pads) {
        (b"NOTSET", pads) => {
            let [top, left, bottom, right] = pads.unwrap_or([0; 4]);
            let explicit = |before, after| Padding::Explicit { before, after };
            Ok([explicit(top, bottom), explicit(left, right)])
        }
        (_, Some(pads)) if pads != [0; 4] => {
            Err(node.attribute_error("pads", "no pads beside auto_pad", format!("{pads:?}")))
        }
        (b"VALID", _) => Ok([Padding::Explicit {
            before: 0,
            after: 0,
        }; 2]),
        (b"SAME_UPPER", _) => Ok([Padding::SameUpper; 2]),
        (b"SAME_LOWER", _) => Ok([Padding::SameLower; 2]),
        (other, _) => Err(node.attribute_error(
            "auto_pad",
            "NOTSET, VALID, SAME_UPPER or SAME_LOWER",
            String::from_utf8_lossy(other),
        )),
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
