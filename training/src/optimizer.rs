//! Parameters as one flat vector: SGD, averaging and the bf16 copy are each a handful of kernels at any depth.

use tch::{Device, Kind, Tensor, no_grad};

use crate::network::{Init, Network, Parameter};

/// Every trainable parameter of a network, its momentum, its average, and the batch normalisations' statistics.
#[derive(Debug)]
pub struct Weights {
    parameters: Vec<Parameter>,
    counts: Vec<i64>,
    /// f32 `[P]`, convolutions in channels-last order.
    flat: Tensor,
    momentum: Tensor,
    average: Option<Tensor>,
    /// f32 `[S]`: mean and variance of each batch normalisation, in order.
    statistics: Tensor,
    average_statistics: Option<Tensor>,
    norms: Vec<(String, i64)>,
}

/// Which of the two sets of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The ones that the gradient moves.
    Live,
    /// Their exponential average, or the live ones where none is kept.
    Averaged,
}

impl Weights {
    /// Fresh weights on `device`, drawn from libtorch's seeded generator; `averaged` keeps an exponential average.
    pub fn new(network: &Network, device: Device, averaged: bool) -> Self {
        Self::made(network, device, averaged, initial)
    }

    /// Room for the weights of a checkpoint. Draws nothing: reading a file moves no generator.
    pub fn blank(network: &Network, device: Device, averaged: bool) -> Self {
        let zeros = |p: &Parameter| Tensor::zeros(&p.shape, (Kind::Float, Device::Cpu));
        Self::made(network, device, averaged, zeros)
    }

    fn made(
        network: &Network,
        device: Device,
        averaged: bool,
        first: impl Fn(&Parameter) -> Tensor,
    ) -> Self {
        let parameters = network.parameters();
        let parts: Vec<Tensor> = parameters
            .iter()
            .map(|p| channels_last(&first(p), p).reshape([-1]))
            .collect();
        let counts = parameters.iter().map(Parameter::count).collect();
        let flat = Tensor::cat(&parts, 0)
            .to_device(device)
            .set_requires_grad(true);
        let norms: Vec<(String, i64)> = network
            .norms()
            .into_iter()
            .map(|(name, channels)| (name.to_owned(), channels))
            .collect();
        let options = (Kind::Float, device);
        let statistics: Vec<Tensor> = norms
            .iter()
            .flat_map(|(_, c)| [Tensor::zeros([*c], options), Tensor::ones([*c], options)])
            .collect();
        let statistics = if statistics.is_empty() {
            Tensor::zeros([0], options)
        } else {
            Tensor::cat(&statistics, 0)
        };
        Self {
            counts,
            momentum: flat.zeros_like().set_requires_grad(false),
            average: averaged.then(|| flat.detach().copy()),
            average_statistics: averaged.then(|| statistics.copy()),
            parameters,
            flat,
            statistics,
            norms,
        }
    }

    /// The parameters as the forward pass takes them; convolutions' weights in `conv_kind`, differentiable where live.
    pub fn views(&self, which: Which, conv_kind: Kind) -> Vec<Tensor> {
        let flat = match (which, &self.average) {
            (Which::Averaged, Some(average)) => average,
            _ => &self.flat,
        };
        let parts = flat.split_with_sizes(&self.counts, 0);
        let converted = (conv_kind != Kind::Float)
            .then(|| flat.to_kind(conv_kind).split_with_sizes(&self.counts, 0));
        self.parameters
            .iter()
            .enumerate()
            .map(|(i, p)| match (&converted, p.init) {
                (Some(converted), Init::Conv) => from_channels_last(&converted[i], p),
                _ => from_channels_last(&parts[i], p),
            })
            .collect()
    }

    /// Running mean and variance of each batch normalisation, as views that training moves.
    pub fn statistics(&self, which: Which) -> Vec<(Tensor, Tensor)> {
        let flat = match (which, &self.average_statistics) {
            (Which::Averaged, Some(average)) => average,
            _ => &self.statistics,
        };
        let mut start = 0;
        self.norms
            .iter()
            .map(|(_, c)| {
                let pair = (flat.narrow(0, start, *c), flat.narrow(0, start + c, *c));
                start += 2 * c;
                pair
            })
            .collect()
    }

    /// One step of SGD with Nesterov momentum as PyTorch defines it: `g += wd w; v = m v + g; w -= lr (g + m v)`.
    pub fn step(&mut self, learning_rate: f64, momentum: f64, weight_decay: f64) {
        no_grad(|| {
            let mut gradient = self.flat.grad();
            let _ = gradient.g_add_(&(&self.flat * weight_decay));
            let _ = self.momentum.g_mul_scalar_(momentum).g_add_(&gradient);
            let _ = gradient
                .g_add_(&(&self.momentum * momentum))
                .g_mul_scalar_(-learning_rate);
            let _ = self.flat.g_add_(&gradient);
        });
        self.flat.zero_grad();
    }

    /// Moves the average by `1 - decay` of the way to the live weights; nothing where none is kept.
    pub fn average(&mut self, decay: f64) {
        no_grad(|| {
            if let Some(average) = &mut self.average {
                let _ = average.lerp_(&self.flat, 1.0 - decay);
            }
            if let Some(average) = &mut self.average_statistics {
                let _ = average.lerp_(&self.statistics, 1.0 - decay);
            }
        });
    }

