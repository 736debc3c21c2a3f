//! Image sets in their published layouts, whole and broken.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use normgate::dataset::{self, DatasetError, ImageSet, Layout, Split};
use normgate_core::{Fit, PreprocessSpec};
use proptest::prelude::*;
use tempfile::TempDir;

/// The first 20 records of CIFAR-10's test_batch.bin.
const CIFAR10: &[u8] = include_bytes!("../fixtures/cifar10_sample.bin");
const CIFAR10_LABELS: [u16; 20] = [3, 8, 8, 0, 6, 6, 1, 6, 3, 1, 0, 9, 5, 7, 9, 8, 5, 7, 8, 6];
const RECORD: usize = 3073;

fn spec(side: u32) -> PreprocessSpec {
    PreprocessSpec::new(side, side, Fit::CenterCrop)
}

fn open(path: &Path) -> Result<ImageSet, DatasetError> {
    dataset::open(path, Split::Test, &spec(32))
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    root
}

/// The refusal of `path`, checked to be one line that names `file`.
fn refusal(path: &Path, file: &str) -> String {
    let message = open(path).expect_err("must be refused").to_string();
    assert!(message.contains(file), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

fn png(width: u32, height: u32, rgb: &[u8]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_raw(width, height, rgb.to_vec())
        .unwrap()
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

fn idx(dims: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|dim| dim.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn cifar10_records_become_interleaved_pixels() {
    let root = folder(&[("test_batch.bin", CIFAR10)]);
    let set = open(root.path()).unwrap();
    assert_eq!((set.width(), set.height(), set.len()), (32, 32, 20));
    assert_eq!(set.labels().unwrap(), CIFAR10_LABELS);
    assert_eq!(set.classes()[3], "cat");
    // As torchvision's CIFAR10(train=False)[0] has them.
    assert_eq!(set.image(0)[..6], [158, 112, 49, 159, 111, 47]);
    assert_eq!(set.image(0)[3069..], [21, 67, 110]);
    assert_eq!(set, open(&root.path().join("test_batch.bin")).unwrap());
}

#[test]
fn cifar10_training_batches_are_read_in_order_and_all_of_them() {
    let batches: Vec<(String, &[u8])> = (0..5)
        .map(|batch| {
            let records = &CIFAR10[batch * 4 * RECORD..][..4 * RECORD];
            (format!("data_batch_{}.bin", batch + 1), records)
        })
        .collect();
    let mut files: Vec<(&str, &[u8])> = batches.iter().map(|(n, b)| (n.as_str(), *b)).collect();
    files.push(("test_batch.bin", &CIFAR10[..RECORD]));
    files.push(("batches.meta.txt", b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n"));
    let root = folder(&files);
    let train = dataset::open(root.path(), Split::Train, &spec(32)).unwrap();
    assert_eq!(train.labels().unwrap(), CIFAR10_LABELS);
    assert_eq!(train.classes()[9], "j");
    assert_eq!(open(root.path()).unwrap().len(), 1);

    fs::remove_file(root.path().join("data_batch_3.bin")).unwrap();
    let error = dataset::open(root.path(), Split::Train, &spec(32)).unwrap_err();
    assert!(error.to_string().contains("data_batch_3.bin is missing"));
}

#[test]
fn cifar100_uses_the_fine_label() {
    let mut record = vec![11, 99];
    record.extend(&CIFAR10[1..RECORD]);
    let root = folder(&[("train.bin", &record), ("test.bin", &record)]);
    let set = open(root.path()).unwrap();
    assert_eq!(set.labels().unwrap(), [99]);
    assert_eq!(set.classes().len(), 100);
    assert_eq!(set.image(0)[..3], [158, 112, 49]);

    let names: String = (0..100).map(|i| format!("class{i}\n")).collect();
    fs::write(root.path().join("fine_label_names.txt"), names).unwrap();
    assert_eq!(open(root.path()).unwrap().classes()[99], "class99");
}

#[test]
fn a_length_of_both_cifars_is_decided_by_the_labels() {
    let ten = vec![9; 3073 * 3074];
    let root = folder(&[("a.bin", &ten), ("b.bin", &vec![10; 3073 * 3074])]);
    assert_eq!(open(&root.path().join("a.bin")).unwrap().len(), 3074);
    assert_eq!(open(&root.path().join("b.bin")).unwrap().len(), 3073);
}

#[test]
fn broken_cifar_files_are_refused_by_name_and_place() {
    let mut mislabelled = CIFAR10.to_vec();
    mislabelled[7 * RECORD] = 10;
    let root = folder(&[
        ("short.bin", &CIFAR10[..CIFAR10.len() - 1]),
        ("empty.bin", b""),
        ("label.bin", &mislabelled),
        ("none.dat", CIFAR10),
    ]);
    let at = |name: &str| refusal(&root.path().join(name), name);
    assert!(at("short.bin").contains("byte 61459: the file ends inside a record; expected whole"));
    assert!(at("empty.bin").contains("the file is empty"));
    assert!(at("label.bin").contains("record 7: label 10; expected less than 10"));
    assert!(at("none.dat").contains("expected a CIFAR-10 or CIFAR-100 binary file"));
    assert!(at("absent.bin").contains("No such file"));
    refusal(folder(&[]).path(), "no data set");
}

#[test]
fn idx_pairs_are_read_plain_and_gzipped() {
    let images = idx(&[2, 2, 2], &[0, 1, 2, 3, 250, 251, 252, 253]);
    let labels = idx(&[2], &[4, 1]);
    let root = folder(&[
        ("t10k-images-idx3-ubyte.gz", &gzip(&images)),
        ("t10k-labels-idx1-ubyte.gz", &gzip(&labels)),
        ("train-images.idx3-ubyte", &images),
        ("train-labels.idx1-ubyte", &labels),
    ]);
    let read = |split| dataset::open(root.path(), split, &spec(2)).unwrap();
    let set = read(Split::Test);
    assert_eq!(set.image(0), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
    assert_eq!(set.image(1)[9..], [253; 3]);
    assert_eq!(set.labels().unwrap(), [4, 1]);
    assert_eq!(set.classes(), ["0", "1", "2", "3", "4"]);
    assert_eq!(set, read(Split::Train));
    let large = dataset::open(root.path(), Split::Test, &spec(32)).unwrap();
    assert_eq!((large.width(), large.len()), (32, 2));
}

#[test]
fn broken_idx_files_are_refused_by_name_and_place() {
    let labels = idx(&[2], &[4, 1]);
    let broken = |images: &[u8], labels: &[u8], file: &str| {
        let root = folder(&[
            ("x-images-idx3-ubyte", images),
            ("x-labels-idx1-ubyte", labels),
        ]);
        refusal(&root.path().join("x-images-idx3-ubyte"), file)
    };
    let image_file = "x-images-idx3-ubyte";
    let good = idx(&[2, 1, 1], &[0, 1]);
    assert!(broken(&good[..17], &labels, image_file).contains("expected 2, as its dimensions"));
    assert!(broken(&good[..9], &labels, image_file).contains("ends inside its header"));
    assert!(broken(&labels, &labels, image_file).contains("expected [00, 00, 08, 03]"));
    assert!(broken(&idx(&[u32::MAX; 3], &[0]), &labels, image_file).contains("4294967295"));
    assert!(broken(&idx(&[0, 1, 1], &[]), &idx(&[0], &[]), image_file).contains("at least one"));
    let three = idx(&[3], &[0; 3]);
    assert!(broken(&good, &three, "x-labels-idx1-ubyte").contains("3 labels; expected 2"));

    let root = folder(&[(image_file, good.as_slice())]);
    let message = refusal(&root.path().join(image_file), image_file);
    assert!(message.contains("no x-labels-idx1-ubyte[.gz] beside it"));
    let cut = gzip(&good);
    let root = folder(&[
        ("x-images-idx3-ubyte.gz", &cut[..cut.len() - 9]),
        ("x-labels-idx1-ubyte", &labels),
    ]);
    refusal(
        &root.path().join("x-images-idx3-ubyte.gz"),
        "x-images-idx3-ubyte.gz",
    );
}

#[test]
fn class_folders_give_sorted_names_and_the_same_pixels_as_the_binary() {
    let binary = folder(&[("x.bin", CIFAR10)]);
    let set = open(&binary.path().join("x.bin")).unwrap();
    let (a, b, c) = (set.image(0), set.image(1), set.image(2));
    let root = folder(&[
        ("zebra/1.png", &png(32, 32, a)),
        ("apple/2.PNG", &png(32, 32, c)),
        ("apple/10.png", &png(32, 32, b)),
        ("apple/notes.txt", b"left out"),
        (".cache/x.png", b"left out"),
    ]);
    let set = open(root.path()).unwrap();
    assert_eq!(set.classes(), ["apple", "zebra"]);
    assert_eq!(set.labels().unwrap(), [0, 0, 1]);
    assert_eq!(set.images(), [b, c, a].concat());

    let halves = folder(&[
        ("train/apple/1.png", &png(32, 32, a)),
        ("val/apple/1.png", &png(32, 32, b)),
    ]);
    assert_eq!(open(halves.path()).unwrap().images(), b);
    let train = dataset::open(halves.path(), Split::Train, &spec(32)).unwrap();
    assert_eq!(
        (train.images(), train.classes()),
        (a, &["apple".to_owned()][..])
    );
}

#[test]
fn a_flat_folder_has_no_labels() {
    let root = folder(&[
        ("b.png", &png(1, 1, &[2; 3])),
        ("a.png", &png(1, 1, &[1; 3])),
    ]);
    let set = dataset::open(root.path(), Split::Test, &spec(1)).unwrap();
    assert_eq!(set.images(), [1, 1, 1, 2, 2, 2]);
    assert_eq!((set.labels(), set.classes().len()), (None, 0));
    assert_eq!(
        Layout::find(root.path(), Split::Train).unwrap(),
        Layout::FlatFolder(root.path().to_owned())
    );
}

#[test]
fn broken_folders_are_refused_by_name() {
    let good = png(1, 1, &[0; 3]);
    let refuse = |files: &[(&str, &[u8])], file: &str| refusal(folder(files).path(), file);
    refuse(
        &[("a/x.png", &good[..40]), ("b/y.png", &good)],
        "x.png: not a readable image",
    );
    refuse(&[("a.jpg", b"text")], "a.jpg: not a readable image");
    refuse(&[("a/x.png", &good), ("b/none.txt", b"")], "b: no image");
    refuse(
        &[("a/x.png", &good), ("y.png", &good)],
        "images beside folders",
    );
}

#[test]
fn an_image_that_announces_too_many_pixels_is_refused_before_it_is_decoded() {
    let mut bomb = png(1, 1, &[0; 3]);
    bomb[16..24].copy_from_slice(&[0, 0, 0x40, 0, 0, 0, 0x40, 0]);
    let crc = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    let message = refusal(folder(&[("a.png", &bomb)]).path(), "a.png");
    assert!(
        message.contains("16384x16384") && message.contains("at most"),
        "{message}"
    );
}

/// PNG's checksum, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// Valid files of every format that is read, by the name that makes it that format.
fn formats() -> Vec<(&'static str, Vec<u8>)> {
    let rgb: Vec<u8> = (0..48).map(|i| i * 5).collect();
    let picture = image::RgbImage::from_raw(4, 4, rgb).unwrap();
    let encoded = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    vec![
        ("a.bin", CIFAR10[..2 * RECORD].to_vec()),
        ("a-images-idx3-ubyte", idx(&[2, 2, 2], &[7; 8])),
        ("a-images-idx3-ubyte.gz", gzip(&idx(&[2, 2, 2], &[7; 8]))),
        ("f/a.png", encoded(image::ImageFormat::Png)),
        ("f/a.jpg", encoded(image::ImageFormat::Jpeg)),
        ("f/a.webp", encoded(image::ImageFormat::WebP)),
        ("f/a.bmp", encoded(image::ImageFormat::Bmp)),
    ]
}

fn open_format(name: &str, bytes: &[u8]) -> Result<ImageSet, DatasetError> {
    let labels = idx(&[2], &[4, 1]);
    let root = folder(&[(name, bytes), ("a-labels-idx1-ubyte", &labels)]);
    let path: PathBuf = match name.split_once('/') {
        Some((folder, _)) => root.path().join(folder),
        None => root.path().join(name),
    };
    open(&path)
}

#[test]
fn every_format_of_the_mutation_test_is_valid_before_it_is_mutated() {
    for (name, bytes) in formats() {
        let set = open_format(name, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(set.image_len(), 32 * 32 * 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A damaged file is a set of the right shape or a one-line error, never a panic.
    #[test]
    fn mutated_and_truncated_files_never_panic(
        format in 0..7_usize,
        keep in 0.0..=1.0_f64,
        cut in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let (name, mut bytes) = formats().swap_remove(format);
        for (index, value) in edits {
            // Half of the edits fall into the first bytes, where the structure is.
            let limit = if value & 1 == 0 { bytes.len().min(64) } else { bytes.len() };
            bytes[index.index(limit)] = value;
        }
        if cut {
            bytes.truncate((bytes.len() as f64 * keep) as usize);
        }
        match open_format(name, &bytes) {
            Ok(set) => {
                prop_assert_eq!(set.images().len(), set.len() * 32 * 32 * 3);
                prop_assert!(set.labels().is_none_or(|labels| labels.len() == set.len()));
            }
            Err(error) => prop_assert_eq!(error.to_string().lines().count(), 1),
        }
    }
}
