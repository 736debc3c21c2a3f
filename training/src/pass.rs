//! A pass through the network as training wants it: in real numbers, or on the 8-bit grids of the int8 file, so that
//! the weights learn to live with them (quantization-aware training; Jacob et al. 2018, section 3).

use tch::{Kind, Tensor};

use crate::fold::fold;
use crate::network::{BN_EPS, Forward, Layer, LayerId, Network, Statistics, next};
use crate::quantize::{ActivationCode, SMALLEST_SCALE, WEIGHT_MAX, codes};
use crate::ranges::{RangeMethod, observe};

/// How the network is run.
#[derive(Debug)]
pub struct Pass<'a> {
    /// The network.
    pub network: &'a Network,
    /// None for real numbers.
    grids: Option<Grids>,
}

/// What the int8 file makes of each layer.
#[derive(Debug)]
struct Grids {
    /// What the output is rounded to, where the file stores it.
    codes: Vec<Option<ActivationCode>>,
    /// Whether it is a convolution that a normalisation is folded into.
    folded: Vec<bool>,
}

impl<'a> Pass<'a> {
    /// In real numbers.
    pub fn float(network: &'a Network) -> Self {
        Self {
            network,
            grids: None,
        }
    }

    /// On the grids that cover, by `method`, what `images`, f32 `[N, 3, H, W]`, give with the named tensors of a
    /// checkpoint. The grids of activations stay; those of weights follow the weights.
    ///
    /// # Errors
    /// As [`fold`] and [`observe`].
    pub fn quantized(
        network: &'a Network,
        named: &[(String, Tensor)],
        images: &Tensor,
        method: RangeMethod,
    ) -> Result<Self, String> {
        let folded = fold(network, named)?;
        let ranges: Vec<_> = observe(&folded, images)?
            .iter()
            .map(|histogram| histogram.range(method))
            .collect();
        let codes = codes(&folded, &ranges);
        let stores = |id: LayerId| {
            let place = folded.places[id];
            let is_value = |layer: &Layer| !matches!(layer, Layer::Input | Layer::Dropout { .. });
            let rest = &network.layers[id + 1..];
            let goes_on = rest
                .iter()
                .zip(&folded.places[id + 1..])
                .any(|(layer, other)| *other == place && is_value(layer));
            (is_value(&network.layers[id]) && !goes_on).then(|| codes[place])
        };
        let takes_norm = |id: LayerId| {
            let folds = |(layer, place): (&Layer, &LayerId)| {
                matches!(layer, Layer::Norm { from, .. } if *from == id)
                    && *place == folded.places[id]
            };
            network.layers.iter().zip(&folded.places).any(folds)
        };
        let layers = 0..network.layers.len();
        Ok(Self {
            network,
            grids: Some(Grids {
                codes: layers.clone().map(stores).collect(),
                folded: layers.map(takes_norm).collect(),
            }),
        })
    }

    /// As [`Network::forward`]. On the grids the normalisations are folded by their running statistics, which do not
    /// move; all of it is f32; gradients pass the rounding as if it were not there, and stop where a code is clipped.
    pub fn run(
        &self,
        images: &Tensor,
        parameters: &[Tensor],
        statistics: &Statistics,
        training: bool,
        dropout: f64,
    ) -> Forward {
        let network = self.network;
        let Some(grids) = &self.grids else {
            return network.forward(images, parameters, statistics, training, dropout);
        };
        let (mut parameter, mut statistic) = (parameters.iter(), statistics.iter());
        let mut kernels: Vec<Option<&Tensor>> = vec![None; network.layers.len()];
        let mut values: Vec<Tensor> = Vec::with_capacity(network.layers.len());
        for (id, layer) in network.layers.iter().enumerate() {
            let value = match layer {
                Layer::Input => images.shallow_clone(),
                Layer::Conv {
                    from,
                    kernel,
                    stride,
                    ..
                } => {
                    let weight = next(&mut parameter);
                    kernels[id] = Some(weight);
                    if grids.folded[id] {
                        // Computed where the normalisation stands.
                        Tensor::new()
                    } else {
                        convolve(&values[*from], weight, None, *kernel, *stride)
                    }
                }
                Layer::Norm { from: before, .. } => {
                    let (gamma, beta) = (next(&mut parameter), next(&mut parameter));
                    let (mean, variance) = next(&mut statistic);
                    let gain = gamma / (variance + BN_EPS).sqrt();
                    let bias = beta - mean * &gain;
                    match (&network.layers[*before], kernels[*before]) {
                        (
                            Layer::Conv {
                                from,
                                kernel,
                                stride,
                                ..
                            },
                            Some(weight),
                        ) if grids.folded[*before] => {
                            let weight = weight * gain.view([-1, 1, 1, 1]);
                            convolve(&values[*from], &weight, Some(&bias), *kernel, *stride)
                        }
                        // A kernel of one number a channel is exact on its grid.
                        _ => &values[*before] * gain.view([1, -1, 1, 1]) + bias.view([1, -1, 1, 1]),
                    }
                }
                Layer::Relu { from } => values[*from].relu(),
                Layer::Dropout { from } => values[*from].dropout(dropout, training),
                Layer::Add { operands: [a, b] } => &values[*a] + &values[*b],
            };
            values.push(match grids.codes[id] {
                Some(code) => value.fake_quantize_per_tensor_affine(
                    f64::from(code.scale),
                    i64::from(code.zero_point),
                    0,
                    255,
                ),
                None => value,
            });
        }
        let map = values.pop().unwrap_or_default();
        network.classify(&map, parameters)
    }
}

/// The convolution of `x` with `weight` on its grids, one an output, as [`quantize`](crate::quantize::quantize) has them.
fn convolve(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    kernel: i64,
    stride: i64,
) -> Tensor {
    let outputs = weight.size()[0];
    let largest = weight
        .detach()
        .abs()
        .reshape([outputs, -1])
        .amax([1i64].as_slice(), false);
    let scale = (largest / f64::from(WEIGHT_MAX)).clamp_min(f64::from(SMALLEST_SCALE));
    let zero_point = Tensor::zeros([outputs], (Kind::Int, weight.device()));
    let end = WEIGHT_MAX as i64;
    let weight = weight.fake_quantize_per_channel_affine(&scale, &zero_point, 0, -end, end);
    let pad = kernel / 2;
    x.conv2d(&weight, bias, [stride, stride], [pad, pad], [1, 1], 1)
}
