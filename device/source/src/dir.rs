use std::path::{Path, PathBuf};

use super::{Source, SourceError};
use crate::frame::image_file::{self, has_image_extension};
use crate::frame::listing::{self, name_of};
use crate::frame::{Frame, Truth};

/// The image files of a folder, sorted by name, then those of each of its folders, sorted by name.
///
/// A file in an inner folder has that folder's name as its true class, or [`Truth::Unknown`] if
/// the folder is called `unknown`. Hidden files and folders are left out, and so is whatever has
/// none of the [extensions](crate::frame::image_file::EXTENSIONS). The list is made once.
#[derive(Debug)]
pub struct DirSource {
    root: PathBuf,
    files: Vec<(PathBuf, Option<Truth>)>,
    next: usize,
}

impl DirSource {
    /// Lists `root`'s images.
    ///
    /// # Errors
    /// [`SourceError`] if a folder cannot be read or there is no image.
    pub fn open(root: &Path) -> Result<Self, SourceError> {
        let mut files = Vec::new();
        let folders = append_images(root, None, &mut files)?;
        for folder in folders {
            let truth = match name_of(&folder) {
                name if name == "unknown" => Truth::Unknown,
                name => Truth::Class(name),
            };
            append_images(&folder, Some(truth), &mut files)?;
        }
        if files.is_empty() {
            return Err(SourceError::NoImages {
                path: root.to_owned(),
            });
        }
        Ok(Self {
            root: root.to_owned(),
            files,
            next: 0,
        })
    }
}

impl Source for DirSource {
    fn next_frame(&mut self) -> Result<Option<Frame>, SourceError> {
        let Some((path, truth)) = self.files.get(self.next) else {
            return Ok(None);
        };
        let id = self.next as u64;
        self.next += 1;
        let image = image_file::read(path)?;
        Ok(Some(
            image
                .into_frame(id, path.display().to_string())
                .with_truth(truth.clone()),
        ))
    }

    fn is_live(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        format!("dir:{} ({} images)", self.root.display(), self.files.len())
    }
}

/// Appends the images in `folder` and gives back its folders.
fn append_images(
    folder: &Path,
    truth: Option<Truth>,
    files: &mut Vec<(PathBuf, Option<Truth>)>,
) -> Result<Vec<PathBuf>, SourceError> {
    let listing = listing::list(folder).map_err(|source| SourceError::Io {
        name: folder.display().to_string(),
        source,
    })?;
    files.extend(
        listing
            .files
            .into_iter()
            .filter(|file| has_image_extension(file))
            .map(|file| (file, truth.clone())),
    );
    Ok(listing.folders)
}
