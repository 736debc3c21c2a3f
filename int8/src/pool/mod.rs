//! Pools: `com.microsoft` `QLinearAveragePool` and `QLinearGlobalAveragePool`, and `MaxPool` on codes.

mod average;
mod global;
mod max;

pub(crate) use average::QLinearAveragePool;
pub(crate) use global::QLinearGlobalAveragePool;
pub(crate) use max::MaxPool;

use normgate_int8_engine::{Axis, EngineError, Shape, Windows, pool_axis};
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_hir::internal::*;

use crate::error::Int8Error;
use crate::node::{Attributes, Node};
use crate::op::QOp;
use crate::windows::WindowAttributes;

/// The attributes of all pools with windows, read and checked.
#[derive(Clone, Debug)]
struct PoolAttributes {
    windows: WindowAttributes,
    kernel: [usize; 2],
    ceil: bool,
}

impl PoolAttributes {
    fn take(node: &Node, attributes: &mut Attributes<'_>) -> Result<Self, Int8Error> {
        let windows = WindowAttributes::take(node, attributes)?;
        let Some(kernel) = windows.kernel else {
            return Err(node.attribute_error("kernel_shape", "two integers above 0", "missing"));
        };
        Ok(PoolAttributes {
            windows,
            kernel,
            ceil: attributes.flag("ceil_mode")?,
        })
    }

    fn axis(&self, axis: usize, input: usize, dilations: [usize; 2]) -> Result<Axis, EngineError> {
        pool_axis(
            ["height", "width"][axis],
            input,
            self.kernel[axis],
            self.windows.strides[axis],
            dilations[axis],
            self.windows.padding[axis],
            self.ceil,
        )
    }

    fn windows(&self, image: Shape, dilations: [usize; 2]) -> Result<Windows, EngineError> {
        Ok(Windows {
            y: self.axis(0, image.rows, dilations)?,
            x: self.axis(1, image.columns, dilations)?,
        })
    }
}

/// `[N, C, H, W]` with another image.
fn dims(batch: &TDim, image: Shape) -> ShapeFact {
    let image = [image.channels, image.rows, image.columns].map(|n| n.to_dim());
    [batch.clone()].into_iter().chain(image).collect()
}

/// The height's and the width's axis.
fn spatial(channels_last: bool) -> [usize; 2] {
    if channels_last { [1, 2] } else { [2, 3] }
}

/// The dimensions as `[N, C, H, W]`.
fn channels_first(dims: &[TDim], channels_last: bool) -> TVec<TDim> {
    let mut dims: TVec<TDim> = dims.into();
    if channels_last && dims.len() == 4 {
        dims[1..].rotate_right(1);
    }
    dims
}

/// With the channels last, the operator goes between two moves, of which tract drops those that meet.
fn wire(
    prefix: &str,
    model: &mut TypedModel,
    op: QOp,
    x: OutletId,
    channels_last: bool,
) -> TractResult<TVec<OutletId>> {
    if !channels_last {
        return model.wire_node(prefix, op, &[x]);
    }
    let x = model.wire_node(format!("{prefix}.first"), AxisOp::Move(3, 1), &[x])?;
    let y = model.wire_node(format!("{prefix}.pool"), op, &x)?;
    model.wire_node(prefix, AxisOp::Move(1, 3), &y)
}
