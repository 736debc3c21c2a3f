//! The architectures that have a name.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Layer, LayerId, Network};

/// A network by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Arch {
    /// Three residual blocks of 16, 32, 64 channels; MLPerf Tiny's image classifier (Banbury et al. 2021).
    Resnet8,
    /// Nine such blocks (He et al. 2016, section 4.2), with projection shortcuts.
    Resnet20,
    /// Wide ResNet, depth 40, width 2 (Zagoruyko and Komodakis 2016), pre-activation.
    #[serde(rename = "wrn_40_2")]
    #[value(name = "wrn_40_2")]
    Wrn40x2,
    /// ResNet-18 with a 3x3 stem and no first pooling, as used on CIFAR.
    Resnet18,
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resnet8 => "resnet8",
            Self::Resnet20 => "resnet20",
            Self::Wrn40x2 => "wrn_40_2",
            Self::Resnet18 => "resnet18",
        })
    }
}

impl Arch {
    /// The layers for `classes` classes.
    pub fn network(self, classes: i64) -> Network {
        match self {
            Self::Resnet8 => post_activation(16, &[16, 32, 64], 1, false, classes),
            Self::Resnet20 => post_activation(16, &[16, 32, 64], 3, true, classes),
            Self::Resnet18 => post_activation(64, &[64, 128, 256, 512], 2, true, classes),
            Self::Wrn40x2 => pre_activation(16, &[32, 64, 128], 6, classes),
        }
    }
}

#[derive(Default)]
struct Builder {
    layers: Vec<Layer>,
}

impl Builder {
    fn push(&mut self, layer: Layer) -> LayerId {
        self.layers.push(layer);
        self.layers.len() - 1
    }

    fn conv(
        &mut self,
        from: LayerId,
        name: &str,
        inputs: i64,
        outputs: i64,
        kernel: i64,
        stride: i64,
    ) -> LayerId {
        self.push(Layer::Conv {
            from,
            name: name.to_owned(),
            inputs,
            outputs,
            kernel,
            stride,
        })
    }

    fn norm(&mut self, from: LayerId, name: &str, channels: i64) -> LayerId {
        self.push(Layer::Norm {
            from,
            name: name.to_owned(),
            channels,
        })
    }

    fn relu(&mut self, from: LayerId) -> LayerId {
        self.push(Layer::Relu { from })
    }

    fn add(&mut self, a: LayerId, b: LayerId) -> LayerId {
        self.push(Layer::Add { operands: [a, b] })
    }
}

/// Blocks of conv, norm, relu, conv, norm, then the sum and a relu (He et al. 2016, figure 2).
fn post_activation(
    stem: i64,
    widths: &[i64],
    blocks: usize,
    norm_shortcut: bool,
    classes: i64,
) -> Network {
    let mut b = Builder::default();
    let image = b.push(Layer::Input);
    let x = b.conv(image, "stem.conv", 3, stem, 3, 1);
    let x = b.norm(x, "stem.norm", stem);
    let mut x = b.relu(x);
    let mut channels = stem;
    for (stage, &width) in widths.iter().enumerate() {
        for block in 0..blocks {
            let name = format!("stage{stage}.block{block}");
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let h = b.conv(x, &format!("{name}.conv1"), channels, width, 3, stride);
            let h = b.norm(h, &format!("{name}.norm1"), width);
            let h = b.relu(h);
            let h = b.conv(h, &format!("{name}.conv2"), width, width, 3, 1);
            let h = b.norm(h, &format!("{name}.norm2"), width);
            let shortcut = if stride == 1 && channels == width {
                x
            } else {
                let s = b.conv(x, &format!("{name}.shortcut"), channels, width, 1, stride);
                if norm_shortcut {
                    b.norm(s, &format!("{name}.shortcut_norm"), width)
                } else {
                    s
                }
            };
            let sum = b.add(h, shortcut);
            x = b.relu(sum);
            channels = width;
        }
    }
    Network {
        layers: b.layers,
        features: channels,
        classes,
        head_scale: 1.0,
    }
}

/// Blocks of norm, relu, conv, norm, relu, dropout, conv, then the sum (Zagoruyko and Komodakis 2016, figure 1d).
fn pre_activation(stem: i64, widths: &[i64], blocks: usize, classes: i64) -> Network {
    let mut b = Builder::default();
    let image = b.push(Layer::Input);
    let mut x = b.conv(image, "stem.conv", 3, stem, 3, 1);
    let mut channels = stem;
    for (stage, &width) in widths.iter().enumerate() {
        for block in 0..blocks {
            let name = format!("stage{stage}.block{block}");
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let a = b.norm(x, &format!("{name}.norm1"), channels);
            let a = b.relu(a);
            let h = b.conv(a, &format!("{name}.conv1"), channels, width, 3, stride);
            let h = b.norm(h, &format!("{name}.norm2"), width);
            let h = b.relu(h);
            let h = b.push(Layer::Dropout { from: h });
            let h = b.conv(h, &format!("{name}.conv2"), width, width, 3, 1);
            let shortcut = if stride == 1 && channels == width {
                x
            } else {
                b.conv(a, &format!("{name}.shortcut"), channels, width, 1, stride)
            };
            x = b.add(h, shortcut);
            channels = width;
        }
    }
    let x = b.norm(x, "last.norm", channels);
    b.relu(x);
    Network {
        layers: b.layers,
        features: channels,
        classes,
        head_scale: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(arch: Arch) -> i64 {
        arch.network(10)
            .parameters()
            .iter()
            .map(|p| p.count())
            .sum()
    }

    #[test]
    fn parameter_counts_are_the_papers() {
        // ResNet-20: 0.27 M (He et al. 2016, table 6). WRN-40-2: 2.2 M (Zagoruyko and Komodakis 2016, table 5).
        // ResNet-18 on CIFAR: 11.17 M (the usual PyTorch version). ResNet-8: 78 k (MLPerf Tiny).
        assert_eq!(count(Arch::Resnet20), 272_474);
        assert_eq!(count(Arch::Wrn40x2), 2_243_546);
        assert_eq!(count(Arch::Resnet18), 11_173_962);
        assert!((77_000..79_000).contains(&count(Arch::Resnet8)));
    }

    #[test]
    fn every_operand_comes_earlier() {
        for arch in [Arch::Resnet8, Arch::Resnet20, Arch::Wrn40x2, Arch::Resnet18] {
            let network = arch.network(10);
            for (id, layer) in network.layers.iter().enumerate() {
                assert!(
                    layer.operands().iter().all(|&o| o < id),
                    "{arch} layer {id}"
                );
            }
        }
    }
}
