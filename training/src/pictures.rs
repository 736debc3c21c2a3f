//! Pictures of nothing: plasma, its contours, waves and shapes, drawn at random and in batches, so that no foreign data
//! is needed where others take a set of outliers or of fractals.

use tch::{Device, Kind, Tensor};

/// Shapes that are laid over one another in a picture.
const SHAPES: usize = 8;

/// The kinds of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// Noise in octaves, from fog to grain.
    Plasma,
    /// Plasma seen through a palette that runs around several times: level lines, as fractals have.
    Contours,
    /// Sums of plane waves, smooth or cut to two levels: stripes, checks, weaves.
    Waves,
    /// Ellipses, boxes, rings and strokes of one colour each on a plain or a plasma ground.
    Shapes,
}

impl Picture {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Plasma, Self::Contours, Self::Waves, Self::Shapes];

    /// `count` pictures of `side` pixels a side, f32 `[count, 3, side, side]` in [0, 1], by libtorch's generator.
    pub fn draw(self, count: i64, side: i64, device: Device) -> Tensor {
        match self {
            Self::Plasma => stretched(&coloured(&plasma(count, 3, side, device))),
            Self::Contours => contours(count, side, device),
            Self::Waves => waves(count, side, device),
            Self::Shapes => shapes(count, side, device),
        }
    }
}

/// As many of each kind as `count` allows, in a mixed order: f32 `[count, 3, side, side]` in [0, 1].
pub fn draw(count: i64, side: i64, device: Device) -> Tensor {
    let kinds = Picture::ALL.len() as i64;
    let parts: Vec<Tensor> = (0..)
        .zip(Picture::ALL)
        .map(|(i, kind)| kind.draw((count + kinds - 1 - i) / kinds, side, device))
        .collect();
    let order = Tensor::randperm(count, (Kind::Int64, device));
    Tensor::cat(&parts, 0).index_select(0, &order)
}

/// Uniform in [`from`, `to`), `[count, 1, 1, 1]` with `channels` in the second place.
fn uniform(count: i64, channels: i64, from: f64, to: f64, device: Device) -> Tensor {
    Tensor::rand([count, channels, 1, 1], (Kind::Float, device)) * (to - from) + from
}

/// Noise of several octaves, each weaker than the one below by a power of its frequency that a picture draws for
/// itself: about `1 / f^a`, a in [0, 2.5). Mean near 0.
fn plasma(count: i64, channels: i64, side: i64, device: Device) -> Tensor {
    let power = uniform(count, 1, 0.0, 2.5, device);
    let mut sum = Tensor::zeros([count, channels, side, side], (Kind::Float, device));
    let mut cells = 2i64;
    loop {
        let grid = Tensor::randn([count, channels, cells, cells], (Kind::Float, device));
        let octave = if cells < side {
            grid.upsample_bicubic2d([side, side], true, None, None)
        } else {
            grid
        };
        let weight = (&power * -(cells as f64).ln()).exp();
        sum += octave * weight;
        if cells >= side {
            return sum;
        }
        cells = (cells * 2).min(side);
    }
}

/// Channels mixed by a matrix a picture, so that greys, two colours and all colours occur.
fn coloured(x: &Tensor) -> Tensor {
    let (n, _, h, w) = x.size4().unwrap_or_default();
    let options = (Kind::Float, x.device());
    let common = Tensor::randn([n, 3, 1], options);
    let own = Tensor::randn([n, 3, 3], options) * Tensor::rand([n, 1, 1], options);
    (common + own)
        .bmm(&x.view([n, 3, h * w]))
        .view([n, 3, h, w])
}

/// Each picture to a brightness and a contrast of its own, within [0, 1].
fn stretched(x: &Tensor) -> Tensor {
    let n = x.size()[0];
    let dims = [1i64, 2, 3];
    let (low, high) = (x.amin(dims, true), x.amax(dims, true));
    let span = uniform(n, 1, 0.3, 1.0, x.device());
    let base = (1.0 - &span) * uniform(n, 1, 0.0, 1.0, x.device());
    (x - &low) / (high - low).clamp_min(1e-6) * span + base
}

fn contours(count: i64, side: i64, device: Device) -> Tensor {
    let field = stretched(&plasma(count, 1, side, device));
    let turns = uniform(count, 3, 0.5, 12.0, device);
    let phase = uniform(count, 3, 0.0, std::f64::consts::TAU, device);
    stretched(&(field * turns * std::f64::consts::PI + phase).sin())
}

/// Rows and columns from -1 to 1, `[1, 1, side, 1]` and `[1, 1, 1, side]`.
fn axes(side: i64, device: Device) -> (Tensor, Tensor) {
    let line = Tensor::linspace(-1.0, 1.0, side, (Kind::Float, device));
    (line.view([1, 1, side, 1]), line.view([1, 1, 1, side]))
}

