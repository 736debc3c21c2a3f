use std::ops::Range;

use sha2::{Digest, Sha256};

use super::DatasetError;

/// Images of one size, with a label each or none at all. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSet {
    width: u32,
    height: u32,
    images: Vec<u8>,
    labels: Option<Vec<u16>>,
    classes: Vec<String>,
}

impl ImageSet {
    /// A set of `images` (NHWC: N images of `height * width * 3` bytes of RGB), with one label an
    /// image that indexes `classes`, or `None` and no classes for a set that is only scored.
    ///
    /// # Errors
    /// [`DatasetError::Shape`] if there is no image, the bytes are not whole images, the labels
    /// are not as many as the images, or a label has no class.
    pub fn new(
        width: u32,
        height: u32,
        images: Vec<u8>,
        labels: Option<Vec<u16>>,
        classes: Vec<String>,
    ) -> Result<Self, DatasetError> {
        let shape = |found: String, expected: String| Err(DatasetError::Shape { found, expected });
        let image_len = (width as usize)
            .saturating_mul(height as usize)
            .saturating_mul(3);
        if image_len == 0 || images.is_empty() {
            return shape("no image".into(), "at least one".into());
        }
        if !images.len().is_multiple_of(image_len) {
            return shape(
                format!("{} bytes of pixels", images.len()),
                format!("a multiple of {image_len} ({width}x{height} RGB)"),
            );
        }
        let count = images.len() / image_len;
        match &labels {
            Some(labels) if labels.len() != count => {
                return shape(format!("{} labels", labels.len()), format!("{count}"));
            }
            Some(labels) => {
                let beyond = labels
                    .iter()
                    .position(|&label| usize::from(label) >= classes.len());
                if let Some(index) = beyond {
                    return shape(
                        format!("label {} at image {index}", labels[index]),
                        format!("less than {} (the classes)", classes.len()),
                    );
                }
            }
            None if !classes.is_empty() => {
                return shape("classes but no labels".into(), "both or neither".into());
            }
            None => {}
        }
        Ok(Self {
            width,
            height,
            images,
            labels,
            classes,
        })
    }

    /// Width of every image, in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height of every image, in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The number of images, at least 1.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a set is never empty
    pub fn len(&self) -> usize {
        self.images.len() / self.image_len()
    }

    /// Bytes of one image, `height * width * 3`.
    #[must_use]
    pub fn image_len(&self) -> usize {
        self.width as usize * self.height as usize * 3
    }

