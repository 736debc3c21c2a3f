//! Who may in, and whom the sink believes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use normgate_sink::{Credentials, Mqtt, MqttOptions};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::broker::{self, Broker, wait_for};
use super::{AVAILABILITY, Teller, options, pets};

const PASSWORD: &str = "s3cret: #ä \"quoted\"";

fn secret(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("credentials");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}

fn guarded() -> Broker {
    let config = |folder: &Path| {
        let passwords = folder.join("passwords");
        let mut make = Command::new(broker::program("mosquitto_passwd"));
        assert!(
            make.args(["-b", "-c"])
                .arg(&passwords)
                .args(["board", PASSWORD])
                .status()
                .unwrap()
                .success()
        );
        format!(
            "allow_anonymous false\npassword_file {}\n",
            passwords.display()
        )
    };
    Broker::start(config, &["-u", "board", "-P", PASSWORD])
}

/// Tells until the sink says why it is not heard.
fn reason(options: &MqttOptions, part: &str) -> Vec<String> {
    let mut teller = Teller::new(options);
    let mut frame = 0;
    wait_for(part, || {
        teller.frame(frame, Some((frame % 2) as u16));
        frame += 1;
        teller.missed.last()?.contains(part).then_some(())
    });
    teller.missed.clone()
}

#[test]
fn credentials_open_a_guarded_broker() {
    if !broker::is_here() {
        return;
    }
    let broker = guarded();
    let folder = TempDir::new().unwrap();
    let path = secret(folder.path(), &format!("board\n{PASSWORD}\n"));
    let credentials = Credentials::read(&path).unwrap();
    let options = options(&broker.address()).with_credentials(credentials);
    let mut subscriber = broker.subscribe();
    let teller = Teller::new(&options);
    subscriber.next("online", |m| {
        m.topic == AVAILABILITY && m.payload == "online"
    });
    assert!(!format!("{options:?} {:?}", teller.sink).contains("s3cret"));
}

#[test]
fn wrong_credentials_are_said_and_never_shown() {
    if !broker::is_here() {
        return;
    }
    let broker = guarded();
    let folder = TempDir::new().unwrap();
    let path = secret(folder.path(), "board\nwr0ng");
    let wrong = options(&broker.address()).with_credentials(Credentials::read(&path).unwrap());
    for missed in [
        reason(&wrong, "user name"),
        reason(&options(&broker.address()), "user name"),
    ] {
        assert!(
            missed.iter().all(|line| !line.contains("wr0ng")),
            "{missed:?}"
        );
    }
    assert_eq!(broker.retained().len(), 0);
}

#[test]
fn files_of_credentials_are_two_lines_for_few_eyes() {
    let folder = TempDir::new().unwrap();
    for text in [
        "",
        "\n",
        "user",
        "user\n",
        "\nh1dden",
        "user\nh1dden\nmore",
        &format!("user\nh1dden{}", "x".repeat(5000)),
    ] {
        let error = Credentials::read(&secret(folder.path(), text)).unwrap_err();
        let line = error.to_string();
        assert!(
            line.contains("first line") && !line.contains("h1dden") && !line.contains('\n'),
            "{line}"
        );
    }
    let path = secret(folder.path(), "user\nh1dden\n");
    assert!(Credentials::read(&path).is_ok());
    let shown = format!("{:?}", Credentials::read(&path).unwrap());
    assert!(
        !shown.contains("h1dden") && !shown.contains("user"),
        "{shown}"
    );
    for mode in [0o604, 0o644, 0o602] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let line = Credentials::read(&path).unwrap_err().to_string();
        assert!(
            line.contains("chmod 600") && line.contains("credentials"),
            "{line}"
        );
    }
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    assert!(
        Credentials::read(&path).is_ok(),
        "a service's group may read it"
    );
    let line = Credentials::read(&folder.path().join("none"))
        .unwrap_err()
        .to_string();
    assert!(
        line.contains("none") && line.contains("cannot be read"),
        "{line}"
    );
    assert!(Credentials::read(folder.path()).is_err());
    fs::write(&path, [0x75, 0x0a, 0xff]).unwrap();
    assert!(Credentials::read(&path).is_err());
}

/// An authority, and what it signs.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Writes the authority's certificate and one for `name` with its key: `ca.pem`, `NAME.pem`, `NAME.key`.
    fn sign(&self, folder: &Path, name: &str) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(folder.join("ca.pem"), &self.pem).unwrap();
        fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

/// A broker with a certificate for `name`, and `more` configuration.
fn secure(authority: &Authority, files: &Path, name: &str, more: &str) -> Broker {
    authority.sign(files, name);
    let at = |file: &str| files.join(file).display().to_string();
    let config = format!(
        "allow_anonymous true\ncafile {}\ncertfile {}\nkeyfile {}\n{more}",
        at("ca.pem"),
        at(&format!("{name}.pem")),
        at(&format!("{name}.key"))
    );
    Broker::start(
        |_| config.clone(),
        &["--cafile", &at("ca.pem"), "--insecure"],
    )
}

