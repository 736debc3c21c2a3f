//! All that one geometry needs: made for its first frame, used for each.

use normgate_core::{Fit, PreprocessSpec};
use normgate_frame::{ColorSpace, Picture, PixelFormat};
use pulp::{Arch, Simd, WithSimd};

use crate::axis::Axis;
use crate::color::Color;
use crate::fast::{Fast, Lane, Reduction, Sum};
use crate::general;
use crate::geometry::{self, Rect};
use crate::planes::{self, Plane};
use crate::scale::Scale;

/// What decides a plan, beside the model's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    format: PixelFormat,
    color: ColorSpace,
    size: (u32, u32),
    stride: usize,
}

impl Key {
    pub(crate) fn of(picture: &Picture<'_>) -> Self {
        Self {
            format: picture.format(),
            color: picture.color(),
            size: (picture.width(), picture.height()),
            stride: picture.stride(),
        }
    }
}

/// From pictures of one key to the model's pixels.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    key: Key,
    spec: PreprocessSpec,
    fast: Option<Fast>,
    resize: Resize,
}

/// What both ways share.
#[derive(Debug, Clone)]
struct Resize {
    columns: Axis,
    rows: Axis,
    planes: Vec<Plane>,
    to: Rect,
    scale: Scale,
    color: Color,
    values: [Vec<u32>; 3],
}

impl Plan {
    /// For a picture that is no JPEG and a spec that is in range.
    pub(crate) fn new(picture: &Picture<'_>, spec: PreprocessSpec) -> Self {
        let size = (picture.width(), picture.height());
        let target = (spec.width, spec.height);
        let whole = (Rect::whole(size), Rect::whole(target));
        let (from, to) = match spec.fit {
            Fit::CenterCrop => (geometry::center_crop(size, target), whole.1),
            Fit::Stretch => whole,
            Fit::Letterbox => (whole.0, geometry::letterbox(size, target)),
        };
        let columns = Axis::new(from.left, from.width, size.0, to.width);
        let rows = Axis::new(from.top, from.height, size.1, to.height);
        let planes = planes::planes(picture);
        Self {
            key: Key::of(picture),
            spec,
            fast: Fast::new(&planes, &columns, &rows),
            resize: Resize {
                to,
                scale: Scale::new(&columns, &rows),
                color: Color::new(picture.format(), picture.color()),
                values: std::array::from_fn(|_| vec![0; columns.outputs()]),
                columns,
                rows,
                planes,
            },
        }
    }

    /// Whether it is the plan for such a picture.
    pub(crate) fn fits(&self, picture: &Picture<'_>) -> bool {
        self.key == Key::of(picture)
    }

    /// Fills `out` from a picture that [`fits`](Self::fits); `None` uses only what every processor of the target has.
    pub(crate) fn run(&mut self, arch: Option<Arch>, bytes: &[u8], out: &mut [u8]) {
        let Self {
            spec, fast, resize, ..
        } = self;
        let Rect { width, height, .. } = resize.to;
        if (width, height) != (spec.width, spec.height) {
            // A pixel at the mean is exactly zero to the net, like the padding of its convolutions.
            out.fill(spec.mean as u8);
        }
        let width = spec.width as usize;
        match fast {
            Some(fast) => {
                let pass = Pass {
                    fast,
                    resize,
                    bytes,
                    out,
                    width,
                };
                match arch {
                    Some(arch) => arch.dispatch(pass),
                    None => pass.run(),
                }
            }
            None => resize.by_definition(bytes, out, width),
        }
    }
}

impl Resize {
    fn by_definition(&mut self, bytes: &[u8], out: &mut [u8], width: usize) {
        let Self {
            columns,
            rows,
            planes,
            to,
            scale,
            color,
            values,
        } = self;
        for y in 0..rows.outputs() {
            for x in 0..columns.outputs() {
                let sums = general::sums(bytes, planes, (columns, rows), (x, y));
                for (values, sum) in values.iter_mut().zip(sums) {
                    values[x] = scale.value(sum, x, y);
                }
            }
            color.row(values.each_ref().map(Vec::as_slice), to.row(y, width, out));
        }
    }
}

/// One picture, the fast way.
struct Pass<'a> {
    fast: &'a mut Fast,
    resize: &'a mut Resize,
    bytes: &'a [u8],
    out: &'a mut [u8],
    width: usize,
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.run();
    }
}