    /// One image's pixels, HWC.
    ///
    /// # Panics
    /// If `index` is not less than [`len`](Self::len).
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        &self.images[index * self.image_len()..][..self.image_len()]
    }

    /// All pixels, NHWC.
    #[must_use]
    pub fn images(&self) -> &[u8] {
        &self.images
    }

    /// One label an image, each less than `classes().len()`; `None` for a set without labels.
    #[must_use]
    pub fn labels(&self) -> Option<&[u16]> {
        self.labels.as_deref()
    }

    /// The classes' names in label order; empty for a set without labels.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The first `count` images and the rest, without a copy of the first part.
    ///
    /// # Errors
    /// [`DatasetError::Shape`] if either part would be empty.
    pub fn split_at(mut self, count: usize) -> Result<(Self, Self), DatasetError> {
        if count == 0 || count >= self.len() {
            return Err(DatasetError::Shape {
                found: format!("a split at {count} of {} images", self.len()),
                expected: "at least one image on both sides".into(),
            });
        }
        let rest = Self {
            width: self.width,
            height: self.height,
            images: self.images.split_off(count * self.image_len()),
            labels: self.labels.as_mut().map(|labels| labels.split_off(count)),
            classes: self.classes.clone(),
        };
        Ok((self, rest))
    }

    /// A copy of the images in `range`.
    ///
    /// # Errors
    /// [`DatasetError::Shape`] if `range` is empty or reaches beyond the set.
    pub fn slice(&self, range: Range<usize>) -> Result<Self, DatasetError> {
        if range.is_empty() || range.end > self.len() {
            return Err(DatasetError::Shape {
                found: format!("a slice {range:?} of {} images", self.len()),
                expected: "at least one image, inside the set".into(),
            });
        }
        let bytes = range.start * self.image_len()..range.end * self.image_len();
        Ok(Self {
            width: self.width,
            height: self.height,
            images: self.images[bytes].to_vec(),
            labels: self.labels.as_ref().map(|labels| labels[range].to_vec()),
            classes: self.classes.clone(),
        })
    }

    /// The images at `places`, in that order; a place may stand there more than once.
    ///
    /// # Errors
    /// [`DatasetError::Shape`] for no places, or one that is not below [`len`](Self::len).
    pub fn select(&self, places: &[usize]) -> Result<Self, DatasetError> {
        let mut images = Vec::with_capacity(places.len() * self.image_len());
        for &place in places {
            if place >= self.len() {
                return Err(DatasetError::Shape {
                    found: format!("a place {place}"),
                    expected: format!("one below its {} images", self.len()),
                });
            }
            images.extend_from_slice(self.image(place));
        }
        let labels = self
            .labels
            .as_ref()
            .map(|labels| places.iter().map(|&p| labels[p]).collect());
        Self::new(
            self.width,
            self.height,
            images,
            labels,
            self.classes.clone(),
        )
    }

    /// The data's fingerprint: SHA-256 in lower-case hex over width and height (u32), the labels
    /// (u16 each, nothing for a set without), all little-endian, then the pixels.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.width.to_le_bytes());
        hash.update(self.height.to_le_bytes());
        for label in self.labels.iter().flatten() {
            hash.update(label.to_le_bytes());
        }
        hash.update(&self.images);
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images of 2x1 pixels; every byte of image i is i.
    fn set(count: u8) -> ImageSet {
        let images = (0..count).flat_map(|i| [i; 6]).collect();
        let labels = (0..count).map(|i| u16::from(i % 2)).collect();
        ImageSet::new(2, 1, images, Some(labels), vec!["a".into(), "b".into()]).unwrap()
    }

    fn refusal(images: usize, labels: Option<Vec<u16>>, classes: usize) -> String {
        let classes = (0..classes).map(|i| i.to_string()).collect();
        ImageSet::new(2, 1, vec![0; images], labels, classes)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_set_is_checked_when_it_is_made() {
        assert!(refusal(0, Some(vec![]), 2).contains("no image"));
        assert!(refusal(7, Some(vec![0]), 2).contains("expected a multiple of 6"));
        assert!(refusal(12, Some(vec![0]), 2).contains("1 labels; expected 2"));
        assert!(refusal(12, Some(vec![0, 2]), 2).contains("label 2 at image 1"));
        assert!(refusal(12, None, 2).contains("classes but no labels"));
        assert!(ImageSet::new(2, 1, vec![0; 12], None, vec![]).is_ok());
    }

    #[test]
    fn parts_hold_the_images_they_name() {
        let (head, tail) = set(5).split_at(2).unwrap();
        assert_eq!((head.len(), tail.len()), (2, 3));
        assert_eq!(tail.image(0), [2; 6]);
        assert_eq!(tail.labels().unwrap(), [0, 1, 0]);
        assert_eq!(set(5).slice(2..5).unwrap(), tail);
        assert_eq!(set(5).slice(0..2).unwrap(), head);
        for count in [0, 5, 6] {
            assert!(set(5).split_at(count).is_err());
        }
        assert!(set(5).slice(3..3).is_err());
        assert!(set(5).slice(3..6).is_err());
    }

    #[test]
    fn the_fingerprint_is_the_documented_sha256() {
        // Python: hashlib.sha256(struct.pack("<II2H", 2, 1, 0, 1) + bytes([0]*6 + [1]*6)).hexdigest()
        assert_eq!(
            set(2).sha256(),
            "5459399fc59af118427b1e2e14edef4675d91cbebe3d8811d002715dc83a53a7"
        );
    }
}
