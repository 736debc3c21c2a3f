use image::codecs::png::PngEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use normgate_core::Score;
use serde::Serialize;

use super::report::EvalError;
use super::scored::ScoredSet;
use crate::dataset::ImageSet;

/// Pictures of one set, the worst first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gallery {
    /// The set's name.
    pub set: String,
    /// How many frames there are of the kind that is shown.
    pub of: usize,
    /// The shown ones.
    pub pictures: Vec<Picture>,
}

/// One frame with what was made of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Its label; none for a set whose labels do not matter.
    pub label: Option<String>,
    /// The class of the largest logit.
    pub class: String,
    /// The probability of that class, in [0, 1]; of labelled frames.
    pub confidence: Option<f32>,
    /// The gate's score.
    pub score: f32,
    /// Whether the gate accepts it.
    pub kept: bool,
    /// The pixels that the network saw, at most [`Picture::SIDE`] on a side, as a PNG file.
    #[serde(skip)]
    pub png: Vec<u8>,
}

impl Picture {
    /// The longest side of a picture, in pixels; larger ones are made smaller.
    pub const SIDE: u32 = 96;
}

/// The frames with the wrong class, the most confident first and at most `most` of them. `labels` index `names`.
///
/// # Errors
/// [`EvalError::Output`] for a picture that cannot be encoded.
pub fn mistakes(
    id: &ScoredSet,
    images: &ImageSet,
    labels: &[u16],
    names: &[String],
    score: Score,
    most: usize,
) -> Result<Gallery, EvalError> {
    let wrong = id
        .correct()
        .iter()
        .enumerate()
        .filter(|(_, right)| !**right);
    let places = worst(wrong.map(|(i, _)| i), id.confidence());
    let label = |i: usize| labels.get(i).map(|&label| name(names, label));
    gallery(id, images, names, score, &places, most, label)
}

/// The OOD frames that the gate accepts, the highest score first and at most `most` of them.
///
/// # Errors
/// [`EvalError::Output`] for a picture that cannot be encoded.
pub fn accepted(
    ood: &ScoredSet,
    images: &ImageSet,
    names: &[String],
    score: Score,
    most: usize,
) -> Result<Gallery, EvalError> {
    let kept = ood
        .kept_frames()
        .iter()
        .enumerate()
        .filter(|(_, kept)| **kept);
    let places = worst(kept.map(|(i, _)| i), ood.scores(score));
    gallery(ood, images, names, score, &places, most, |_| None)
}

/// `places` from the highest value down, equal ones in their order.
fn worst(places: impl Iterator<Item = usize>, values: &[f32]) -> Vec<usize> {
    let mut places: Vec<usize> = places.filter(|&i| i < values.len()).collect();
    places.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    places
}

fn gallery(
    set: &ScoredSet,
    images: &ImageSet,
    names: &[String],
    score: Score,
    places: &[usize],
    most: usize,
    label: impl Fn(usize) -> Option<String>,
) -> Result<Gallery, EvalError> {
    let shown = places.iter().take(most).filter(|&&i| i < images.len());
    let picture = |&index: &usize| {
        Ok(Picture {
            index,
            label: label(index),
            class: set.nearest()[index].map_or_else(String::new, |class| name(names, class)),
            confidence: set.confidence().get(index).copied(),
            score: set.scores(score)[index],
            kept: set.kept_frames()[index],
            png: png(images, index).map_err(|why| EvalError::Output {
                set: set.name().to_owned(),
                index,
                why,
            })?,
        })
    };
    Ok(Gallery {
        set: set.name().to_owned(),
        of: places.len(),
        pictures: shown.map(picture).collect::<Result<_, _>>()?,
    })
}

fn name(names: &[String], class: u16) -> String {
    let known = names.get(usize::from(class)).cloned();
    known.unwrap_or_else(|| format!("class {class}"))
}

fn png(images: &ImageSet, index: usize) -> Result<Vec<u8>, String> {
    let (width, height) = (images.width(), images.height());
    let image = RgbImage::from_raw(width, height, images.image(index).to_vec())
        .ok_or("the picture is not whole")?;
    let longest = width.max(height);
    let image = if longest > Picture::SIDE {
        let scaled = |side: u32| (side * Picture::SIDE / longest).max(1);
        imageops::resize(&image, scaled(width), scaled(height), FilterType::Triangle)
    } else {
        image
    };
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(
            image.as_raw(),
            image.width(),
            image.height(),
            ExtendedColorType::Rgb8,
        )
        .map_err(|e| format!("the picture cannot be encoded: {e}"))?;
    Ok(png)
}
