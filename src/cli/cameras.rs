//! `normgate cameras`.

use clap::Args as ClapArgs;
use normgate::source;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let cameras = source::cameras()?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&cameras)?);
        return Ok(());
    }
    if cameras.is_empty() {
        println!("no camera");
    }
    for camera in &cameras {
        println!("{camera}");
    }
    Ok(())
}
