//! An IDX file is two zero bytes, the element type (0x08: u8), the number of dimensions, each
//! dimension as a big-endian u32, then the elements. Images are N x rows x columns of grey, which
//! become RGB; labels are N. Format: <http://yann.lecun.com/exdb/mnist/>.

use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{DatasetError, ImageSet, Split, read};
use crate::frame::listing::name_of;
use crate::preprocess::Preprocessor;

const U8: u8 = 0x08;

/// Endings of an image file's name and the labels' ending that goes with it.
const ENDINGS: [(&str, &str); 2] = [
    ("images-idx3-ubyte", "labels-idx1-ubyte"),
    ("images.idx3-ubyte", "labels.idx1-ubyte"),
];

/// Reads a pair of IDX files; a name that ends in `.gz` is decompressed. The classes are the
/// numbers from 0 to the largest label.
///
/// # Errors
/// [`DatasetError`] naming the file and the byte: unreadable, another type or number of
/// dimensions, a length that the header does not announce, or a label count that differs.
pub fn read(
    images: &Path,
    labels: &Path,
    preprocessor: &mut Preprocessor,
) -> Result<ImageSet, DatasetError> {
    let spec = *preprocessor.spec();
    let image_bytes = load(images)?;
    let ([count, height, width], pixels) = parse::<3>(images, &image_bytes)?;
    let label_bytes = load(labels)?;
    let ([label_count], values) = parse::<1>(labels, &label_bytes)?;
    if label_count != count {
        return Err(DatasetError::format(
            labels,
            "byte 4",
            format!("{label_count} labels"),
            format!("{count}, the number of images"),
        ));
    }
    let image_len = width as usize * height as usize;
    if count == 0 || image_len == 0 {
        return Err(DatasetError::format(
            images,
            "byte 4",
            format!("{count} images of {width}x{height} pixels"),
            "at least one image of at least one pixel",
        ));
    }
    let mut out = Vec::new();
    let mut rgb = Vec::new();
    for grey in pixels.chunks_exact(image_len) {
        rgb.clear();
        rgb.extend(grey.iter().flat_map(|&value| [value; 3]));
        preprocessor
            .append(width, height, &rgb, &mut out)
            .map_err(|source| DatasetError::preprocess(images, source))?;
    }
    let classes = values.iter().max().map_or(0, |&max| u16::from(max) + 1);
    ImageSet::new(
        spec.width,
        spec.height,
        out,
        Some(values.iter().map(|&label| label.into()).collect()),
        (0..classes).map(|class| class.to_string()).collect(),
    )
}

fn load(path: &Path) -> Result<Vec<u8>, DatasetError> {
    if path.extension().is_some_and(|extension| extension == "gz") {
        let file = std::fs::File::open(path).map_err(|source| DatasetError::io(path, source))?;
        read::to_end(path, MultiGzDecoder::new(file))
    } else {
        read::file(path)
    }
}

/// The `N` dimensions and the elements, exactly as many as the dimensions say.
fn parse<'a, const N: usize>(
    path: &Path,
    bytes: &'a [u8],
) -> Result<([u32; N], &'a [u8]), DatasetError> {
    let magic = [0, 0, U8, N as u8];
    if !bytes.starts_with(&magic) {
        return Err(DatasetError::format(
            path,
            "byte 0",
            format!("{:02x?}", &bytes[..bytes.len().min(4)]),
            format!("{magic:02x?} (u8, dimensions: {N})"),
        ));
    }
    let header = 4 + 4 * N;
    if bytes.len() < header {
        return Err(DatasetError::format(
            path,
            format!("byte {}", bytes.len()),
            "the file ends inside its header",
            format!("{header} bytes of header"),
        ));
    }
    let (header, elements) = bytes.split_at(header);
    let mut dims = [0; N];
    for (dim, field) in dims.iter_mut().zip(header[4..].chunks_exact(4)) {
        *dim = u32::from_be_bytes([field[0], field[1], field[2], field[3]]);
    }
    let announced = dims
        .iter()
        .fold(1_u128, |product, &dim| product * u128::from(dim));
    if elements.len() as u128 != announced {
        return Err(DatasetError::format(
            path,
            format!("byte {}", bytes.len()),
            format!("the file ends after {} elements", elements.len()),
            format!("{announced}, as its dimensions {dims:?} say"),
        ));
    }
    Ok((dims, elements))
}

/// The label file that belongs to an image file, `None` if the name is not an IDX image file's.
pub(super) fn labels_beside(images: &Path) -> Result<Option<PathBuf>, DatasetError> {
    let Some((stem, ending)) = split_name(images) else {
        return Ok(None);
    };
    for suffix in ["", ".gz"] {
        let labels = images.with_file_name(format!("{stem}{ending}{suffix}"));
        if labels.is_file() {
            return Ok(Some(labels));
        }
    }
    Err(DatasetError::layout(
        images,
        format!("no {stem}{ending}[.gz] beside it"),
        "the labels' file",
    ))
}

/// The image file of one half among `files`, `None` if none of them is one.
pub(super) fn images_of(
    folder: &Path,
    files: &[PathBuf],
    split: Split,
) -> Result<Option<PathBuf>, DatasetError> {
    let images: Vec<&PathBuf> = files
        .iter()
        .filter(|file| split_name(file).is_some())
        .collect();
    let of_split: Vec<&PathBuf> = images
        .iter()
        .copied()
        .filter(|file| {
            let name = name_of(file);
            match split {
                Split::Train => name.contains("train"),
                Split::Test => name.contains("t10k") || name.contains("test"),
            }
        })
        .collect();
    match (of_split.as_slice(), images.as_slice()) {
        (_, []) => Ok(None),
        ([one], _) => Ok(Some((*one).clone())),
        // The same file plain and zipped: the plain one sorts first.
        ([one, zipped], _) if **zipped == with_gz(one) => Ok(Some((*one).clone())),
        (found, _) => Err(DatasetError::layout(
            folder,
            format!("{} image files for {split:?}", found.len()),
            "one train-images-idx3-ubyte and one t10k-images-idx3-ubyte, or the path of one file",
        )),
    }
}

fn with_gz(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// The part of an image file's name before its ending, and the labels' ending.
fn split_name(path: &Path) -> Option<(String, &'static str)> {
    let name = name_of(path);
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    ENDINGS.iter().find_map(|(images, labels)| {
        plain
            .strip_suffix(images)
            .map(|stem| (stem.to_owned(), *labels))
    })
}
