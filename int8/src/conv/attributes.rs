//! The attributes of QLinearConv, read and checked.

use normgate_int8_engine::{Axis, EngineError};
use tract_onnx::pb::NodeProto;

use crate::error::Int8Error;
use crate::node::{Attributes, Node};
use crate::windows::{WindowAttributes, above_zero};

/// Height first, then width.
#[derive(Clone, Debug)]
pub(crate) struct ConvAttributes {
    pub(crate) windows: WindowAttributes,
    pub(crate) dilations: [usize; 2],
    pub(crate) group: usize,
}

impl ConvAttributes {
    pub(crate) fn parse(node: &Node, proto: &NodeProto) -> Result<Self, Int8Error> {
        let mut attributes = Attributes::new(node, proto);
        let windows = WindowAttributes::take(node, &mut attributes)?;
        let dilations = above_zero(node, &mut attributes, "dilations")?.unwrap_or([1; 2]);
        let group = attributes.int("group")?.unwrap_or(1);
        attributes.finish()?;
        match usize::try_from(group) {
            Ok(group) if group >= 1 => Ok(ConvAttributes {
                windows,
                dilations,
                group,
            }),
            _ => Err(node.attribute_error("group", "1 or more", group)),
        }
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
            self.windows.strides[axis],
            self.dilations[axis],
            self.windows.padding[axis],
        )
    }
}
