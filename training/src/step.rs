//! What a step's images become before the network sees them, and the loss that belongs to it.

use rand::Rng;
use tch::{Kind, Tensor};

use crate::loss::{cross_entropy, to_uniform};
use crate::mix;
use crate::pictures::Pool;
use crate::recipe::Recipe;

/// A batch as the recipe wants it.
#[derive(Debug)]
pub struct Step {
    /// Mixed images, then negatives: f32 `[N + M, 3, H, W]`.
    images: Tensor,
    /// N.
    count: i64,
    /// The second class of each image and the weight of the first.
    mixup: Option<(Tensor, f64)>,
}

impl Step {
    /// Takes `images` `[N, 3, H, W]`, in a random order, of the classes `labels` `[N]`. Without mixing and negatives
    /// nothing is drawn. `pool` is there where the recipe needs it.
    pub fn new(
        images: Tensor,
        labels: &Tensor,
        recipe: &Recipe,
        pool: Option<&Pool>,
        rng: &mut impl Rng,
    ) -> Self {
        let count = images.size()[0];
        let negatives = recipe
            .negatives
            .as_ref()
            .map(|n| n.of(&images, labels, pool, rng));
        let mut images = match pool {
            Some(pool) if recipe.pixmix > 0.0 => mix::pixmix(&images, recipe.pixmix, pool, rng),
            _ => images,
        };
        let mut mixup = None;
        if recipe.mixup > 0.0 {
            let (mixed, other, share) = mix::mixup(&images, recipe.mixup);
            images = mixed;
            mixup = Some((labels.index_select(0, &other), share));
        }
        if let Some(negatives) = negatives {
            images = Tensor::cat(&[images, negatives], 0);
        }
        Self {
            images,
            count,
            mixup,
        }
    }

    /// All images in `kind`, in channels-last memory.
    pub fn input(&self, kind: Kind) -> Tensor {
        self.images
            .to_kind(kind)
            .permute([0, 2, 3, 1])
            .contiguous()
            .permute([0, 3, 1, 2])
    }

    /// The loss of `normalized` `[N + M, K]`: the images' cross entropy (mixup: the mean of both classes', by weight),
    /// and the negatives' to the uniform distribution, by the recipe's weight.
    pub fn loss(&self, normalized: &Tensor, labels: &Tensor, recipe: &Recipe) -> Tensor {
        let images = normalized.narrow(0, 0, self.count);
        let mut loss = cross_entropy(&images, labels);
        if let Some((others, share)) = &self.mixup {
            loss = loss * *share + cross_entropy(&images, others) * (1.0 - share);
        }
        let Some(negatives) = &recipe.negatives else {
            return loss;
        };
        let rest = normalized.narrow(0, self.count, normalized.size()[0] - self.count);
        loss + to_uniform(&rest) * negatives.weight
    }
}