fn tls_address(broker: &Broker, host: &str) -> String {
    format!("mqtts://{host}:{}", broker.port)
}

#[test]
fn tls_reaches_a_broker_whose_authority_is_trusted() {
    if !broker::is_here() {
        return;
    }
    let files = TempDir::new().unwrap();
    let ca = files.path().join("ca.pem");
    for name in ["localhost", "127.0.0.1"] {
        let broker = secure(&Authority::new("test"), files.path(), name, "");
        let mut subscriber = broker.subscribe();
        let mut teller = Teller::new(&options(&tls_address(&broker, name)).with_ca(&ca));
        subscriber.next("online", |m| {
            m.topic == AVAILABILITY && m.payload == "online"
        });
        teller.status(&super::ended());
        assert_eq!(teller.missed, [""; 0]);
        assert_eq!(broker.retained_of(AVAILABILITY).as_deref(), Some("offline"));
    }
}

#[test]
fn tls_refuses_whoever_is_not_the_broker() {
    if !broker::is_here() {
        return;
    }
    let files = TempDir::new().unwrap();
    let broker = secure(&Authority::new("test"), files.path(), "localhost", "");
    let elsewhere = TempDir::new().unwrap();
    Authority::new("test").sign(elsewhere.path(), "localhost");

    let other_ca =
        options(&tls_address(&broker, "localhost")).with_ca(elsewhere.path().join("ca.pem"));
    reason(&other_ca, "certificate");
    let other_name =
        options(&tls_address(&broker, "127.0.0.1")).with_ca(files.path().join("ca.pem"));
    reason(&other_name, "certificate");
    let plain = Broker::open();
    let tls_to_plain =
        options(&tls_address(&plain, "localhost")).with_ca(files.path().join("ca.pem"));
    reason(&tls_to_plain, "no connection");
    let plain_to_tls = options(&format!("mqtt://localhost:{}", broker.port));
    reason(&plain_to_tls, "connection");
    assert_eq!((broker.retained().len(), plain.retained().len()), (0, 0));
}

#[test]
fn a_client_certificate_is_shown_where_asked_for() {
    if !broker::is_here() {
        return;
    }
    let files = TempDir::new().unwrap();
    let authority = Authority::new("test");
    authority.sign(files.path(), "board");
    let at = |file: &str| files.path().join(file);
    let mut broker = secure(
        &authority,
        files.path(),
        "localhost",
        "require_certificate true\n",
    );
    broker.add_client_args(&[
        "--cert",
        at("board.pem").to_str().unwrap(),
        "--key",
        at("board.key").to_str().unwrap(),
    ]);
    let plain = options(&tls_address(&broker, "localhost")).with_ca(at("ca.pem"));
    reason(&plain, "connection");
    let mut subscriber = broker.subscribe();
    let _teller = Teller::new(
        &plain
            .clone()
            .with_identity(at("board.pem"), at("board.key")),
    );
    subscriber.next("online", |m| {
        m.topic == AVAILABILITY && m.payload == "online"
    });
}

#[test]
fn certificates_that_cannot_be_used_are_refused_at_once() {
    let files = TempDir::new().unwrap();
    let authority = Authority::new("test");
    authority.sign(files.path(), "a");
    authority.sign(files.path(), "b");
    let at = |file: &str| files.path().join(file);
    fs::write(at("empty.pem"), "").unwrap();
    fs::write(
        at("text.pem"),
        "-----BEGIN CERTIFICATE-----\nh1dden\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    fs::write(at("torn.key"), "-----BEGIN PRIVATE KEY-----\nh1dden").unwrap();
    let secure = || options("mqtts://localhost:1");
    let good = || secure().with_ca(at("ca.pem"));
    assert!(
        Mqtt::new(&good(), &pets()).is_ok(),
        "a broker that is away is no error"
    );
    for (file, options) in [
        ("none.pem", secure().with_ca(at("none.pem"))),
        ("empty.pem", secure().with_ca(at("empty.pem"))),
        ("text.pem", secure().with_ca(at("text.pem"))),
        ("a.key", secure().with_ca(at("a.key"))),
        (
            "none.key",
            good().with_identity(at("a.pem"), at("none.key")),
        ),
        (
            "torn.key",
            good().with_identity(at("a.pem"), at("torn.key")),
        ),
        ("a.pem", good().with_identity(at("b.pem"), at("a.pem"))),
        ("b.key", good().with_identity(at("a.pem"), at("b.key"))),
        (
            "ca.pem",
            options("mqtt://localhost:1").with_ca(at("ca.pem")),
        ),
        (
            "a.pem",
            options("mqtt://localhost:1").with_identity(at("a.pem"), at("a.key")),
        ),
    ] {
        let line = Mqtt::new(&options, &pets()).expect_err(file).to_string();
        assert!(
            line.contains(file) && !line.contains('\n') && !line.contains("h1dden"),
            "{file}: {line}"
        );
    }
}
