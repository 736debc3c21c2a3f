//! A network as a short list of layers, which both halves of the desk read: the forward pass in tensors, and the
//! export, which folds and quantizes the same list.

mod arch;
mod forward;

pub use arch::Arch;
pub use forward::{BN_EPS, BN_MOMENTUM, Forward};
pub(crate) use forward::{Statistics, next};

/// A layer's index in [`Network::layers`].
pub type LayerId = usize;

/// One layer; `from` and the operands name earlier layers.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// The image, `[N, 3, H, W]`.
    Input,
    /// A convolution without bias, padded by `kernel / 2`; weight `<name>.weight` `[out, in, k, k]`.
    Conv {
        /// Operand.
        from: LayerId,
        /// Name of its parameters.
        name: String,
        /// Channels in.
        inputs: i64,
        /// Channels out.
        outputs: i64,
        /// Side of the square kernel, odd.
        kernel: i64,
        /// Step in both directions.
        stride: i64,
    },
    /// Batch normalisation; `weight`, `bias`, `running_mean`, `running_var` `[C]` under `<name>.`.
    Norm {
        /// Operand.
        from: LayerId,
        /// Name of its parameters.
        name: String,
        /// Channels.
        channels: i64,
    },
    /// max(x, 0).
    Relu {
        /// Operand.
        from: LayerId,
    },
    /// Dropout in training, nothing otherwise.
    Dropout {
        /// Operand.
        from: LayerId,
    },
    /// The residual sum.
    Add {
        /// Operands, of one shape.
        operands: [LayerId; 2],
    },
}

impl Layer {
    /// The layers that this one reads.
    pub fn operands(&self) -> Vec<LayerId> {
        match self {
            Self::Input => vec![],
            Self::Conv { from, .. }
            | Self::Norm { from, .. }
            | Self::Relu { from }
            | Self::Dropout { from } => vec![*from],
            Self::Add { operands } => operands.to_vec(),
        }
    }
}

/// How a parameter starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// Normal with variance `2 / fan_out` (He et al. 2015).
    Conv,
    /// Uniform in `+-1 / sqrt(fan_in)`.
    Linear,
    /// Ones.
    One,
    /// Zeros.
    Zero,
}

/// A trainable parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name in checkpoints.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
    /// How it starts.
    pub init: Init,
}

impl Parameter {
    /// How many numbers it holds.
    pub fn count(&self) -> i64 {
        self.shape.iter().product()
    }
}

/// A network: convolutional layers, then global average pooling (the features), then a linear head (the logits).
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// In order of computation; the last one's output is pooled.
    pub layers: Vec<Layer>,
    /// Channels of the last layer: the length of the features.
    pub features: i64,
    /// Length of the logits.
    pub classes: i64,
    /// What the features are multiplied by before the head; 1 but for losses that say otherwise.
    pub head_scale: f64,
}

impl Network {
    /// Trainable parameters, in a fixed order.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut all = vec![];
        let mut push =
            |name: String, shape: Vec<i64>, init| all.push(Parameter { name, shape, init });
        for layer in &self.layers {
            match layer {
                Layer::Conv {
                    name,
                    inputs,
                    outputs,
                    kernel,
                    ..
                } => push(
                    format!("{name}.weight"),
                    vec![*outputs, *inputs, *kernel, *kernel],
                    Init::Conv,
                ),
                Layer::Norm { name, channels, .. } => {
                    push(format!("{name}.weight"), vec![*channels], Init::One);
                    push(format!("{name}.bias"), vec![*channels], Init::Zero);
                }
                _ => {}
            }
        }
        push(
            "head.weight".into(),
            vec![self.classes, self.features],
            Init::Linear,
        );
        push("head.bias".into(), vec![self.classes], Init::Zero);
        all
    }

    /// Name and channels of every batch normalisation, in order.
    pub fn norms(&self) -> Vec<(&str, i64)> {
        self.layers
            .iter()
            .filter_map(|layer| match layer {
                Layer::Norm { name, channels, .. } => Some((name.as_str(), *channels)),
                _ => None,
            })
            .collect()
    }

    /// How many layers read each layer; the last one is read by the pooling.
    pub fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.layers.len()];
        for layer in &self.layers {
            for operand in layer.operands() {
                readers[operand] += 1;
            }
        }
        if let Some(last) = readers.last_mut() {
            *last += 1;
        }
        readers
    }
}
