//! Mixing as augmentation: PixMix (Hendrycks et al., CVPR 2022), with pictures of nothing for its fractals, and mixup
//! (Zhang et al., ICLR 2018).

use rand::Rng;
use tch::{Device, Kind, Tensor};

use crate::augment::{PIXEL_SCALE, PIXEL_ZERO};
use crate::pictures::Pool;

/// The most rounds of mixing; the value of PixMix's command for CIFAR.
const ROUNDS: usize = 4;
/// Strength of a round: its weights are Beta(3, 1) and Beta(1, 3); the value of PixMix's command.
const BETA: f64 = 3.0;
/// Severity of an augmented copy, of 10; the value of PixMix's command.
const SEVERITY: f64 = 3.0;
/// Keeps logarithms finite; the value of PixMix's code.
const FLOOR: f64 = 1e-37;

/// The network's input to pixels in [0, 1].
pub fn to_unit(images: &Tensor) -> Tensor {
    (images * PIXEL_SCALE + PIXEL_ZERO) / 255.0
}

/// Pixels in [0, 1] to the network's input.
pub fn from_unit(pixels: &Tensor) -> Tensor {
    (pixels * 255.0 - PIXEL_ZERO) / PIXEL_SCALE
}

/// The first `share` of `images` `[N, 3, H, W]` (the network's input, in a random order) goes through PixMix. Of its
/// augmentations equalize is left out; the draws of an operation are shared by a round, the weights are an image's own.
pub fn pixmix(images: &Tensor, share: f64, pool: &Pool, rng: &mut impl Rng) -> Tensor {
    let n = (share * images.size()[0] as f64).round() as i64;
    if n == 0 {
        return images.shallow_clone();
    }
    let original = to_unit(&images.narrow(0, 0, n));
    // PixMix starts half of the images from an augmented copy, whatever the number of their rounds.
    let from_copy = Tensor::rand([n, 1, 1, 1], (Kind::Float, images.device())).lt(0.5);
    let mixed = augmented(&original, rng).where_self(&from_copy, &original);
    let mut rounds: Vec<usize> = (0..n).map(|_| rng.random_range(0..=ROUNDS)).collect();
    // Those with the most rounds first: a round is then over the first few.
    rounds.sort_unstable_by(|a, b| b.cmp(a));
    for round in 0..ROUNDS {
        let m = rounds.iter().take_while(|&&r| r > round).count() as i64;
        if m == 0 {
            break;
        }
        let now = mixed.narrow(0, 0, m);
        let other = if rng.random() {
            augmented(&original.narrow(0, 0, m), rng)
        } else {
            pool.sample(m)
        };
        let (a, b) = weights(m, images.device());
        let result = if rng.random() {
            add(&now, &other, &a, &b)
        } else {
            multiply(&now, &other, &a, &b)
        };
        mixed.narrow(0, 0, m).copy_(&result);
    }
    let rest = images.size()[0] - n;
    Tensor::cat(&[from_unit(&mixed), images.narrow(0, n, rest)], 0)
}

/// PixMix's additive mixing of pixels in [0, 1]: `((2x - 1) a + (2y - 1) b + 1) / 2`, clipped.
pub fn add(x: &Tensor, y: &Tensor, a: &Tensor, b: &Tensor) -> Tensor {
    (((x * 2.0 - 1.0) * a + (y * 2.0 - 1.0) * b + 1.0) * 0.5).clamp(0.0, 1.0)
}

/// PixMix's geometric mixing of pixels in [0, 1]: `(2x)^a (2y)^b / 2`, clipped.
pub fn multiply(x: &Tensor, y: &Tensor, a: &Tensor, b: &Tensor) -> Tensor {
    let log = |t: &Tensor| (t * 2.0).clamp_min(FLOOR).log();
    ((log(x) * a + log(y) * b).exp() * 0.5).clamp(0.0, 1.0)
}

