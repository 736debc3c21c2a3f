use crate::factors::Factors;
use crate::format::PixelFormat;
use crate::jpeg;
use crate::picture::Picture;

/// A picture whose bytes are not the pixels that its format promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConvertError(String);

impl Picture<'_> {
    /// Fills `out` with packed RGB, each code the nearest to what the matrix gives, cut off at 0 and 255. Chroma holds for
    /// all pixels that it covers. That is `width * height * 3` bytes; its memory is used again where it is large enough.
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
            _ => {
                self.convert(out);
                Ok(())
            }
        };
        if done.is_err() {
            out.clear();
        }
        done
    }

    fn convert(&self, rgb: &mut [u8]) {
        let (width, height) = (self.width() as usize, self.height() as usize);
        let (format, stride) = (self.format(), self.stride());
        let factors = self.color().factors();
        let (first, chroma) = self
            .bytes()
            .split_at((stride * height).min(self.bytes().len()));
        let half = stride.div_ceil(2);
        let (u_plane, v_plane) = chroma.split_at(chroma.len() / 2);
        let rows = rgb.chunks_exact_mut(3 * width);
        for (row, (out, line)) in rows.zip(first.chunks(stride)).enumerate() {
            let planar = |row: usize, stride: usize| {
                let from = row * stride;
                (&u_plane[from..from + stride], &v_plane[from..from + stride])
            };
            match format {
                PixelFormat::Jpeg => {}
                PixelFormat::Rgb24 => out.copy_from_slice(&line[..3 * width]),
                PixelFormat::Grey => {
                    for (pixel, &value) in out.chunks_exact_mut(3).zip(line) {
                        pixel.fill(value);
                    }
                }
                PixelFormat::Luma => {
                    for (pixel, &y) in out.as_chunks_mut::<3>().0.iter_mut().zip(line) {
                        *pixel = factors.pixel(y, 128, 128);
                    }
                }
                PixelFormat::Yuyv => {
                    for (pixels, &[y0, u, y1, v]) in out.chunks_mut(6).zip(line.as_chunks().0) {
                        pair(factors, pixels, [y0, y1], u, v);
                    }
                }
                PixelFormat::Nv12 => {
                    let uv = &chroma[row / 2 * stride.max(2 * width.div_ceil(2))..];
                    let pairs = out.chunks_mut(6).zip(line.chunks(2));
                    for ((pixels, y), &[u, v]) in pairs.zip(uv.as_chunks().0) {
                        pair(factors, pixels, both(y), u, v);
                    }
                }
                PixelFormat::I420 | PixelFormat::I422 => {
                    let halved = usize::from(format == PixelFormat::I420);
                    let (u, v) = planar(row >> halved, half);
                    let pairs = out.chunks_mut(6).zip(line.chunks(2));
                    for (((pixels, y), &u), &v) in pairs.zip(u).zip(v) {
                        pair(factors, pixels, both(y), u, v);
                    }
                }
                PixelFormat::I444 => {
                    let (u, v) = planar(row, stride);
                    let pixels = out.as_chunks_mut::<3>().0.iter_mut();
                    for (((pixel, &y), &u), &v) in pixels.zip(line).zip(u).zip(v) {
                        *pixel = factors.pixel(y, u, v);
                    }
                }
            }
        }
    }
}

/// Two pixels of one chroma, or the last of an odd row.
#[inline(always)]
fn pair(factors: Factors, pixels: &mut [u8], luma: [u8; 2], u: u8, v: u8) {
    for (pixel, y) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(luma) {
        *pixel = factors.pixel(y, u, v);
    }
}

fn both(luma: &[u8]) -> [u8; 2] {
    [luma[0], *luma.last().unwrap_or(&0)]
}