    /// Everything a checkpoint needs, by name, contiguous and on the CPU: parameters and statistics each under its
    /// own name, the rest flat under `optimizer.` and `average.`.
    pub fn named(&self) -> Vec<(String, Tensor)> {
        let on_cpu = |t: &Tensor| t.detach().to_device(Device::Cpu).contiguous();
        let mut all: Vec<(String, Tensor)> = self
            .parameters
            .iter()
            .zip(self.views(Which::Live, Kind::Float))
            .map(|(p, t)| (p.name.clone(), on_cpu(&t)))
            .collect();
        for ((name, _), (mean, variance)) in self.norms.iter().zip(self.statistics(Which::Live)) {
            all.push((format!("{name}.running_mean"), on_cpu(&mean)));
            all.push((format!("{name}.running_var"), on_cpu(&variance)));
        }
        all.push(("optimizer.momentum".into(), on_cpu(&self.momentum)));
        if let (Some(a), Some(s)) = (&self.average, &self.average_statistics) {
            all.push(("average.parameters".into(), on_cpu(a)));
            all.push(("average.statistics".into(), on_cpu(s)));
        }
        all
    }

    /// The parameters and statistics that inference uses, by name: the averaged ones where they are kept.
    pub fn inference(&self) -> Vec<(String, Tensor)> {
        let views = self.views(Which::Averaged, Kind::Float);
        let mut all: Vec<(String, Tensor)> = self
            .parameters
            .iter()
            .zip(views)
            .map(|(p, t)| (p.name.clone(), t.detach()))
            .collect();
        for ((name, _), (mean, variance)) in self.norms.iter().zip(self.statistics(Which::Averaged))
        {
            all.push((format!("{name}.running_mean"), mean));
            all.push((format!("{name}.running_var"), variance));
        }
        all
    }

    /// Starts from what [`Weights::inference`] gave: live and averaged weights alike, without momentum.
    ///
    /// # Errors
    /// The name of the first tensor that is missing or of another shape.
    pub fn start_from(&mut self, inference: &[(String, Tensor)]) -> Result<(), String> {
        let mut named = inference
            .iter()
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
            .collect::<Vec<_>>();
        named.push(("optimizer.momentum".into(), self.momentum.zeros_like()));
        let average = (self.average.take(), self.average_statistics.take());
        let restored = self.restore(&named);
        let averaged = average.0.is_some();
        self.average = averaged.then(|| self.flat.detach().copy());
        self.average_statistics = averaged.then(|| self.statistics.copy());
        restored
    }

    /// Takes back what [`Weights::named`] gave.
    ///
    /// # Errors
    /// The name of the first tensor that is missing or of another shape.
    pub fn restore(&mut self, named: &[(String, Tensor)]) -> Result<(), String> {
        let find = |name: &str, shape: &[i64]| {
            let (_, tensor) = named
                .iter()
                .find(|(n, _)| n == name)
                .ok_or_else(|| format!("tensor {name} is missing"))?;
            if tensor.size() == shape {
                Ok(tensor.shallow_clone())
            } else {
                Err(format!(
                    "tensor {name} has shape {:?}, expected {shape:?}",
                    tensor.size()
                ))
            }
        };
        let mut parts = vec![];
        for p in &self.parameters {
            parts.push(channels_last(&find(&p.name, &p.shape)?, p).reshape([-1]));
        }
        let flat = Tensor::cat(&parts, 0);
        let mut statistics = vec![];
        for (name, c) in &self.norms {
            statistics.push(find(&format!("{name}.running_mean"), &[*c])?);
            statistics.push(find(&format!("{name}.running_var"), &[*c])?);
        }
        let momentum = find("optimizer.momentum", &self.momentum.size())?;
        let average = match &self.average {
            Some(a) => Some((
                find("average.parameters", &a.size())?,
                find("average.statistics", &self.statistics.size())?,
            )),
            None => None,
        };
        no_grad(|| {
            self.flat.copy_(&flat);
            self.momentum.copy_(&momentum);
            if !statistics.is_empty() {
                self.statistics.copy_(&Tensor::cat(&statistics, 0));
            }
            if let (Some((a, s)), Some(to), Some(to_statistics)) =
                (average, &mut self.average, &mut self.average_statistics)
            {
                to.copy_(&a);
                to_statistics.copy_(&s);
            }
        });
        Ok(())
    }
}

fn initial(p: &Parameter) -> Tensor {
    let options = (Kind::Float, Device::Cpu);
    match p.init {
        Init::Conv => {
            let fan_out = p.shape[0] * p.shape[2] * p.shape[3];
            Tensor::randn(&p.shape, options) * (2.0 / fan_out as f64).sqrt()
        }
        Init::Linear => {
            let bound = 1.0 / (p.shape[1] as f64).sqrt();
            Tensor::rand(&p.shape, options) * (2.0 * bound) - bound
        }
        Init::One => Tensor::ones(&p.shape, options),
        Init::Zero => Tensor::zeros(&p.shape, options),
    }
}

fn channels_last(t: &Tensor, p: &Parameter) -> Tensor {
    match p.init {
        Init::Conv => t.permute([0, 2, 3, 1]).contiguous(),
        _ => t.contiguous(),
    }
}

fn from_channels_last(t: &Tensor, p: &Parameter) -> Tensor {
    match (p.init, p.shape.as_slice()) {
        (Init::Conv, &[o, i, h, w]) => t.view([o, h, w, i]).permute([0, 3, 1, 2]),
        (_, shape) => t.view(shape),
    }
}