/// A pair of weights an image, `[count, 1, 1, 1]`: from Beta(3, 1) and Beta(1, 3), or 1 + Beta(1, 3) and -Beta(1, 3).
fn weights(count: i64, device: Device) -> (Tensor, Tensor) {
    let root =
        || Tensor::rand([count, 1, 1, 1], (Kind::Float, device)).pow_tensor_scalar(1.0 / BETA);
    let toward = Tensor::rand([count, 1, 1, 1], (Kind::Float, device)).lt(0.5);
    let (first, second) = (root(), root());
    let other: Tensor = 1.0 - second;
    (
        first.where_self(&toward, &(2.0 - &first)),
        other.where_self(&toward, &-&other),
    )
}

/// A copy of pixels in [0, 1] through one of PixMix's operations.
fn augmented(pixels: &Tensor, rng: &mut impl Rng) -> Tensor {
    let n = pixels.size()[0];
    let side = pixels.size()[3] as f64;
    let level = rng.random_range(0.1..SEVERITY) / 10.0;
    let sign = if rng.random() { 1.0 } else { -1.0 };
    match rng.random_range(0..8) {
        0 => {
            let (low, high) = (pixels.amin([2i64, 3], true), pixels.amax([2i64, 3], true));
            (pixels - &low) / (high - low).clamp_min(1.0 / 255.0)
        }
        1 => {
            let levels = 2f64.powi(4 - (level * 4.0) as i32);
            (pixels * (levels - 1e-3)).floor() / (levels - 1.0)
        }
        2 => {
            let bright = pixels.ge(1.0 - level);
            let turned: Tensor = 1.0 - pixels;
            turned.where_self(&bright, pixels)
        }
        3 => {
            let angle = (sign * level * 30.0).to_radians();
            moved(
                pixels,
                n,
                [
                    angle.cos(),
                    -angle.sin(),
                    0.0,
                    angle.sin(),
                    angle.cos(),
                    0.0,
                ],
            )
        }
        4 => moved(pixels, n, [1.0, sign * level * 0.3, 0.0, 0.0, 1.0, 0.0]),
        5 => moved(pixels, n, [1.0, 0.0, 0.0, sign * level * 0.3, 1.0, 0.0]),
        // The paper's third of the side, in the grid's units of half a side, in whole pixels.
        6 => moved(
            pixels,
            n,
            [
                1.0,
                0.0,
                sign * (level * side / 3.0).floor() * 2.0 / side,
                0.0,
                1.0,
                0.0,
            ],
        ),
        _ => moved(
            pixels,
            n,
            [
                1.0,
                0.0,
                0.0,
                0.0,
                1.0,
                sign * (level * side / 3.0).floor() * 2.0 / side,
            ],
        ),
    }
}

/// Pixels read through an affine map of coordinates from -1 to 1, bilinear, black outside.
fn moved(pixels: &Tensor, count: i64, map: [f64; 6]) -> Tensor {
    let (bilinear, zeros) = (0, 0);
    let theta = Tensor::from_slice(&map)
        .to_kind(Kind::Float)
        .to_device(pixels.device())
        .view([1, 2, 3])
        .expand([count, 2, 3], false);
    let grid = Tensor::affine_grid_generator(&theta, pixels.size(), false);
    pixels.grid_sampler(&grid, bilinear, zeros, false)
}

/// mixup: each image with another by one weight l from Beta(`alpha`, `alpha`): `l x + (1 - l) x'`. Gives the mixed
/// images, the others' places and l.
pub fn mixup(images: &Tensor, alpha: f64) -> (Tensor, Tensor, f64) {
    let n = images.size()[0];
    let share = Tensor::from_slice(&[alpha, alpha])
        .internal_sample_dirichlet()
        .double_value(&[0]);
    let other = Tensor::randperm(n, (Kind::Int64, images.device()));
    let mixed = images * share + images.index_select(0, &other) * (1.0 - share);
    (mixed, other, share)
}
