//! Crop and flip of a whole batch in one gather.

use normgate::dataset::ImageSet;
use rand::Rng;
use tch::{Device, Kind, Tensor};

/// Pixels of padding on each side before the crop (He et al. 2016, section 4.2).
pub const PAD: i64 = 4;

/// Maps a pixel to the network's input, `(pixel - 128) / 64`; 128 is thus an exact zero, padding included.
pub const PIXEL_ZERO: f64 = 128.0;
/// See [`PIXEL_ZERO`].
pub const PIXEL_SCALE: f64 = 64.0;

/// Images on the training device, padded once: u8 `[N, H + 8, W + 8, 3]`, and labels i64 `[N]`.
#[derive(Debug)]
pub struct Batches {
    padded: Tensor,
    labels: Tensor,
    height: i64,
    width: i64,
}

/// One image's place in the padded picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crop {
    /// Rows skipped, `0..=2 * PAD`.
    pub top: i64,
    /// Columns skipped, `0..=2 * PAD`.
    pub left: i64,
    /// Whether columns run backwards.
    pub flip: bool,
}

impl Crop {
    /// The picture as it is.
    pub const CENTRE: Self = Self {
        top: PAD,
        left: PAD,
        flip: false,
    };

    /// Uniform over every crop and both directions.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self {
            top: rng.random_range(0..=2 * PAD),
            left: rng.random_range(0..=2 * PAD),
            flip: rng.random(),
        }
    }
}

impl Batches {
    /// Puts `set` on `device`; `labels` has one class an image.
    pub fn new(set: &ImageSet, labels: &[u16], device: Device) -> Self {
        let (n, h, w) = (
            set.len() as i64,
            i64::from(set.height()),
            i64::from(set.width()),
        );
        let images = Tensor::from_slice(set.images()).view([n, h, w, 3]);
        let padded = Tensor::full(
            [n, h + 2 * PAD, w + 2 * PAD, 3],
            PIXEL_ZERO as i64,
            (Kind::Uint8, Device::Cpu),
        );
        padded.narrow(1, PAD, h).narrow(2, PAD, w).copy_(&images);
        let labels: Vec<i64> = labels.iter().map(|&c| i64::from(c)).collect();
        Self {
            padded: padded.to_device(device),
            labels: Tensor::from_slice(&labels).to_device(device),
            height: h,
            width: w,
        }
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.padded.size()[0] as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The images `indices` cut by `crops`: `[N, 3, H, W]` in channels-last memory, of `kind`, and labels `[N]`.
    pub fn batch(&self, indices: &[i64], crops: &[Crop], kind: Kind) -> (Tensor, Tensor) {
        let n = indices.len() as i64;
        let device = self.padded.device();
        let rows: Vec<i64> = crops
            .iter()
            .flat_map(|c| (0..self.height).map(move |r| c.top + r))
            .collect();
        let columns: Vec<i64> = crops
            .iter()
            .flat_map(|c| {
                (0..self.width).map(move |k| c.left + if c.flip { self.width - 1 - k } else { k })
            })
            .collect();
        let index = Tensor::from_slice(indices).to_device(device);
        let rows = Tensor::from_slice(&rows)
            .view([n, self.height, 1])
            .to_device(device);
        let columns = Tensor::from_slice(&columns)
            .view([n, 1, self.width])
            .to_device(device);
        let pixels = self
            .padded
            .index(&[Some(index.view([n, 1, 1])), Some(rows), Some(columns)]);
        let images = (pixels.to_kind(Kind::Float) - PIXEL_ZERO) / PIXEL_SCALE;
        (
            images.to_kind(kind).permute([0, 3, 1, 2]),
            self.labels.index_select(0, &index),
        )
    }
}
