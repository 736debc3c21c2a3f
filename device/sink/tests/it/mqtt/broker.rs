//! A Mosquitto of a test's own, and its command-line clients: none of this code is the sink's.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// `$NORMGATE_MOSQUITTO`, or one on the path.
fn find(program: &str) -> Option<PathBuf> {
    if let Some(broker) = std::env::var_os("NORMGATE_MOSQUITTO").map(PathBuf::from) {
        let beside = broker.with_file_name(program);
        if program == "mosquitto" || beside.is_file() {
            return Some(if program == "mosquitto" {
                broker
            } else {
                beside
            });
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let folders = std::env::split_paths(&path).chain(system);
    folders
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

pub(crate) fn program(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| panic!("{name} is not installed"))
}

/// Whether there is a broker to test against. Says so, past the test harness, where there is none.
pub(crate) fn is_here() -> bool {
    let missing: Vec<_> = [
        "mosquitto",
        "mosquitto_sub",
        "mosquitto_pub",
        "mosquitto_passwd",
    ]
    .into_iter()
    .filter(|program| find(program).is_none())
    .collect();
    if missing.is_empty() {
        return true;
    }
    let line = format!(
        "SKIPPED, NOTHING WAS TESTED AGAINST AN MQTT BROKER: no {}; see scripts/get-mosquitto\n",
        missing.join(", ")
    );
    // The harness hides what the macros print.
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    false
}

/// Polls until `what` is there.
pub(crate) fn wait_for<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = poll() {
            return found;
        }
        assert!(Instant::now() < end, "waited too long for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A broker; killed when dropped. It keeps nothing over a restart.
pub(crate) struct Broker {
    pub(crate) port: u16,
    folder: TempDir,
    child: Option<Child>,
    /// How its own clients reach it.
    client: Vec<String>,
}

impl Broker {
    /// A broker for everyone.
    pub(crate) fn open() -> Self {
        Self::start(|_| "allow_anonymous true\n".to_owned(), &[])
    }

    /// A broker whose configuration is `config`, made for a folder of its own, and whose clients need `client`.
    pub(crate) fn start(config: impl Fn(&Path) -> String, client: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let more = config(folder.path());
        let mut broker = Self {
            port: 0,
            folder,
            child: None,
            client: client.iter().map(|&text| text.to_owned()).collect(),
        };
        wait_for("a free port", || {
            broker.port = free_port();
            let config = format!(
                "user root\npersistence false\nmax_queued_messages 100000\nlistener {} 127.0.0.1\n{more}",
                broker.port
            );
            std::fs::write(broker.folder.path().join("mosquitto.conf"), config).unwrap();
            broker.try_up().then_some(())
        });
        broker
    }

    /// Starts it (again), on the port that it had.
    pub(crate) fn up(&mut self) {
        wait_for("the broker's port", || self.try_up().then_some(()));
    }

    fn try_up(&mut self) -> bool {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let mut child = Command::new(program("mosquitto"))
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let is_up = wait_for("the broker", || {
            if child.try_wait().unwrap().is_some() {
                return Some(false);
            }
            TcpStream::connect(("127.0.0.1", self.port))
                .is_ok()
                .then_some(true)
        });
        // Something else may have answered on the port.
        let is_up = is_up && child.try_wait().unwrap().is_none();
        if is_up {
            self.child = Some(child);
        } else {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
            assert!(log.contains("in use"), "mosquitto does not start: {log}");
        }
        is_up
    }

    /// Kills it.
    pub(crate) fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// More that its clients need.
    pub(crate) fn add_client_args(&mut self, more: &[&str]) {
        self.client.extend(more.iter().map(|&text| text.to_owned()));
    }

    fn client(&self, program_name: &str) -> Command {
        let mut command = Command::new(program(program_name));
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command.args(&self.client);
        command
    }

    /// Publishes with `mosquitto_pub`.
    pub(crate) fn publish(&self, topic: &str, payload: &str) {
        let status = self
            .client("mosquitto_pub")
            .args(["-q", "1", "-t", topic, "-m", payload])
            .status();
        assert!(status.unwrap().success());
    }

    /// Subscribes to all topics with `mosquitto_sub`; what is retained comes first. Returns once it is subscribed.
    pub(crate) fn subscribe(&self) -> Subscriber {
        let mut child = self
            .client("mosquitto_sub")
            .args(["-q", "1", "-F", "%j", "-t", "#"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for line in out.lines() {
                let Ok(line) = line else { break };
                let line: Value = serde_json::from_str(&line).unwrap();
                // No payload is told as null.
                let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
                let message = Message {
                    topic: text("topic"),
                    payload: text("payload"),
                    is_retained: line["retain"] == 1,
                    qos: line["qos"].as_u64().unwrap(),
                };
                if tell.send(message).is_err() {
                    break;
                }
            }
        });
        let mut subscriber = Subscriber {
            child,
            told,
            early: VecDeque::new(),
            seen: Vec::new(),
        };
        subscriber.begin(self);
        subscriber
    }

    /// What is retained.
    pub(crate) fn retained(&self) -> Vec<Message> {
        let early = self.subscribe().early.drain(..).collect::<Vec<_>>();
        early
            .into_iter()
            .filter(|message| message.is_retained)
            .collect()
    }

    /// The retained message of `topic`.
    pub(crate) fn retained_of(&self, topic: &str) -> Option<String> {
        let retained = self
            .retained()
            .into_iter()
            .find(|message| message.topic == topic);
        retained.map(|message| message.payload)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.down();
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: String,
    pub(crate) is_retained: bool,
    pub(crate) qos: u64,
}

impl Message {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap()
    }
}

/// `mosquitto_sub`; killed when dropped.
pub(crate) struct Subscriber {
    child: Child,
    told: Receiver<Message>,
    /// What came before it was known to be subscribed.
    early: VecDeque<Message>,
    /// What was looked through.
    pub(crate) seen: Vec<Message>,
}

/// Topics of messages that only show that a subscription is there.
const MARK: &str = "mark/";

impl Subscriber {
    /// Until it hears what is published. What is retained has come by then.
    fn begin(&mut self, broker: &Broker) {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mark = format!("{MARK}{}", COUNT.fetch_add(1, Relaxed));
        wait_for("the subscription", || {
            broker.publish(&mark, "here");
            while let Some(message) = self.receive(Instant::now() + Duration::from_millis(100)) {
                if message.topic == mark {
                    return Some(());
                }
                self.early.push_back(message);
            }
            None
        });
        self.early
            .retain(|message| !message.topic.starts_with(MARK));
    }

    fn receive(&self, end: Instant) -> Option<Message> {
        match self
            .told
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("mosquitto_sub has ended"),
        }
    }

    /// The next message that is `wanted`; those before it are passed over.
    pub(crate) fn next(&mut self, what: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        let end = Instant::now() + PATIENCE;
        loop {
            let next = self.early.pop_front().or_else(|| self.receive(end));
            let Some(message) = next else {
                panic!("no {what} came; there were {:#?}", self.seen)
            };
            if message.topic.starts_with(MARK) {
                continue;
            }
            self.seen.push(message.clone());
            if wanted(&message) {
                return message;
            }
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
