//! Batch normalisation folded away: the network as convolutions with bias, relus in their tails, and sums.

mod forward;

use std::collections::HashMap;

use tch::{Device, Kind, Tensor};

use crate::network::{BN_EPS, Layer, LayerId, Network};

pub use forward::Activations;

/// A network without normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    /// In order of computation; the last one's output is pooled.
    pub layers: Vec<FoldedLayer>,
    /// Which of them each layer of the network went into.
    pub places: Vec<LayerId>,
    /// `[K, C]`, row-major.
    pub head_weight: Vec<f32>,
    /// `[K]`.
    pub head_bias: Vec<f32>,
    /// `C`.
    pub features: usize,
    /// `K`.
    pub classes: usize,
}

/// A layer of [`Folded`].
#[derive(Debug, Clone, PartialEq)]
pub enum FoldedLayer {
    /// The image.
    Input,
    /// A convolution.
    Conv(FoldedConv),
    /// A sum.
    Add {
        /// Operands, of one shape.
        operands: [LayerId; 2],
        /// Whether max(x, 0) follows.
        relu: bool,
    },
}

/// A convolution with bias, padded by `kernel / 2`.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedConv {
    /// Operand.
    pub from: LayerId,
    /// Its name in the exported graph.
    pub name: String,
    /// `[outputs, inputs / groups, kernel, kernel]`, row-major.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Step in both directions.
    pub stride: usize,
    /// 1, or the channels of a depthwise convolution.
    pub groups: usize,
    /// Whether max(x, 0) follows.
    pub relu: bool,
}

/// A trained batch normalisation, `[C]` each.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    /// gamma.
    pub weight: &'a [f32],
    /// beta.
    pub bias: &'a [f32],
    /// Running mean.
    pub mean: &'a [f32],
    /// Running variance.
    pub variance: &'a [f32],
}

impl FoldedConv {
    /// Folds `norm` into this convolution: `w' = w g / sqrt(v + eps)`, `b' = (b - m) g / sqrt(v + eps) + beta`
    /// (Jacob et al. 2018, section 3.2), in f64.
    pub fn fold(&mut self, norm: Norm<'_>) {
        let per_output = self.weight.len() / self.outputs;
        for (o, row) in self.weight.chunks_exact_mut(per_output).enumerate() {
            let gain = f64::from(norm.weight[o]) / (f64::from(norm.variance[o]) + BN_EPS).sqrt();
            for w in row {
                *w = (f64::from(*w) * gain) as f32;
            }
            let centred = f64::from(self.bias[o]) - f64::from(norm.mean[o]);
            self.bias[o] = (centred * gain + f64::from(norm.bias[o])) as f32;
        }
    }

    /// A depthwise 1x1 convolution that changes nothing: what a normalisation of a sum folds into.
    pub fn identity(from: LayerId, name: &str, channels: usize) -> Self {
        Self {
            from,
            name: name.to_owned(),
            weight: vec![1.0; channels],
            bias: vec![0.0; channels],
            inputs: channels,
            outputs: channels,
            kernel: 1,
            stride: 1,
            groups: channels,
            relu: false,
        }
    }
}

/// Folds `network` with the named tensors of its checkpoint.
///
/// # Errors
/// The name of a missing tensor, or a layer that this export has no form for.
pub fn fold(network: &Network, named: &[(String, Tensor)]) -> Result<Folded, String> {
    let tensors: HashMap<&str, &Tensor> = named.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let values = |name: String| -> Result<Vec<f32>, String> {
        let tensor = tensors
            .get(name.as_str())
            .ok_or_else(|| format!("tensor {name} is missing"))?;
        let flat = tensor.to_device(Device::Cpu).to_kind(Kind::Float);
        Vec::<f32>::try_from(&flat.contiguous().view([-1])).map_err(|e| format!("{name}: {e}"))
    };
    let readers = network.readers();
    let mut layers = vec![];
    let mut place: Vec<LayerId> = Vec::with_capacity(network.layers.len());
    for layer in &network.layers {
        let id = match layer {
            Layer::Input => push(&mut layers, FoldedLayer::Input),
            Layer::Conv {
                from,
                name,
                inputs,
                outputs,
                kernel,
                stride,
            } => push(
                &mut layers,
                FoldedLayer::Conv(FoldedConv {
                    from: place[*from],
                    name: name.clone(),
                    weight: values(format!("{name}.weight"))?,
                    bias: vec![0.0; *outputs as usize],
                    inputs: *inputs as usize,
                    outputs: *outputs as usize,
                    kernel: *kernel as usize,
                    stride: *stride as usize,
                    groups: 1,
                    relu: false,
                }),
            ),
            Layer::Norm {
                from,
                name,
                channels,
            } => {
                let alone =
                    readers[*from] == 1 && matches!(network.layers[*from], Layer::Conv { .. });
                let id = if alone {
                    place[*from]
                } else {
                    let conv = FoldedConv::identity(place[*from], name, *channels as usize);
                    push(&mut layers, FoldedLayer::Conv(conv))
                };
                let (weight, bias) = (
                    values(format!("{name}.weight"))?,
                    values(format!("{name}.bias"))?,
                );
                let (mean, variance) = (
                    values(format!("{name}.running_mean"))?,
                    values(format!("{name}.running_var"))?,
                );
                if let FoldedLayer::Conv(conv) = &mut layers[id] {
                    conv.fold(Norm {
                        weight: &weight,
                        bias: &bias,
                        mean: &mean,
                        variance: &variance,
                    });
                }
                id
            }
            Layer::Relu { from } => {
                let id = place[*from];
                match &mut layers[id] {
                    FoldedLayer::Conv(FoldedConv { relu, .. }) | FoldedLayer::Add { relu, .. }
                        if readers[*from] == 1 =>
                    {
                        *relu = true;
                    }
                    _ => return Err("a relu whose operand others read too has no form here".into()),
                }
                id
            }
            Layer::Dropout { from } => place[*from],
            Layer::Add { operands: [a, b] } => push(
                &mut layers,
                FoldedLayer::Add {
                    operands: [place[*a], place[*b]],
                    relu: false,
                },
            ),
        };
        place.push(id);
    }
    let mut head_weight = values("head.weight".into())?;
    for w in &mut head_weight {
        *w = (f64::from(*w) * network.head_scale) as f32;
    }
    Ok(Folded {
        layers,
        places: place,
        head_weight,
        head_bias: values("head.bias".into())?,
        features: network.features as usize,
        classes: network.classes as usize,
    })
}

fn push(layers: &mut Vec<FoldedLayer>, layer: FoldedLayer) -> LayerId {
    layers.push(layer);
    layers.len() - 1
}