impl Pass<'_> {
    #[inline(always)]
    fn run(self) {
        let Self {
            fast,
            resize,
            bytes,
            out,
            width,
        } = self;
        match fast {
            Fast::Narrow(reduction) => reduce(reduction, resize, bytes, out, width),
            Fast::Middle(reduction) => reduce(reduction, resize, bytes, out, width),
            Fast::Wide(reduction) => reduce(reduction, resize, bytes, out, width),
        }
    }
}

#[inline(always)]
fn reduce<V: Lane, A: Sum<V> + Into<u64>>(
    reduction: &mut Reduction<V, A>,
    resize: &mut Resize,
    bytes: &[u8],
    out: &mut [u8],
    width: usize,
) {
    let Resize {
        to,
        scale,
        color,
        values,
        ..
    } = resize;
    reduction.run(
        bytes,
        #[inline(always)]
        |y, sums| {
            for (values, sums) in values.iter_mut().zip(sums) {
                scale.row(sums, y, values);
            }
            color.row(values.each_ref().map(Vec::as_slice), to.row(y, width, out));
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes without a pattern, some at the ends of the range.
    fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed;
        (0..len)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(seed | 1);
                match state >> 60 {
                    0 => 0,
                    1..=3 => 255,
                    _ => (state >> 32) as u8,
                }
            })
            .collect()
    }

    fn lanes(plan: &Plan) -> &'static str {
        match plan.fast {
            Some(Fast::Narrow(_)) => "narrow",
            Some(Fast::Middle(_)) => "middle",
            Some(Fast::Wide(_)) => "wide",
            None => "none",
        }
    }

    /// The outputs of the plan by definition, with and without the processor's own instructions.
    fn all(picture: &Picture<'_>, spec: PreprocessSpec) -> ([Vec<u8>; 3], &'static str) {
        let mut plan = Plan::new(picture, spec);
        let kind = lanes(&plan);
        let mut outs = [(); 3].map(|()| vec![1; spec.input_len()]);
        plan.run(Some(Arch::new()), picture.bytes(), &mut outs[0]);
        plan.run(None, picture.bytes(), &mut outs[1]);
        plan.fast = None;
        plan.run(None, picture.bytes(), &mut outs[2]);
        (outs, kind)
    }

    #[test]
    fn each_width_of_numbers_is_the_definition() {
        for (size, target, expected) in [
            ((480, 480), 32, "narrow"),
            ((640, 480), 32, "narrow"),
            ((300, 720), 32, "middle"),
            ((200, 1111), 32, "wide"),
            ((60, 60), 32, "none"),
            ((20, 20), 32, "none"),
        ] {
            for format in PixelFormat::UNCOMPRESSED {
                let stride = format.row_len(size.0) + 6;
                let len = format.len(size.0, size.1, stride).unwrap().unwrap();
                let bytes = noise(len, 3);
                let picture =
                    Picture::new(format, ColorSpace::default(), size, stride, &bytes).unwrap();
                let spec = PreprocessSpec::new(target, target, Fit::Stretch);
                let ([fast, portable, right], kind) = all(&picture, spec);
                // Narrow planes, of chroma too, go the general way.
                if size.0 >= 200 || kind == "none" {
                    assert_eq!(kind, expected, "{picture:?}");
                }
                assert_eq!(fast, right, "{picture:?}");
                assert_eq!(portable, right, "{picture:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn every_way_gives_the_same_pixels(
            format in prop::sample::select(PixelFormat::UNCOMPRESSED.to_vec()),
            size in (1..400_u32, 1..150_u32),
            (width, height) in (1..70_u32, 1..70_u32),
            fit in prop::sample::select(Fit::ALL.to_vec()),
            padding in 0..9_usize,
            seed in any::<u64>(),
        ) {
            let stride = format.row_len(size.0) + padding;
            let len = format.len(size.0, size.1, stride).unwrap().unwrap();
            let bytes = noise(len, seed);
            let picture =
                Picture::new(format, ColorSpace::default(), size, stride, &bytes).unwrap();
            let ([fast, portable, right], _) = all(&picture, PreprocessSpec::new(width, height, fit));
            prop_assert_eq!(&fast, &right);
            prop_assert_eq!(portable, right);
        }
    }
}
