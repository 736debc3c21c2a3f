use super::options::Options;
use super::{Source, SourceError};
use crate::frame::image_file;
use crate::frame::{Frame, Truth};

/// The most times that one image may be held.
const MAX_HOLD: u64 = 1000;

/// One embedded image: its file's name (set, index, class) and its bytes.
struct Sample {
    name: &'static str,
    png: &'static [u8],
}

macro_rules! samples {
    ($($name:literal,)*) => {
        [$(Sample {
            name: $name,
            png: include_bytes!(concat!("demo_frames/", $name, ".png")),
        }),*]
    };
}

/// Known and unknown in a fixed mix.
const SAMPLES: [Sample; 24] = samples![
    "cifar10_00000_cat",
    "svhn_01666_unknown",
    "cifar10_00001_ship",
    "cifar10_00002_ship",
    "dtd_00200_unknown",
    "cifar100_01666_unknown",
    "cifar10_00003_airplane",
    "mnist_01666_unknown",
    "cifar10_00004_frog",
    "cifar10_00005_frog",
    "cifar100_05000_unknown",
    "cifar10_00006_automobile",
    "dtd_00600_unknown",
    "svhn_05000_unknown",
    "cifar10_00011_truck",
    "mnist_05000_unknown",
    "cifar10_00012_dog",
    "cifar10_00013_horse",
    "cifar100_08333_unknown",
    "cifar10_00022_deer",
    "svhn_08333_unknown",
    "dtd_01000_unknown",
    "cifar10_00025_bird",
    "mnist_08333_unknown",
];

/// The program's own sample images, 32x32: 12 of CIFAR-10's test batch and 12 of other sets.
#[derive(Debug)]
pub struct DemoSource {
    hold: u64,
    next: u64,
}

impl DemoSource {
    /// All images once, or `N` frames of each for the query `?hold=N`, as a camera sees them that
    /// looks at one thing for a while.
    pub(super) fn open(uri: &str, query: &str) -> Result<Self, SourceError> {
        let options = Options::parse(uri, query, &["hold"])?;
        let hold = match options.get("hold") {
            None => 1,
            Some(value) => value
                .parse()
                .ok()
                .filter(|hold| (1..=MAX_HOLD).contains(hold))
                .ok_or_else(|| options.refuse(format!("hold={value}"), "hold=1 to hold=1000"))?,
        };
        Ok(Self { hold, next: 0 })
    }
}

impl Source for DemoSource {
    fn next_frame(&mut self) -> Result<Option<Frame>, SourceError> {
        let Some(sample) = SAMPLES.get((self.next / self.hold) as usize) else {
            return Ok(None);
        };
        let id = self.next;
        self.next += 1;
        let image = image_file::decode(sample.png, sample.name)?;
        let truth = match sample.name.rsplit('_').next() {
            Some("unknown") | None => Truth::Unknown,
            Some(class) => Truth::Class(class.to_owned()),
        };
        Ok(Some(
            image
                .into_frame(id, sample.name.to_owned())
                .with_truth(Some(truth)),
        ))
    }

    fn is_live(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        format!("demo: ({} images)", SAMPLES.len())
    }
}
