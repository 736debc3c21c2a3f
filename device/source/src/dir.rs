use std::path::{Path, PathBuf};

use normgate_frame::image_file::{self, has_image_extension};
use normgate_frame::listing::{self, name_of};
use normgate_frame::{Frame, Truth};

use super::{Next, Source, SourceError};

/// The image files of a folder, sorted by name, then those of each of its folders, sorted by name.
///
/// A file in an inner folder has that folder's name as its true class, or [`Truth::Unknown`] if
/// the folder is called `unknown`. Hidden files and folders are left out, and so is whatever has
/// none of the [extensions](normgate_frame::image_file::EXTENSIONS). The list is made once.
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
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        let Some((path, truth)) = self.files.get(self.next) else {
            return Ok(Next::End);
        };
        let id = self.next as u64;
        self.next += 1;
        let name = path.display().to_string();
        let frame = image_file::read(path)?
            .into_frame(id, name.clone())
            .map_err(|source| SourceError::Size { name, source })?;
        visit(&Frame {
            truth: truth.as_ref(),
            ..frame.view()
        });
        Ok(Next::Frame)
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
