//! The folded network in f32, with every layer's output kept: ranges are read off them.

use tch::{Kind, Tensor, no_grad};

use super::{Folded, FoldedLayer};

/// Every layer's output, and the head's.
#[derive(Debug)]
pub struct Activations {
    /// In the order of [`Folded::layers`], `[N, C, H, W]` each.
    pub layers: Vec<Tensor>,
    /// `[N, C]`.
    pub features: Tensor,
    /// `[N, K]`.
    pub logits: Tensor,
}

impl Folded {
    /// Runs `images`, f32 `[N, 3, H, W]`.
    pub fn run(&self, images: &Tensor) -> Activations {
        no_grad(|| {
            let mut layers: Vec<Tensor> = Vec::with_capacity(self.layers.len());
            for layer in &self.layers {
                let (mut value, relu) = match layer {
                    FoldedLayer::Input => (images.shallow_clone(), false),
                    FoldedLayer::Conv(c) => {
                        let shape = [c.outputs, c.inputs / c.groups, c.kernel, c.kernel];
                        let weight = Tensor::from_slice(&c.weight).view(shape.map(|d| d as i64));
                        let bias = Tensor::from_slice(&c.bias);
                        let (stride, pad) = (c.stride as i64, (c.kernel / 2) as i64);
                        let y = layers[c.from].conv2d(
                            &weight,
                            Some(&bias),
                            [stride, stride],
                            [pad, pad],
                            [1, 1],
                            c.groups as i64,
                        );
                        (y, c.relu)
                    }
                    FoldedLayer::Add {
                        operands: [a, b],
                        relu,
                    } => (&layers[*a] + &layers[*b], *relu),
                };
                layers.push(if relu { value.relu_() } else { value });
            }
            let features =
                layers[layers.len() - 1].mean_dim([2i64, 3].as_slice(), false, Kind::Float);
            let weight = Tensor::from_slice(&self.head_weight)
                .view([self.classes as i64, self.features as i64]);
            let logits = features.linear(&weight, Some(&Tensor::from_slice(&self.head_bias)));
            Activations {
                layers,
                features,
                logits,
            }
        })
    }
}
