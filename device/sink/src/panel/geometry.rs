use std::fs;
use std::path::Path;

/// How the pixels of a framebuffer lie in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    /// What is seen, in pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) depth: Depth,
    /// Bytes from one row to the next.
    pub(super) stride: usize,
    /// Where the first pixel that is seen lies, in bytes.
    pub(super) offset: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// 5 bits of red, 6 of green, 5 of blue; the low byte first.
    Rgb565,
    /// Blue, green, red, nothing.
    Xrgb8888,
}

/// The longest side that is believed.
const MOST_SIDE: u32 = 16_384;

impl Depth {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Rgb565 => 2,
            Self::Xrgb8888 => 4,
        }
    }
}

impl Geometry {
    /// Reads it from the device's folder in sysfs. The error says what is wrong.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let read = |name: &str| {
            let path = folder.join(name);
            let text = fs::read_to_string(&path);
            text.map_err(|e| {
                format!(
                    "{}: {e}; expected a framebuffer such as /dev/fb0",
                    path.display()
                )
            })
        };
        let number = |name: &str| -> Result<u32, String> {
            let text = read(name)?;
            let text = text.trim();
            text.parse()
                .map_err(|_| format!("{name} is {text:?}: expected a number"))
        };
        let depth = match number("bits_per_pixel")? {
            16 => Depth::Rgb565,
            32 => Depth::Xrgb8888,
            other => {
                return Err(format!(
                    "{other} bits a pixel: expected 16 (RGB565) or 32 (XRGB8888)"
                ));
            }
        };
        let text = read("virtual_size")?;
        let (virtual_w, virtual_h) = pair(text.trim(), ',')
            .filter(|&(w, h)| w > 0 && h > 0 && w <= MOST_SIDE && h <= MOST_SIDE)
            .ok_or_else(|| format!("virtual_size is {:?}: expected WIDTH,HEIGHT", text.trim()))?;
        let least = virtual_w as usize * depth.bytes();
        let stride = match fs::read_to_string(folder.join("stride")) {
            Ok(_) => number("stride")? as usize,
            Err(_) => least,
        };
        if stride < least {
            return Err(format!(
                "rows of {virtual_w} pixels lie {stride} bytes apart: expected at least {least}"
            ));
        }
        // Empty with some drivers, which then show all that there is.
        let mode = |name: &str| {
            let text = fs::read_to_string(folder.join(name)).ok()?;
            visible(text.lines().next()?)
        };
        let (width, height) = mode("mode")
            .or_else(|| mode("modes"))
            .filter(|&(w, h)| w > 0 && h > 0 && w <= virtual_w && h <= virtual_h)
            .unwrap_or((virtual_w, virtual_h));
        let pan = fs::read_to_string(folder.join("pan")).ok();
        let (x, y) = pan
            .and_then(|text| pair(text.trim(), ','))
            .filter(|&(x, y)| x <= virtual_w - width && y <= virtual_h - height)
            .unwrap_or((0, 0));
        Ok(Self {
            width,
            height,
            depth,
            stride,
            offset: u64::from(y) * stride as u64 + u64::from(x) * depth.bytes() as u64,
        })
    }
}

/// The size in a line such as `U:640x480p-60`.
fn visible(mode: &str) -> Option<(u32, u32)> {
    let (_, size) = mode.trim().split_once(':')?;
    let end = size.find(|c: char| !c.is_ascii_digit() && c != 'x');
    pair(&size[..end.unwrap_or(size.len())], 'x')
}

fn pair(text: &str, between: char) -> Option<(u32, u32)> {
    let (a, b) = text.split_once(between)?;
    Some((a.parse().ok()?, b.parse().ok()?))
}
