//! A record is its label bytes, then 1024 red, 1024 green and 1024 blue bytes of a 32x32 image.
//! CIFAR-10 has one label byte (record of 3073), CIFAR-100 a coarse and a fine one (3074); the
//! fine one is used. Format: <https://www.cs.toronto.edu/~kriz/cifar.html>.

use std::path::{Path, PathBuf};

use super::{DatasetError, ImageSet, Split, read};
use crate::frame::listing::name_of;
use crate::preprocess::Preprocessor;

const SIDE: u32 = 32;
const PLANE: usize = 32 * 32;
const PIXELS: usize = 3 * PLANE;

const CIFAR10_CLASSES: [&str; 10] = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
];

/// The two record formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cifar10,
    Cifar100,
}

impl Kind {
    fn label_bytes(self) -> usize {
        match self {
            Self::Cifar10 => 1,
            Self::Cifar100 => 2,
        }
    }

    fn record(self) -> usize {
        self.label_bytes() + PIXELS
    }

    fn names_file(self) -> &'static str {
        match self {
            Self::Cifar10 => "batches.meta.txt",
            Self::Cifar100 => "fine_label_names.txt",
        }
    }

    /// The classes where no file names them; CIFAR-100's are then numbers.
    fn default_names(self) -> Vec<String> {
        match self {
            Self::Cifar10 => CIFAR10_CLASSES.map(str::to_owned).to_vec(),
            Self::Cifar100 => (0..100).map(|class| class.to_string()).collect(),
        }
    }

    /// Decides by the length. A length that both records divide is CIFAR-10 if every label is
    /// then one of its ten.
    fn of(path: &Path, bytes: &[u8]) -> Result<Self, DatasetError> {
        let divides = |kind: Self| bytes.len().is_multiple_of(kind.record());
        match (divides(Self::Cifar10), divides(Self::Cifar100)) {
            _ if bytes.is_empty() => Err(DatasetError::format(
                path,
                "byte 0",
                "the file is empty",
                "records of 3073 bytes (CIFAR-10) or 3074 (CIFAR-100)",
            )),
            (true, true) => {
                let ten = bytes
                    .chunks_exact(Self::Cifar10.record())
                    .all(|record| record[0] < 10);
                Ok(if ten { Self::Cifar10 } else { Self::Cifar100 })
            }
            (true, false) => Ok(Self::Cifar10),
            (false, true) => Ok(Self::Cifar100),
            (false, false) => Err(DatasetError::format(
                path,
                format!("byte {}", bytes.len()),
                "the file ends inside a record",
                "whole records of 3073 bytes (CIFAR-10) or 3074 (CIFAR-100)",
            )),
        }
    }
}

/// The training half of a CIFAR-10 folder (`data_batch_1.bin` to `_5`, in order) or of a CIFAR-100
/// folder (`train.bin`).
///
/// # Errors
/// [`DatasetError`] if a file is missing or as for [`read()`].
pub fn train(folder: &Path, preprocessor: &mut Preprocessor) -> Result<ImageSet, DatasetError> {
    read_folder(folder, Split::Train, preprocessor)
}

/// The test half of a CIFAR-10 folder (`test_batch.bin`) or of a CIFAR-100 folder (`test.bin`).
///
/// # Errors
/// As for [`train`].
pub fn test(folder: &Path, preprocessor: &mut Preprocessor) -> Result<ImageSet, DatasetError> {
    read_folder(folder, Split::Test, preprocessor)
}

/// Reads binary files, one after the other, into one set. Names come from `batches.meta.txt` or
/// `fine_label_names.txt` beside the first file, else they are the published ones (CIFAR-10) or
/// numbers (CIFAR-100).
///
/// # Errors
/// [`DatasetError`] naming the file and record: unreadable, not whole records, a label without a
/// class, or files of both kinds.
pub fn read(files: &[PathBuf], preprocessor: &mut Preprocessor) -> Result<ImageSet, DatasetError> {
    let spec = *preprocessor.spec();
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    let mut set_kind = None;
    let mut classes = Vec::new();
    for path in files {
        let bytes = read::file(path)?;
        let kind = Kind::of(path, &bytes)?;
        match set_kind {
            None => {
                let names = path.with_file_name(kind.names_file());
                classes = read::names(&names)?.unwrap_or_else(|| kind.default_names());
                set_kind = Some(kind);
            }
            Some(first) if first != kind => {
                return Err(DatasetError::format(
                    path,
                    "byte 0",
                    format!("records of {} bytes", kind.record()),
                    format!("{}, as in the first file", first.record()),
                ));
            }
            Some(_) => {}
        }
        let records = bytes.chunks_exact(kind.record());
        images.reserve(records.len().saturating_mul(spec.input_len()));
        for (index, record) in records.enumerate() {
            let (label, planes) = record.split_at(kind.label_bytes());
            let label = u16::from(label[label.len() - 1]);
            if usize::from(label) >= classes.len() {
                return Err(DatasetError::format(
                    path,
                    format!("record {index}"),
                    format!("label {label}"),
                    format!("less than {}", classes.len()),
                ));
            }
            labels.push(label);
            append(&mut images, planes, preprocessor)
                .map_err(|source| DatasetError::preprocess(path, source))?;
        }
    }
    ImageSet::new(spec.width, spec.height, images, Some(labels), classes)
}

/// Interleaves one image's planes and appends it at the model's size.
fn append(
    images: &mut Vec<u8>,
    planes: &[u8],
    preprocessor: &mut Preprocessor,
) -> Result<(), crate::preprocess::PreprocessError> {
    let mut rgb = [0; PIXELS];
    for (i, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        pixel.copy_from_slice(&[planes[i], planes[PLANE + i], planes[2 * PLANE + i]]);
    }
    preprocessor.append(SIDE, SIDE, &rgb, images)
}

fn read_folder(
    folder: &Path,
    split: Split,
    preprocessor: &mut Preprocessor,
) -> Result<ImageSet, DatasetError> {
    match files_of(folder, split)? {
        Some(files) => read(&files, preprocessor),
        None => Err(DatasetError::layout(
            folder,
            "no CIFAR file",
            "data_batch_1.bin to data_batch_5.bin and test_batch.bin, or train.bin and test.bin",
        )),
    }
}

/// The files of one half, `None` if this is no CIFAR folder.
pub(super) fn files_of(folder: &Path, split: Split) -> Result<Option<Vec<PathBuf>>, DatasetError> {
    let ten_train: Vec<PathBuf> = (1..=5)
        .map(|batch| folder.join(format!("data_batch_{batch}.bin")))
        .collect();
    let ten_test = vec![folder.join("test_batch.bin")];
    let hundred_train = vec![folder.join("train.bin")];
    let hundred_test = vec![folder.join("test.bin")];
    let any = |files: &[PathBuf]| files.iter().any(|file| file.is_file());
    let wanted = if any(&ten_train) || any(&ten_test) {
        match split {
            Split::Train => ten_train,
            Split::Test => ten_test,
        }
    } else if any(&hundred_train) || any(&hundred_test) {
        match split {
            Split::Train => hundred_train,
            Split::Test => hundred_test,
        }
    } else {
        return Ok(None);
    };
    match wanted.iter().find(|file| !file.is_file()) {
        Some(missing) => Err(DatasetError::layout(
            folder,
            format!("{} is missing", name_of(missing)),
            "all files of the set",
        )),
        None => Ok(Some(wanted)),
    }
}
