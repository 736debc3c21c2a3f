use yuv::{
    YuvBiPlanarImage, YuvConversionMode, YuvGrayImage, YuvPackedImage, YuvPlanarImage, YuvRange,
    YuvStandardMatrix, yuv_nv12_to_rgb, yuv400_to_rgb, yuv420_to_rgb, yuv422_to_rgb, yuv444_to_rgb,
    yuyv422_to_rgb,
};

use crate::frame::{FrameError, rgb_len};

/// How the bytes of a frame make its pixels. Rows are not padded; where chroma is halved, an odd
/// side is rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelFormat {
    /// R, G, B of each pixel.
    Rgb24,
    /// One byte a pixel, 0 black and 255 white.
    Grey,
    /// Y0 U Y1 V for each two pixels of a row (4:2:2).
    Yuyv,
    /// A plane of Y, then one of U and V in turn (4:2:0).
    Nv12,
    /// Planes of Y, U and V (4:2:0).
    I420,
    /// Planes of Y, U and V (4:2:2).
    I422,
    /// Planes of Y, U and V (4:4:4).
    I444,
    /// A plane of Y.
    Luma,
}

/// The codes that stand for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Y from 16 to 235, U and V from 16 to 240.
    Limited,
    /// All from 0 to 255.
    Full,
}

impl PixelFormat {
    /// The formats that a raw stream may name.
    pub const RAW: [Self; 5] = [Self::Rgb24, Self::Grey, Self::Yuyv, Self::Nv12, Self::I420];

    /// The name in a URI, for those of [`RAW`](Self::RAW).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rgb24 => "rgb24",
            Self::Grey => "grey",
            Self::Yuyv => "yuyv",
            Self::Nv12 => "nv12",
            Self::I420 => "i420",
            Self::I422 => "i422",
            Self::I444 => "i444",
            Self::Luma => "luma",
        }
    }

    /// The format of [`RAW`](Self::RAW) with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::RAW.into_iter().find(|format| format.name() == name)
    }

    /// Bytes of one frame.
    ///
    /// # Errors
    /// [`FrameError::Size`] if no frame may have this size.
    pub fn frame_len(self, width: u32, height: u32) -> Result<usize, FrameError> {
        let rgb = rgb_len(width, height)?;
        let pixels = rgb / 3;
        let (half_width, half_height) = (width.div_ceil(2) as usize, height.div_ceil(2) as usize);
        Ok(match self {
            Self::Rgb24 | Self::I444 => rgb,
            Self::Grey | Self::Luma => pixels,
            Self::Yuyv => 4 * half_width * height as usize,
            Self::Nv12 | Self::I420 => pixels + 2 * half_width * half_height,
            Self::I422 => pixels + 2 * half_width * height as usize,
        })
    }

    /// Packed RGB from one frame's `bytes`, exactly [`frame_len`](Self::frame_len) of them.
    pub(super) fn to_rgb(
        self,
        range: Range,
        width: u32,
        height: u32,
        bytes: &[u8],
    ) -> Result<Vec<u8>, String> {
        let len = rgb_len(width, height).map_err(|error| error.to_string())?;
        let half = width.div_ceil(2);
        let (y, chroma) = match self {
            Self::Rgb24 => return Ok(bytes.to_vec()),
            Self::Grey => return Ok(bytes.iter().flat_map(|&value| [value; 3]).collect()),
            Self::Yuyv => (bytes, [].as_slice()),
            _ => bytes.split_at_checked(len / 3).ok_or("too few bytes")?,
        };
        let planar = |stride: u32| {
            let (u, v) = chroma.split_at(chroma.len() / 2);
            YuvPlanarImage {
                y_plane: y,
                y_stride: width,
                u_plane: u,
                u_stride: stride,
                v_plane: v,
                v_stride: stride,
                width,
                height,
            }
        };
        let range = match range {
            Range::Limited => YuvRange::Limited,
            Range::Full => YuvRange::Full,
        };
        let matrix = YuvStandardMatrix::Bt601;
        let mut out = vec![0; len];
        let (rgb, stride) = (out.as_mut_slice(), width * 3);
        let converted = match self {
            Self::Rgb24 | Self::Grey => Ok(()),
            Self::Yuyv => {
                let image = YuvPackedImage {
                    yuy: y,
                    yuy_stride: half * 4,
                    width,
                    height,
                };
                yuyv422_to_rgb(&image, rgb, stride, range, matrix)
            }
            Self::Nv12 => {
                let image = YuvBiPlanarImage {
                    y_plane: y,
                    y_stride: width,
                    uv_plane: chroma,
                    uv_stride: half * 2,
                    width,
                    height,
                };
                let mode = YuvConversionMode::Balanced;
                yuv_nv12_to_rgb(&image, rgb, stride, range, matrix, mode)
            }
            Self::I420 => yuv420_to_rgb(&planar(half), rgb, stride, range, matrix),
            Self::I422 => yuv422_to_rgb(&planar(half), rgb, stride, range, matrix),
            Self::I444 => yuv444_to_rgb(&planar(width), rgb, stride, range, matrix),
            Self::Luma => {
                let image = YuvGrayImage {
                    y_plane: y,
                    y_stride: width,
                    width,
                    height,
                };
                yuv400_to_rgb(&image, rgb, stride, range, matrix)
            }
        };
        converted.map_err(|error| error.to_string())?;
        Ok(out)
    }
}
