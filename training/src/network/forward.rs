//! The forward pass over tensors.

use tch::{Kind, Tensor};

use super::{Layer, Network};

/// Added to a variance before its root.
pub const BN_EPS: f64 = 1e-5;
/// Share of a batch in the running statistics.
pub const BN_MOMENTUM: f64 = 0.1;

/// Running mean and variance, `[C]` each, of every batch normalisation in order.
pub(crate) type Statistics = [(Tensor, Tensor)];

/// What a forward pass gives.
#[derive(Debug)]
pub struct Forward {
    /// f32 `[N, C]`.
    pub features: Tensor,
    /// f32 `[N, K]`.
    pub logits: Tensor,
}

impl Network {
    /// Runs `images` `[N, 3, H, W]`. `parameters` and `statistics` stand in the order of [`Network::parameters`] and
    /// [`Network::norms`]; in `training` the statistics move and dropout at rate `dropout` acts.
    pub fn forward(
        &self,
        images: &Tensor,
        parameters: &[Tensor],
        statistics: &Statistics,
        training: bool,
        dropout: f64,
    ) -> Forward {
        let mut left = self.readers();
        let mut values: Vec<Option<Tensor>> = Vec::with_capacity(self.layers.len());
        let mut next_parameter = parameters.iter();
        let mut next_statistics = statistics.iter();
        for layer in &self.layers {
            // A value's last reader may overwrite it where no gradient needs it: not a relu's, nor the image.
            let mut take = |values: &mut Vec<Option<Tensor>>, id: usize| -> (Tensor, bool) {
                left[id] -= 1;
                let spent = left[id] == 0;
                let overwritable =
                    spent && matches!(self.layers[id], Layer::Norm { .. } | Layer::Add { .. });
                let value = if spent {
                    values[id].take()
                } else {
                    values[id].as_ref().map(Tensor::shallow_clone)
                };
                (value.unwrap_or_default(), overwritable)
            };
            let value = match layer {
                Layer::Input => images.shallow_clone(),
                Layer::Conv {
                    from,
                    kernel,
                    stride,
                    ..
                } => {
                    let (x, _) = take(&mut values, *from);
                    let pad = kernel / 2;
                    x.conv2d(
                        next(&mut next_parameter),
                        None::<Tensor>,
                        [*stride, *stride],
                        [pad, pad],
                        [1, 1],
                        1,
                    )
                }
                Layer::Norm { from, .. } => {
                    let (x, _) = take(&mut values, *from);
                    let (weight, bias) = (next(&mut next_parameter), next(&mut next_parameter));
                    let (mean, variance) = next(&mut next_statistics);
                    x.batch_norm(
                        Some(weight),
                        Some(bias),
                        Some(mean),
                        Some(variance),
                        training,
                        BN_MOMENTUM,
                        BN_EPS,
                        true,
                    )
                }
                Layer::Relu { from } => {
                    let (mut x, overwritable) = take(&mut values, *from);
                    if overwritable { x.relu_() } else { x.relu() }
                }
                Layer::Dropout { from } => take(&mut values, *from).0.dropout(dropout, training),
                Layer::Add { operands: [a, b] } => {
                    let (b, _) = take(&mut values, *b);
                    let (mut a, overwritable) = take(&mut values, *a);
                    if overwritable { a.g_add_(&b) } else { a + b }
                }
            };
            values.push(Some(value));
        }
        self.classify(&values.pop().flatten().unwrap_or_default(), parameters)
    }

    /// The last layer's output `[N, C, H, W]` pooled, and the head.
    pub(crate) fn classify(&self, map: &Tensor, parameters: &[Tensor]) -> Forward {
        let features = map.mean_dim([2i64, 3].as_slice(), false, Kind::Float);
        let (weight, bias) = self.head(parameters);
        let scaled = match self.head_scale {
            1.0 => features.shallow_clone(),
            scale => &features * scale,
        };
        let logits = scaled.linear(weight, Some(bias));
        Forward { features, logits }
    }
}

impl Network {
    /// The weight `[K, C]` and bias `[K]` of the linear head among `parameters`, in the order of
    /// [`Network::parameters`].
    pub fn head<'a>(&self, parameters: &'a [Tensor]) -> (&'a Tensor, &'a Tensor) {
        let last = parameters.len() - 1;
        (&parameters[last - 1], &parameters[last])
    }
}

/// The lists are made from the same layers as the pass, so one that runs out is a bug in this crate.
pub(crate) fn next<'a, T>(list: &mut std::slice::Iter<'a, T>) -> &'a T {
    list.next().expect("one parameter a layer")
}
