//! Images that are of no class, made of a batch's own images or of nothing: negatives for outlier exposure (Hendrycks
//! et al., ICLR 2019) without a foreign set of outliers.

use rand::Rng;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::error::TrainError;
use crate::mix::from_unit;
use crate::pictures::Pool;

/// How a negative is made.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Making {
    /// Plasma, contours, waves and shapes.
    Pictures,
    /// An image with its patches in a random order, 2, 4 or 8 a side.
    Shuffled,
    /// An image turned by 90, 180 or 270 degrees (negatives in Tack et al., CSI, NeurIPS 2020).
    Rotated,
    /// The mean of two images of different classes, or quarters of four images; as shuffled in a batch of fewer.
    Mixed,
}

/// What part negatives take in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Negatives {
    /// Negatives a step as a share of the batch, in (0, 1].
    pub share: f64,
    /// Weight of their loss, above 0; 0.5 in Hendrycks et al.
    pub weight: f64,
    /// How they are made, in equal parts; rising, none twice.
    pub kinds: Vec<Making>,
}

impl Negatives {
    /// Checks every range.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for the first value outside its range.
    pub fn check(&self) -> Result<(), TrainError> {
        let bad = |field, value, expected| {
            Err(TrainError::Recipe {
                field,
                value,
                expected,
            })
        };
        if !(self.share > 0.0 && self.share <= 1.0) {
            return bad("negatives", self.share.to_string(), "in (0, 1]");
        }
        if !(self.weight > 0.0 && self.weight.is_finite()) {
            return bad(
                "negatives' weight",
                self.weight.to_string(),
                "a finite number above 0",
            );
        }
        if self.kinds.is_empty() || !self.kinds.is_sorted_by(|a, b| a < b) {
            return bad(
                "negatives' kinds",
                format!("{:?}", self.kinds),
                "one or more, none twice",
            );
        }
        Ok(())
    }

    /// Negatives for `images` `[N, 3, H, W]` (the network's input, in a random order, of the classes `labels` `[N]`):
    /// `[share N, 3, H, W]`, at least one. `pool` is there where the kinds need it.
    pub fn of(
        &self,
        images: &Tensor,
        labels: &Tensor,
        pool: Option<&Pool>,
        rng: &mut impl Rng,
    ) -> Tensor {
        let n = images.size()[0];
        let count = ((self.share * n as f64).round() as i64).clamp(1, n);
        let kinds = self.kinds.len() as i64;
        // What does not divide goes to another kind each time.
        let turn = rng.random_range(0..kinds);
        let mut parts = vec![];
        let mut from = 0;
        for i in 0..kinds {
            let m = (count + (i + turn) % kinds) / kinds;
            if m == 0 {
                continue;
            }
            let some = images.narrow(0, from, m);
            parts.push(match (self.kinds[i as usize], pool) {
                (Making::Pictures, Some(pool)) => from_unit(&pool.sample(m)),
                (Making::Mixed, _) if n >= 4 => mixed(images, labels, rng).narrow(0, from, m),
                (Making::Rotated, _) => some.rot90(rng.random_range(1..4), [2i64, 3]),
                _ => shuffled(&some, 2 << rng.random_range(0..3)),
            });
            from += m;
        }
        Tensor::cat(&parts, 0)
    }
}

/// `images` `[N, 3, H, W]` cut into `grid` by `grid` patches, each image's in an order of its own; what is left over at
/// the right and below stays.
pub fn shuffled(images: &Tensor, grid: i64) -> Tensor {
    let (n, channels, height, width) = images.size4().unwrap_or_default();
    let (h, w) = (height / grid, width / grid);
    if h == 0 || w == 0 {
        return images.shallow_clone();
    }
    let patches = images
        .narrow(2, 0, h * grid)
        .narrow(3, 0, w * grid)
        .reshape([n, channels, grid, h, grid, w])
        .permute([0, 2, 4, 1, 3, 5])
        .reshape([n, grid * grid, channels * h * w]);
    let order = Tensor::rand([n, grid * grid], (Kind::Float, images.device())).argsort(1, false);
    let order = order
        .unsqueeze(2)
        .expand([n, grid * grid, channels * h * w], false);
    let moved = patches
        .gather(1, &order, false)
        .view([n, grid, grid, channels, h, w])
        .permute([0, 3, 1, 4, 2, 5])
        .reshape([n, channels, h * grid, w * grid]);
    let result = images.copy();
    result
        .narrow(2, 0, h * grid)
        .narrow(3, 0, w * grid)
        .copy_(&moved);
    result
}

/// Each image with others: the mean with one half of the batch away in the order of classes, or quarters of four.
fn mixed(images: &Tensor, labels: &Tensor, rng: &mut impl Rng) -> Tensor {
    let n = images.size()[0];
    // A random order within a class: the images come in one.
    let order = labels.argsort(0, false);
    let back = order.argsort(0, false);
    let sorted = images.index_select(0, &order);
    let away = |part: i64| sorted.roll([n * part / 4], [0i64]);
    let result = if rng.random() {
        (&sorted + away(2)) * 0.5
    } else {
        let (h, w) = (images.size()[2], images.size()[3]);
        let collage = sorted.copy();
        for (part, top, left) in [(1, 0, w / 2), (2, h / 2, 0), (3, h / 2, w / 2)] {
            collage
                .narrow(2, top, h / 2)
                .narrow(3, left, w / 2)
                .copy_(&away(part).narrow(2, top, h / 2).narrow(3, left, w / 2));
        }
        collage
    };
    result.index_select(0, &back)
}
