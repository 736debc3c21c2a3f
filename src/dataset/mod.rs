//! Image sets in the layouts that people download, all images at the model's size.
//!
//! ```text
//! path --Layout::find--> Cifar | Idx | ClassFolders | FlatFolder --open--> ImageSet
//! ```
//!
//! An image of another size than the model's goes through the device's own
//! [`Preprocessor`], so training, evaluation and the device see
//! the same pixels. A set is read whole or not at all: one bad record refuses it.

/// The images and labels in memory.
mod image_set;

/// Which layout a path holds.
mod layout;

/// CIFAR-10 and CIFAR-100, binary version.
pub mod cifar;

/// IDX files (MNIST and its relatives), plain or gzipped.
pub mod idx;

/// A folder of image files, with one folder a class or flat.
pub mod folder;

mod error;
mod read;

use std::path::Path;

use normgate_core::PreprocessSpec;

use crate::preprocess::Preprocessor;

pub use error::DatasetError;
pub use image_set::ImageSet;
pub use layout::{Layout, Split};

/// Reads the set at `path` with every image at `spec`'s size.
///
/// `split` chooses where a folder holds both halves of a set; a path that names one file, or a
/// folder of images, is read as it is.
///
/// # Errors
/// [`DatasetError`] naming the file and the place in it: no known layout, unreadable, truncated,
/// a label out of range, an image that does not decode, or no image at all.
///
/// # Example
/// ```no_run
/// use normgate::dataset::{self, Split};
/// use normgate_core::{Fit, PreprocessSpec};
///
/// let spec = PreprocessSpec::new(32, 32, Fit::CenterCrop);
/// let test = dataset::open("cifar-10-batches-bin".as_ref(), Split::Test, &spec)?;
/// println!("{} images of {} classes", test.len(), test.classes().len());
/// # Ok::<(), dataset::DatasetError>(())
/// ```
pub fn open(path: &Path, split: Split, spec: &PreprocessSpec) -> Result<ImageSet, DatasetError> {
    let mut preprocessor = Preprocessor::new(*spec);
    match Layout::find(path, split)? {
        Layout::Cifar(files) => cifar::read(&files, &mut preprocessor),
        Layout::Idx { images, labels } => idx::read(&images, &labels, &mut preprocessor),
        Layout::ClassFolders(root) => folder::read_classes(&root, &mut preprocessor),
        Layout::FlatFolder(root) => folder::read_flat(&root, &mut preprocessor),
    }
}
