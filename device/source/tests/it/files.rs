use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use normgate_source::open;

use super::{class, drain, refusal, rgb};

const CIFAR10: &[u8] = include_bytes!("../../../../tests/fixtures/cifar10_sample.bin");

fn save(path: &Path, colour: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image::RgbImage::from_pixel(2, 1, image::Rgb([colour; 3]))
        .save(path)
        .unwrap();
}

#[test]
fn the_demo_mixes_every_class_with_as_many_unknowns() {
    let mut demo = open("demo:").unwrap();
    assert!(!demo.is_live());
    let frames: Vec<_> = drain(demo.as_mut())
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let classes: Vec<&str> = frames.iter().filter_map(class).collect();
    let known: BTreeSet<&str> = classes
        .iter()
        .copied()
        .filter(|name| *name != "(unknown)")
        .collect();
    assert_eq!(frames.len(), 24);
    assert_eq!(
        classes.iter().filter(|name| **name == "(unknown)").count(),
        12
    );
    assert_eq!(known.len(), 10);
    assert!(
        frames
            .iter()
            .map(|frame| frame.view().picture)
            .all(|picture| (picture.width(), picture.height()) == (32, 32))
    );
    assert!(
        frames
            .iter()
            .enumerate()
            .all(|(i, frame)| frame.id == i as u64)
    );
    assert!(classes[..6].contains(&"(unknown)") && classes[..6].contains(&"cat"));
}

#[test]
fn the_demo_uses_every_sample_once_and_as_published() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo_frames");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".png")?.to_owned()))
        .collect();
    let frames: Vec<_> = drain(open("demo:").unwrap().as_mut())
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let names: BTreeSet<String> = frames.iter().map(|frame| frame.name.clone()).collect();
    assert_eq!(names, files);
    // The first record of CIFAR-10's test batch: its planes, and the sample's pixels.
    let cat = frames
        .iter()
        .find(|frame| frame.name == "cifar10_00000_cat")
        .unwrap();
    for (i, pixel) in rgb(cat).chunks_exact(3).enumerate() {
        let planes = [0, 1, 2].map(|channel| CIFAR10[1 + channel * 1024 + i]);
        assert_eq!(pixel, planes);
    }
}

#[test]
fn the_demo_can_hold_each_image() {
    let frames = drain(open("demo:?hold=3").unwrap().as_mut());
    assert_eq!(frames.len(), 72);
    let (first, third) = (frames[0].as_ref().unwrap(), frames[2].as_ref().unwrap());
    assert_eq!((first.id, third.id, rgb(first)), (0, 2, rgb(third)));
    assert_ne!(first.name, frames[3].as_ref().unwrap().name);
}

#[test]
fn a_folder_is_walked_by_name_and_its_folders_are_the_truth() {
    let root = tempfile::tempdir().unwrap();
    for (path, colour) in [
        ("b.png", 2),
        ("a.bmp", 1),
        ("unknown/x.png", 5),
        ("cat/2.png", 4),
        ("cat/10.png", 3),
        (".hidden/x.png", 9),
        ("cat/deeper/x.png", 9),
    ] {
        save(&root.path().join(path), colour);
    }
    fs::write(root.path().join("notes.txt"), "left out").unwrap();
    let mut dir = open(&format!("dir:{}", root.path().display())).unwrap();
    assert!(dir.describe().ends_with("(5 images)") && !dir.is_live());
    let frames: Vec<_> = drain(dir.as_mut())
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let seen: Vec<_> = frames
        .iter()
        .map(|frame| (rgb(frame)[0], class(frame)))
        .collect();
    assert_eq!(
        seen,
        [
            (1, None),
            (2, None),
            (3, Some("cat")),
            (4, Some("cat")),
            (5, Some("(unknown)")),
        ]
    );
    assert!(frames[2].name.ends_with("cat/10.png"));
}

#[test]
fn an_unreadable_image_is_one_bad_frame() {
    let root = tempfile::tempdir().unwrap();
    save(&root.path().join("a.png"), 1);
    fs::write(root.path().join("b.jpg"), [0xFF, 0xD8, 0xFF, 0xE0, 0]).unwrap();
    fs::write(root.path().join("c.png"), "").unwrap();
    save(&root.path().join("d.png"), 4);
    let mut dir = open(&format!("dir:{}", root.path().display())).unwrap();
    let items = drain(dir.as_mut());
    let ids: Vec<_> = items.iter().flatten().map(|frame| frame.id).collect();
    assert_eq!(ids, [0, 3]);
    assert!(
        items[1]
            .as_ref()
            .unwrap_err()
            .contains("b.jpg: not a readable image")
    );
    assert!(
        items[2]
            .as_ref()
            .unwrap_err()
            .contains("c.png: not a readable image")
    );
}

#[test]
fn a_folder_without_images_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let uri = format!("dir:{}", root.path().display());
    assert!(refusal(&uri).contains("no image; expected PNG, JPEG, WebP or BMP"));
    assert!(refusal(&format!("{uri}/absent")).contains("absent: No such file"));
}
