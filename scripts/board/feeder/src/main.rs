//! Plays pictures into a V4L2 output device, such as a loopback camera's.
//!
//! ```text
//! feeder DEVICE WIDTH HEIGHT FOURCC PICTURES turn MS        each picture for MS milliseconds, round and round
//! feeder DEVICE WIDTH HEIGHT FOURCC PICTURES answered LOG   the next picture once LOG has a verdict on the one before
//! ```
//!
//! PICTURES holds for each picture the count of its bytes (u32, little endian), then them. `answered` shows picture 0
//! until a verdict comes, then picture 1 until a verdict with another score comes: from there on nothing older is on its
//! way, and each further picture is shown once. Its last line is `answered from line N`: the verdict on picture 2 is
//! LOG's verdict line N, from 0. Before, it says `fed` once the first picture is in.

mod log;

use std::io::{Error, Result, Write};
use std::thread::sleep;
use std::time::{Duration, Instant};

use linuxvideo::format::{PixFormat, PixelFormat};
use linuxvideo::{Device, VideoOutputDevice};
use log::Log;

/// How long a verdict may take; an emulated board on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a picture is shown to a reader that is not there yet.
const AGAIN: Duration = Duration::from_millis(200);

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [device, width, height, fourcc, pictures, how, what] = args.as_slice() else {
        return Err(Error::other(
            "expected DEVICE WIDTH HEIGHT FOURCC PICTURES turn|answered MS|LOG",
        ));
    };
    let pictures = read(pictures)?;
    let mut camera = open(device, number(width)?, number(height)?, fourcc)?;
    // A loopback camera is one only from its first picture on.
    show(&mut camera, &pictures[0])?;
    println!("fed");
    match how.as_str() {
        "turn" => turn(
            &mut camera,
            &pictures,
            Duration::from_millis(number(what)?.into()),
        ),
        "answered" => answered(&mut camera, &pictures, &mut Log::new(what)),
        _ => Err(Error::other(format!("`{how}`; expected turn or answered"))),
    }
}

fn number(text: &str) -> Result<u32> {
    text.parse()
        .map_err(|_| Error::other(format!("`{text}`; expected a number")))
}

fn read(path: &str) -> Result<Vec<Vec<u8>>> {
    let bytes = std::fs::read(path)?;
    let mut rest = bytes.as_slice();
    let mut pictures = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (picture, after) = after
            .split_at_checked(u32::from_le_bytes(*length) as usize)
            .ok_or_else(|| Error::other(format!("{path}: ends inside a picture")))?;
        pictures.push(picture.to_vec());
        rest = after;
    }
    if pictures.len() < 3 {
        return Err(Error::other(format!(
            "{path}: {} pictures; expected 3 or more",
            pictures.len()
        )));
    }
    Ok(pictures)
}

fn open(device: &str, width: u32, height: u32, fourcc: &str) -> Result<VideoOutputDevice> {
    let code: [u8; 4] = fourcc
        .as_bytes()
        .try_into()
        .map_err(|_| Error::other(format!("`{fourcc}`; expected four letters")))?;
    let format = PixelFormat::from_fourcc(code);
    let camera = Device::open(device)?.video_output(PixFormat::new(width, height, format))?;
    let got = camera.format();
    if (got.width(), got.height(), got.pixel_format()) != (width, height, format) {
        return Err(Error::other(format!("the device made it {got:?}")));
    }
    Ok(camera)
}

/// One write is one picture.
fn show(camera: &mut VideoOutputDevice, picture: &[u8]) -> Result<()> {
    let written = camera.write(picture)?;
    if written != picture.len() {
        return Err(Error::other(format!(
            "{written} of {} bytes taken",
            picture.len()
        )));
    }
    Ok(())
}

fn turn(camera: &mut VideoOutputDevice, pictures: &[Vec<u8>], time: Duration) -> Result<()> {
    for picture in pictures.iter().cycle() {
        show(camera, picture)?;
        sleep(time);
    }
    Ok(())
}

fn answered(camera: &mut VideoOutputDevice, pictures: &[Vec<u8>], log: &mut Log) -> Result<()> {
    let late = |what: &str| Error::other(format!("no verdict on {what} within {PATIENCE:?}"));
    // Pictures 0 and 1: what is on its way when the reader comes is settled.
    let start = Instant::now();
    while log.verdicts()? == 0 {
        if start.elapsed() > PATIENCE {
            return Err(late("picture 0"));
        }
        show(camera, &pictures[0])?;
        sleep(AGAIN);
    }
    let first = log.last_score().to_owned();
    show(camera, &pictures[1])?;
    if !log.wait(PATIENCE, |log| log.last_score() != first)? {
        return Err(late("picture 1"));
    }
    let start = log.verdicts()?;
    for (i, picture) in pictures[2..].iter().enumerate() {
        show(camera, picture)?;
        if !log.wait(PATIENCE, |log| log.count() > start + i)? {
            return Err(late(&format!("picture {}", i + 2)));
        }
    }
    println!("answered from line {start}");
    Ok(())
}