fn waves(count: i64, side: i64, device: Device) -> Tensor {
    let (y, x) = axes(side, device);
    let mut sum = Tensor::zeros([count, 3, side, side], (Kind::Float, device));
    for _ in 0..3 {
        let angle = uniform(count, 1, 0.0, std::f64::consts::PI, device);
        // From half a wave a picture to one of four pixels.
        let frequency = (uniform(count, 1, 0.5f64.ln(), (side as f64 / 4.0).ln(), device)).exp();
        let phase = uniform(count, 1, 0.0, std::f64::consts::TAU, device);
        let along = (&x * angle.cos() + &y * angle.sin()) * frequency * std::f64::consts::PI;
        let strength = Tensor::randn([count, 3, 1, 1], (Kind::Float, device))
            * uniform(count, 1, 0.0, 1.0, device);
        sum += (along + phase).sin() * strength;
    }
    let hard = uniform(count, 1, 0.0, 1.0, device).lt(0.5);
    stretched(&sum.sign().where_self(&hard, &sum))
}

fn shapes(count: i64, side: i64, device: Device) -> Tensor {
    let (y, x) = axes(side, device);
    let plain = uniform(count, 3, 0.0, 1.0, device);
    let busy = uniform(count, 1, 0.0, 1.0, device).lt(0.3);
    let ground = stretched(&coloured(&plasma(count, 3, side, device)));
    let mut picture = ground.where_self(&busy, &plain);
    // How many of the shapes a picture has, at least one.
    let number = uniform(count, 1, 1.0, SHAPES as f64 + 1.0, device).floor();
    // Some pictures draw all their shapes in one colour, as writing does.
    let ink = uniform(count, 3, 0.0, 1.0, device);
    let written = uniform(count, 1, 0.0, 1.0, device).lt(0.4);
    for i in 0..SHAPES {
        let angle = uniform(count, 1, 0.0, std::f64::consts::PI, device);
        let (centre_y, centre_x) = (
            uniform(count, 1, -0.8, 0.8, device),
            uniform(count, 1, -0.8, 0.8, device),
        );
        let (dy, dx) = (&y - centre_y, &x - centre_x);
        let u = (&dx * angle.cos() + &dy * angle.sin()) / uniform(count, 1, 0.15, 0.9, device);
        // A narrow second axis makes a stroke.
        let v = (&dy * angle.cos() - &dx * angle.sin()) / uniform(count, 1, 0.06, 0.5, device);
        let round = (u.square() + v.square()).sqrt();
        let square = u.abs().maximum(&v.abs());
        let boxed = uniform(count, 1, 0.0, 1.0, device).lt(0.5);
        let distance = square.where_self(&boxed, &round);
        let hollow = uniform(count, 1, 0.0, 1.0, device).lt(0.3);
        let ring = (&distance - 0.8).abs() * 5.0;
        let distance = ring.where_self(&hollow, &distance);
        let softness = uniform(count, 1, 0.02, 0.3, device);
        let inside: Tensor = 1.0 - distance;
        let cover =
            (inside / softness + 0.5).clamp(0.0, 1.0) * number.gt(i as f64).to_kind(Kind::Float);
        let colour = ink.where_self(&written, &uniform(count, 3, 0.0, 1.0, device));
        picture = &picture + cover * (colour - &picture);
    }
    picture.clamp(0.0, 1.0)
}

/// Pictures that an epoch takes its samples from.
#[derive(Debug)]
pub struct Pool {
    pictures: Tensor,
    side: i64,
}

/// Pixels by which a pool's pictures are larger than what is cut from them.
const MARGIN: i64 = 8;

impl Pool {
    /// `count` fresh pictures, to be cut to `side` pixels a side.
    pub fn new(count: i64, side: i64, device: Device) -> Self {
        Self {
            pictures: draw(count, side + MARGIN, device),
            side,
        }
    }

    /// `count` of them, f32 `[count, 3, side, side]` in [0, 1]; each call cuts, turns and recolours in another way.
    pub fn sample(&self, count: i64) -> Tensor {
        let device = self.pictures.device();
        let whole =
            |below: i64| Tensor::randint(below, [1], (Kind::Int64, Device::Cpu)).int64_value(&[0]);
        let picks = Tensor::randint(self.pictures.size()[0], [count], (Kind::Int64, device));
        let channels = Tensor::randperm(3, (Kind::Int64, device));
        let cut = self
            .pictures
            .narrow(2, whole(MARGIN + 1), self.side)
            .narrow(3, whole(MARGIN + 1), self.side)
            .index_select(0, &picks)
            .index_select(1, &channels)
            .rot90(whole(4), [2i64, 3]);
        if whole(2) == 0 { cut } else { 1.0 - cut }
    }
}
