use std::fmt;
use std::path::PathBuf;

use crate::SourceError;

/// A device that captures video.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Camera {
    /// The device's node, which may change from plugging to plugging.
    pub path: PathBuf,
    /// Names for `v4l2:NAME` that stay: those by id first, then those by place.
    pub names: Vec<String>,
    /// The camera's name, as the driver gives it; empty if it cannot be asked.
    pub card: String,
    /// The driver.
    pub driver: String,
    /// Where the camera is plugged in.
    pub bus: String,
    /// What it gives.
    pub modes: Vec<CameraMode>,
    /// Why it cannot be asked.
    pub problem: Option<String>,
}

/// A pixel format that a camera has.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CameraMode {
    /// V4L2's code, as `YUYV`.
    pub code: String,
    /// The name for `format=`; none if this program does not read the format.
    pub format: Option<String>,
    /// Its sizes; none if the driver does not tell.
    pub sizes: Vec<CameraSize>,
}

/// A size, or a range of sizes, and its frame rates.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CameraSize {
    /// The smallest width and height in pixels.
    pub least: (u32, u32),
    /// The largest, the same unless any size between can be had.
    pub most: (u32, u32),
    /// Frames a second at the largest size, the highest rate first.
    pub fps: Vec<f64>,
}

impl fmt::Display for Camera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(problem) = &self.problem {
            return write!(f, ": {problem}");
        }
        write!(f, ": {} ({}, {})", self.card, self.driver, self.bus)?;
        for name in &self.names {
            write!(f, "\n  v4l2:{name}")?;
        }
        for mode in &self.modes {
            match &mode.format {
                Some(format) => write!(f, "\n  {format}:")?,
                None => write!(f, "\n  {} (not read):", mode.code)?,
            }
            for (i, size) in mode.sizes.iter().enumerate() {
                write!(f, "{}{size}", if i == 0 { " " } else { ", " })?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for CameraSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.least.0, self.least.1)?;
        if self.least != self.most {
            write!(f, " to {}x{}", self.most.0, self.most.1)?;
        }
        if let [first, ..] = self.fps.as_slice() {
            write!(f, " at {first:.4}")?;
            let last = self.fps.last().unwrap_or(first);
            if last != first {
                write!(f, " to {last:.4}")?;
            }
            write!(f, " fps")?;
        }
        Ok(())
    }
}

/// The devices that capture video, in the order of their nodes; one that cannot be asked is listed with the reason.
///
/// # Errors
/// [`SourceError::NoV4l2`] on a system other than Linux.
pub fn cameras() -> Result<Vec<Camera>, SourceError> {
    #[cfg(target_os = "linux")]
    return Ok(linux::cameras(std::path::Path::new(super::names::DEV)));
    #[cfg(not(target_os = "linux"))]
    return Err(SourceError::NoV4l2 {
        uri: "v4l2:".into(),
    });
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::{Path, PathBuf};

    use moq_v4l::frameinterval::FrameIntervalEnum;
    use moq_v4l::video::Capture;
    use moq_v4l::{Device, FourCC, Fraction};

    use super::{Camera, CameraMode, CameraSize};
    use crate::SourceError;
    use crate::camera::choose::{self, Sizes};
    use crate::camera::{device, names};

    pub(super) fn cameras(dev: &Path) -> Vec<Camera> {
        let nodes = names::nodes(dev).into_iter();
        nodes.filter_map(|node| ask(dev, node)).collect()
    }

    /// What is known of a node, none if it is certainly no camera.
    fn ask(dev: &Path, path: PathBuf) -> Option<Camera> {
        let mut camera = Camera {
            names: names::stable_names(dev, &path),
            path,
            card: String::new(),
            driver: String::new(),
            bus: String::new(),
            modes: Vec::new(),
            problem: None,
        };
        if let Err(error) = fill(&mut camera) {
            camera.problem = match error {
                SourceError::NotCamera { .. } => return None,
                error => {
                    let path = format!("{}: ", camera.path.display());
                    let reason = error.to_string();
                    Some(reason.strip_prefix(&path).unwrap_or(&reason).to_owned())
                }
            };
        }
        Some(camera)
    }

    fn fill(camera: &mut Camera) -> Result<(), SourceError> {
        let name = camera.path.display().to_string();
        let refused = |error| device::refusal(&name, error);
        let node = device::open_node(&camera.path).map_err(refused)?;
        let capabilities = device::capabilities(&node).map_err(refused)?;
        if let Some(found) = device::not_a_camera(&capabilities) {
            return Err(SourceError::NotCamera { name, found });
        }
        let offers = device::offers(&node).map_err(refused)?;
        camera.card = capabilities.card;
        camera.driver = capabilities.driver;
        camera.bus = capabilities.bus;
        camera.modes = offers
            .into_iter()
            .map(|offer| CameraMode {
                code: choose::code_name(offer.code),
                format: choose::format_of(offer.code).map(|format| format.name().to_owned()),
                sizes: offer
                    .sizes
                    .iter()
                    .map(|sizes| size(&node, offer.code, sizes))
                    .collect(),
            })
            .collect();
        Ok(())
    }

    fn size(node: &Device, code: [u8; 4], sizes: &Sizes) -> CameraSize {
        let (width, height) = sizes.most;
        let intervals = node.enum_frameintervals(FourCC::new(&code), width, height);
        let mut fps: Vec<f64> = intervals
            .unwrap_or_default()
            .into_iter()
            .flat_map(|interval| match interval.interval {
                FrameIntervalEnum::Discrete(one) => vec![rate(one)],
                FrameIntervalEnum::Stepwise(many) => vec![rate(many.min), rate(many.max)],
            })
            .filter(|rate| rate.is_finite() && *rate > 0.0)
            .collect();
        fps.sort_by(|a, b| b.total_cmp(a));
        fps.dedup();
        CameraSize {
            least: sizes.least,
            most: sizes.most,
            fps,
        }
    }

    fn rate(interval: Fraction) -> f64 {
        f64::from(interval.denominator) / f64::from(interval.numerator)
    }
}
