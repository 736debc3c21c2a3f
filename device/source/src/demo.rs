use std::time::Instant;

use normgate_frame::{Frame, OwnedFrame, Truth, image_file};

use super::options::Options;
use super::{Next, Source, SourceError};

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
    /// The image being shown, as it was decoded.
    held: Option<OwnedFrame>,
}

impl DemoSource {
    /// All images once, or `N` frames of each for the query `?hold=N`, as a camera sees them that
    /// looks at one thing for a while.
    pub(super) fn open(uri: &str, query: &str) -> Result<Self, SourceError> {
        let options = Options::parse(uri, query, &["hold"])?;
        Ok(Self {
            hold: options.number("hold", 1, MAX_HOLD)?.unwrap_or(1),
            next: 0,
            held: None,
        })
    }
}

impl Source for DemoSource {
    fn next(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<Next, SourceError> {
        let Some(sample) = SAMPLES.get((self.next / self.hold) as usize) else {
            return Ok(Next::End);
        };
        let id = self.next;
        self.next += 1;
        let frame = match &mut self.held {
            Some(frame) if !id.is_multiple_of(self.hold) => {
                frame.id = id;
                frame.captured = Instant::now();
                frame
            }
            held => held.insert(sample.frame(id)?),
        };
        visit(&frame.view());
        Ok(Next::Frame)
    }

    fn is_live(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        format!("demo: ({} images)", SAMPLES.len())
    }
}

impl Sample {
    fn frame(&self, id: u64) -> Result<OwnedFrame, SourceError> {
        let truth = match self.name.rsplit('_').next() {
            Some("unknown") | None => Truth::Unknown,
            Some(class) => Truth::Class(class.to_owned()),
        };
        let frame = image_file::decode(self.png, self.name)?
            .into_frame(id, self.name.to_owned())
            .map_err(|source| SourceError::Size {
                name: self.name.to_owned(),
                source,
            })?;
        Ok(frame.with_truth(Some(truth)))
    }
}
