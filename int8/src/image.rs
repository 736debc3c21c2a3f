//! tract's tensors as the engine's images.

use normgate_int8_engine::{Code, Shape};
use tract_onnx::tract_hir::internal::*;

/// How the engine sees a tensor: a batch of images. Rank 4 is `[N, C, H, W]`; of any other rank all but the
/// first axis are channels of one pixel, and below rank 2 all is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Images {
    pub(crate) batch: TDim,
    pub(crate) shape: Shape,
}

impl Images {
    /// `None` where an axis after the first is not known, or is 0.
    pub(crate) fn of(dims: &[TDim]) -> Option<Images> {
        let known = |dims: &[TDim]| -> Option<Vec<usize>> {
            let known = |d: &TDim| d.to_usize().ok().filter(|d| *d >= 1);
            dims.iter().map(known).collect()
        };
        if let [batch, channels, rows, columns] = dims {
            let axes = known(&[channels.clone(), rows.clone(), columns.clone()])?;
            let [channels, rows, columns] = axes.try_into().ok()?;
            return Some(Images {
                batch: batch.clone(),
                shape: Shape {
                    rows,
                    columns,
                    channels,
                },
            });
        }
        let (batch, rest) = match dims {
            [batch, rest @ ..] if !rest.is_empty() => (batch.clone(), rest),
            all => (1.to_dim(), all),
        };
        let channels = known(rest)?
            .iter()
            .try_fold(1usize, |all, d| all.checked_mul(*d))?;
        Some(Images {
            batch,
            shape: Shape {
                rows: 1,
                columns: 1,
                channels,
            },
        })
    }
}

/// The codes of a tensor's element type.
pub(crate) fn code_of(datum_type: DatumType) -> Option<Code> {
    match datum_type {
        DatumType::U8 => Some(Code::U8),
        DatumType::I8 => Some(Code::S8),
        _ => None,
    }
}

/// The element type of codes.
pub(crate) fn datum_type(code: Code) -> DatumType {
    match code {
        Code::U8 => DatumType::U8,
        Code::S8 => DatumType::I8,
    }
}
