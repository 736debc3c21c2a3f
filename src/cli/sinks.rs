//! The options of `normgate run` that say where verdicts go.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use bytesize::ByteSize;
use clap::Args;
use normgate::sink::{
    Credentials, Fanout, HttpOptions, HttpSink, JsonFile, Keep, Limits, Meters, Mqtt, MqttOptions,
    PanelError, PanelSink, Rejects, Rotation, SYSFS, Serial, SerialOptions, Token,
};

use super::Format;
use super::serial::Port;

/// Events that wait for a sink before it misses some.
const QUEUE: usize = 64;
/// The least time between two writings of a PNG.
const PNG_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct SinkArgs {
    /// What standard output says of each frame.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Nothing on standard output.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    headless: bool,

    /// Append JSON lines to FILE.
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
    /// Begin another file at this size.
    #[arg(long, value_name = "SIZE", default_value = "10MB")]
    jsonl_max: ByteSize,
    /// Full files to keep, as FILE.1 (the newest) to FILE.N.
    #[arg(long, value_name = "N", default_value_t = 5)]
    jsonl_keep: u32,

    /// Draw the verdict on a framebuffer (/dev/fb0) or into a PNG file.
    #[arg(long, value_name = "DEVICE|FILE.png")]
    panel: Option<PathBuf>,
    /// Size of the PNG, in pixels.
    #[arg(long, value_name = "WxH", default_value = "640x480", value_parser = size)]
    panel_size: (u32, u32),

    /// Keep rejected frames in DIR, to be labelled.
    #[arg(long, value_name = "DIR")]
    rejects: Option<PathBuf>,
    /// Room for them.
    #[arg(long, value_name = "SIZE", default_value = "200MB")]
    rejects_max: ByteSize,
    /// At most one in so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    rejects_every: f64,
    /// Which make room: the oldest, or those farthest from the threshold.
    #[arg(long, value_enum, default_value = "newest")]
    rejects_keep: RejectsKeep,

    /// Serve a live page and metrics for Prometheus; any address but a loopback one needs a token.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:8737")]
    http: Option<SocketAddr>,
    /// The file with the token that the page and the metrics ask for.
    #[arg(long, value_name = "FILE")]
    http_token_file: Option<PathBuf>,

    /// Publish to an MQTT broker: mqtt://HOST, mqtts://HOST:PORT/PREFIX.
    #[arg(long, value_name = "URL")]
    mqtt: Option<String>,
    /// The file with the broker's user and password.
    #[arg(long, value_name = "FILE")]
    mqtt_credentials: Option<PathBuf>,
    /// The certificates to trust, as PEM; the system's where not given.
    #[arg(long, value_name = "FILE")]
    mqtt_ca: Option<PathBuf>,
    /// This device's name in topics; the host's where not given.
    #[arg(long, value_name = "ID")]
    mqtt_node: Option<String>,

    /// Tell a microcontroller of each verdict: a path, or usb:VID:PID[:SERIAL].
    #[arg(long, value_name = "PORT")]
    serial: Option<Port>,
    /// Bits a second on its line; 115200 where not given.
    #[arg(long, value_name = "BAUD", value_parser = clap::value_parser!(u32).range(1..))]
    serial_baud: Option<u32>,
    /// The age from capture at which the microcontroller takes no verdict any more, 50 to 10000; 200 where not given.
    #[arg(long, value_name = "MS")]
    serial_age: Option<u16>,
    /// How long it keeps to a verdict if no newer one comes, 10 to 10000; 250 where not given.
    #[arg(long, value_name = "MS")]
    serial_hold: Option<u16>,
}

/// Which rejected frames are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RejectsKeep {
    /// The newest.
    Newest,
    /// Those nearest to the threshold.
    Uncertain,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    text.split_once('x')
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)))
        .filter(|(w, h)| (64..=4096).contains(w) && (64..=4096).contains(h))
        .ok_or_else(|| "expected WxH of 64 to 4096 pixels, such as 640x480".into())
}

