use yuv::{
    YuvBiPlanarImage, YuvConversionMode, YuvError, YuvGrayImage, YuvPackedImage, YuvPlanarImage,
    YuvRange, YuvStandardMatrix, yuv_nv12_to_rgb, yuv400_to_rgb, yuv420_to_rgb, yuv422_to_rgb,
    yuv444_to_rgb, yuyv422_to_rgb,
};

use crate::format::{ColorSpace, Matrix, PixelFormat, Range};
use crate::jpeg;
use crate::picture::Picture;

/// A picture whose bytes are not the pixels that its format promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConvertError(String);

impl Picture<'_> {
    /// Fills `out` with packed RGB, `width * height * 3` bytes; its memory is used again where it is large enough.
    ///
    /// # Errors
    /// [`ConvertError`] for a JPEG that is damaged, truncated or of another size; `out` is then empty.
    pub fn to_rgb(&self, out: &mut Vec<u8>) -> Result<(), ConvertError> {
        out.clear();
        out.resize(self.width() as usize * self.height() as usize * 3, 0);
        let done = match self.format() {
            PixelFormat::Jpeg => {
                jpeg::decode(self.bytes(), (self.width(), self.height()), out).map_err(ConvertError)
            }
            _ => self.convert(out).map_err(|e| ConvertError(e.to_string())),
        };
        if done.is_err() {
            out.clear();
        }
        done
    }

    fn convert(&self, rgb: &mut [u8]) -> Result<(), YuvError> {
        let (width, height) = (self.width(), self.height());
        let (row, stride) = (self.format().row_len(width), self.stride());
        let bytes = self.bytes();
        let ColorSpace { matrix, range } = self.color();
        let range = match range {
            Range::Limited => YuvRange::Limited,
            Range::Full => YuvRange::Full,
        };
        let matrix = match matrix {
            Matrix::Bt601 => YuvStandardMatrix::Bt601,
            Matrix::Bt709 => YuvStandardMatrix::Bt709,
        };
        let (y_plane, chroma) = bytes.split_at((stride * height as usize).min(bytes.len()));
        let (y_stride, rgb_stride) = (stride as u32, width * 3);
        let planar = |stride: u32| {
            let (u_plane, v_plane) = chroma.split_at(chroma.len() / 2);
            YuvPlanarImage {
                y_plane,
                y_stride,
                u_plane,
                u_stride: stride,
                v_plane,
                v_stride: stride,
                width,
                height,
            }
        };
        let half = y_stride.div_ceil(2);
        match self.format() {
            PixelFormat::Jpeg => Ok(()),
            PixelFormat::Rgb24 => {
                for (to, from) in rgb.chunks_exact_mut(row).zip(bytes.chunks(stride)) {
                    to.copy_from_slice(&from[..row]);
                }
                Ok(())
            }
            PixelFormat::Grey => {
                for (to, from) in rgb.chunks_exact_mut(3 * row).zip(bytes.chunks(stride)) {
                    for (pixel, &value) in to.chunks_exact_mut(3).zip(from) {
                        pixel.fill(value);
                    }
                }
                Ok(())
            }
            PixelFormat::Yuyv => {
                let image = YuvPackedImage {
                    yuy: bytes,
                    yuy_stride: y_stride,
                    width,
                    height,
                };
                yuyv422_to_rgb(&image, rgb, rgb_stride, range, matrix)
            }
            PixelFormat::Nv12 => {
                let image = YuvBiPlanarImage {
                    y_plane,
                    y_stride,
                    uv_plane: chroma,
                    uv_stride: y_stride.max(2 * width.div_ceil(2)),
                    width,
                    height,
                };
                let mode = YuvConversionMode::Balanced;
                yuv_nv12_to_rgb(&image, rgb, rgb_stride, range, matrix, mode)
            }
            PixelFormat::I420 => yuv420_to_rgb(&planar(half), rgb, rgb_stride, range, matrix),
            PixelFormat::I422 => yuv422_to_rgb(&planar(half), rgb, rgb_stride, range, matrix),
            PixelFormat::I444 => yuv444_to_rgb(&planar(y_stride), rgb, rgb_stride, range, matrix),
            PixelFormat::Luma => {
                let image = YuvGrayImage {
                    y_plane,
                    y_stride,
                    width,
                    height,
                };
                yuv400_to_rgb(&image, rgb, rgb_stride, range, matrix)
            }
        }
    }
}
