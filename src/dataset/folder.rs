//! Images are PNG, JPEG, WebP or BMP files by their names; other and hidden files are left out.
//! Files and classes are taken in the order of their names' bytes.

use std::path::{Path, PathBuf};

use super::{DatasetError, ImageSet, read};
use crate::frame::image_file::{self, has_image_extension};
use crate::frame::listing::name_of;
use crate::preprocess::Preprocessor;

/// Reads a folder with one folder of images a class; the folders' names are the classes, sorted.
/// Images come class by class.
///
/// # Errors
/// [`DatasetError`] naming the file or folder: unreadable, an image that does not decode, a class
/// without an image, or more than 65,536 classes.
pub fn read_classes(
    root: &Path,
    preprocessor: &mut Preprocessor,
) -> Result<ImageSet, DatasetError> {
    let spec = *preprocessor.spec();
    let folders = read::entries(root)?.folders;
    let (mut images, mut labels, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for (index, folder) in folders.iter().enumerate() {
        let label = u16::try_from(index).map_err(|_| {
            DatasetError::layout(root, format!("{} folders", folders.len()), "at most 65536")
        })?;
        let count = append_images(folder, preprocessor, &mut images)?;
        labels.resize(labels.len() + count, label);
        classes.push(name_of(folder));
    }
    ImageSet::new(spec.width, spec.height, images, Some(labels), classes)
}

/// Reads a folder of images as a set without labels.
///
/// # Errors
/// [`DatasetError`] naming the file or folder: unreadable, an image that does not decode, or no
/// image at all.
pub fn read_flat(root: &Path, preprocessor: &mut Preprocessor) -> Result<ImageSet, DatasetError> {
    let spec = *preprocessor.spec();
    let mut images = Vec::new();
    append_images(root, preprocessor, &mut images)?;
    ImageSet::new(spec.width, spec.height, images, None, Vec::new())
}

/// Appends all images that lie in `folder` itself; says how many.
fn append_images(
    folder: &Path,
    preprocessor: &mut Preprocessor,
    images: &mut Vec<u8>,
) -> Result<usize, DatasetError> {
    let files: Vec<PathBuf> = read::entries(folder)?
        .files
        .into_iter()
        .filter(|file| has_image_extension(file))
        .collect();
    if files.is_empty() {
        return Err(DatasetError::layout(
            folder,
            "no image",
            "at least one PNG, JPEG, WebP or BMP file",
        ));
    }
    for file in &files {
        let image = image_file::read(file)?;
        preprocessor
            .append(image.width, image.height, &image.rgb, images)
            .map_err(|source| DatasetError::preprocess(file, source))?;
    }
    Ok(files.len())
}