impl SinkArgs {
    /// Opens all that was asked for.
    pub(super) fn add_to(&self, fanout: &mut Fanout, meters: &Arc<Meters>) -> anyhow::Result<()> {
        if !self.headless {
            fanout.add(self.format.sink()?, QUEUE)?;
        }
        if let Some(path) = &self.jsonl {
            let rotation = Rotation {
                max_bytes: self.jsonl_max.as_u64(),
                keep: self.jsonl_keep,
            };
            fanout.add(Box::new(JsonFile::open(path, rotation)?), QUEUE)?;
        }
        if let Some(path) = &self.panel {
            fanout.add(Box::new(self.open_panel(path)?), QUEUE)?;
        }
        if let Some(folder) = &self.rejects {
            fanout.add(Box::new(self.open_rejects(folder)?), QUEUE)?;
        }
        self.add_http(fanout, meters)?;
        self.add_mqtt(fanout, meters)?;
        self.add_serial(fanout, meters)
    }

    fn open_panel(&self, path: &Path) -> Result<PanelSink, PanelError> {
        let is_png = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("png"));
        if is_png {
            PanelSink::png(path, self.panel_size, PNG_INTERVAL)
        } else {
            PanelSink::framebuffer(path, Path::new(SYSFS))
        }
    }

    fn open_rejects(&self, folder: &Path) -> anyhow::Result<Rejects> {
        let every = Duration::try_from_secs_f64(self.rejects_every)
            .with_context(|| format!("--rejects-every {}", self.rejects_every))?;
        let limits = Limits {
            max_bytes: self.rejects_max.as_u64(),
            every,
            ..Limits::default()
        };
        let keep = match self.rejects_keep {
            RejectsKeep::Newest => Keep::Newest,
            RejectsKeep::Uncertain => Keep::Uncertain,
        };
        Ok(Rejects::open(folder, limits, keep)?)
    }

    fn add_http(&self, fanout: &mut Fanout, meters: &Arc<Meters>) -> anyhow::Result<()> {
        let Some(address) = self.http else {
            if self.http_token_file.is_some() {
                bail!("--http-token-file without --http; expected both");
            }
            return Ok(());
        };
        let token = self
            .http_token_file
            .as_deref()
            .map(Token::read)
            .transpose()?;
        let options = HttpOptions {
            token,
            rejects: self.rejects.clone(),
            ..HttpOptions::new(address, Arc::clone(meters))
        };
        let server = HttpSink::bind(options)?;
        eprintln!(
            "normgate: live page and metrics on http://{}/",
            server.addr()
        );
        Ok(fanout.add(Box::new(server), QUEUE)?)
    }

    fn add_mqtt(&self, fanout: &mut Fanout, meters: &Arc<Meters>) -> anyhow::Result<()> {
        let Some(url) = &self.mqtt else {
            if self.mqtt_credentials.is_some() || self.mqtt_ca.is_some() || self.mqtt_node.is_some()
            {
                bail!("an option of MQTT without --mqtt; expected --mqtt URL");
            }
            return Ok(());
        };
        let mut options = MqttOptions::parse(url)?;
        if let Some(path) = &self.mqtt_credentials {
            options = options.with_credentials(Credentials::read(path)?);
        }
        if let Some(path) = &self.mqtt_ca {
            options = options.with_ca(path);
        }
        if let Some(node) = &self.mqtt_node {
            options = options.with_node(node)?;
        }
        if let Some(warning) = options.warning() {
            eprintln!("normgate: {warning}");
        }
        Ok(fanout.add(Box::new(Mqtt::new(&options, &meters.terms())?), QUEUE)?)
    }

    fn add_serial(&self, fanout: &mut Fanout, meters: &Arc<Meters>) -> anyhow::Result<()> {
        let Some(port) = &self.serial else {
            if self.serial_baud.is_some() || self.serial_age.or(self.serial_hold).is_some() {
                bail!("an option of the serial line without --serial; expected --serial PORT");
            }
            return Ok(());
        };
        let mut options = SerialOptions::new(port.clone());
        options.baud = self.serial_baud.unwrap_or(options.baud);
        options.age_ms = self.serial_age.unwrap_or(options.age_ms);
        options.hold_ms = self.serial_hold.unwrap_or(options.hold_ms);
        let serial = Serial::open(&options, &meters.terms(), |line| {
            eprintln!("normgate: serial: {line}");
        });
        let serial = serial.with_context(|| format!("--serial {port}"))?;
        Ok(fanout.add(Box::new(serial), QUEUE)?)
    }
}
