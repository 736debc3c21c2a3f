use std::path::{Path, PathBuf};

use super::read::entries;
use super::{DatasetError, cifar, idx};
use crate::frame::image_file::has_image_extension;
use crate::frame::listing::{Listing, name_of};

const LAYOUTS: &str = "a CIFAR-10 or CIFAR-100 binary file or folder, an IDX file or folder, \
                       a folder with one folder of images a class, or a folder of images";

/// Which half of a published set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The images that weights are fitted on.
    Train,
    /// The images that are only scored.
    Test,
}

/// What a path was recognised as, with the files to read in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// CIFAR-10 or CIFAR-100 binary files.
    Cifar(Vec<PathBuf>),
    /// A pair of IDX files.
    Idx {
        /// `*-images-idx3-ubyte`, plain or `.gz`.
        images: PathBuf,
        /// `*-labels-idx1-ubyte`, plain or `.gz`.
        labels: PathBuf,
    },
    /// A folder with one folder of images a class.
    ClassFolders(PathBuf),
    /// A folder of images without labels.
    FlatFolder(PathBuf),
}

impl Layout {
    /// Looks at names only, never into files. A folder of class folders that itself holds `train`
    /// and `test` (or `val`) is entered by `split`.
    ///
    /// # Errors
    /// [`DatasetError`] if the path does not exist, has none of the layouts, holds images beside
    /// class folders, or lacks a part of its layout.
    pub fn find(path: &Path, split: Split) -> Result<Self, DatasetError> {
        let kind = std::fs::metadata(path).map_err(|source| DatasetError::io(path, source))?;
        if kind.is_dir() {
            Self::of_folder(path, split)
        } else {
            Self::of_file(path)
        }
    }

    fn of_file(path: &Path) -> Result<Self, DatasetError> {
        if let Some(labels) = idx::labels_beside(path)? {
            return Ok(Self::Idx {
                images: path.to_owned(),
                labels,
            });
        }
        if path.extension().is_some_and(|extension| extension == "bin") {
            return Ok(Self::Cifar(vec![path.to_owned()]));
        }
        Err(DatasetError::layout(
            path,
            "neither *.bin nor *-images-idx3-ubyte",
            LAYOUTS,
        ))
    }

    fn of_folder(path: &Path, split: Split) -> Result<Self, DatasetError> {
        if let Some(files) = cifar::files_of(path, split)? {
            return Ok(Self::Cifar(files));
        }
        let Listing { files, folders } = entries(path)?;
        if let Some(images) = idx::images_of(path, &files, split)? {
            return Self::of_file(&images);
        }
        let has_images = files.iter().any(|file| has_image_extension(file));
        match (has_images, folders.is_empty()) {
            (true, true) => Ok(Self::FlatFolder(path.to_owned())),
            (false, false) => Ok(Self::ClassFolders(half(path, &folders, split))),
            (true, false) => Err(DatasetError::layout(
                path,
                "images beside folders",
                "either images or one folder a class",
            )),
            (false, true) => Err(DatasetError::layout(path, "no data set", LAYOUTS)),
        }
    }
}

/// `root`, or the half of it that `split` names if its folders are the halves of a set.
fn half(root: &Path, folders: &[PathBuf], split: Split) -> PathBuf {
    let names: Vec<String> = folders.iter().map(|folder| name_of(folder)).collect();
    let has = |name: &str| names.iter().any(|other| other == name);
    let test = ["test", "val"].into_iter().find(|name| has(name));
    match (has("train"), test, split) {
        (true, Some(_), Split::Train) => root.join("train"),
        (true, Some(test), Split::Test) => root.join(test),
        _ => root.to_owned(),
    }
}
