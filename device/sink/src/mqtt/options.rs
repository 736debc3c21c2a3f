use std::path::{Path, PathBuf};
use std::time::Duration;

use super::names;
use super::{Credentials, MqttError};

/// Which broker, and what is told there under which name.
#[derive(Debug, Clone)]
pub struct MqttOptions {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) prefix: String,
    pub(crate) node: Option<String>,
    pub(crate) discovery: Option<String>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    pub(crate) every: Duration,
}

impl MqttOptions {
    /// Reads `mqtt://HOST[:1883][/PREFIX]` or `mqtts://HOST[:8883][/PREFIX]`; the prefix is `normgate` if none is given.
    ///
    /// # Errors
    /// [`MqttError`] if it is anything else, and above all if it holds a user name or password.
    pub fn parse(address: &str) -> Result<Self, MqttError> {
        if address.contains('@') {
            return Err(MqttError::CredentialsInAddress);
        }
        let (tls, rest) = match address.split_once("://") {
            Some(("mqtt", rest)) => (false, rest),
            Some(("mqtts", rest)) => (true, rest),
            _ => {
                return Err(MqttError::Address(
                    "it begins with neither mqtt:// nor mqtts://",
                ));
            }
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = authority_parts(authority)?;
        let port = match port {
            None if tls => 8883,
            None => 1883,
            Some(port) => match port.parse() {
                Ok(port) if port != 0 => port,
                _ => return Err(MqttError::Address("the port is no number from 1 to 65535")),
            },
        };
        let prefix = match path {
            "" => "normgate",
            path => path.strip_suffix('/').unwrap_or(path),
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
            prefix: names::prefix("topic prefix", prefix)?,
            node: None,
            discovery: Some("homeassistant".to_owned()),
            credentials: None,
            ca: None,
            identity: None,
            every: Duration::from_secs(1),
        })
    }

    /// Logs in with these.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Trusts the certificates in this PEM file, and not the system's.
    #[must_use]
    pub fn with_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca = Some(path.into());
        self
    }

    /// Shows the broker a client certificate; both files are PEM.
    #[must_use]
    pub fn with_identity(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.identity = Some((certificate.into(), key.into()));
        self
    }

    /// The id of this classifier among the broker's clients, instead of one made of the host's name and the model's. Two
    /// with one id throw each other out.
    ///
    /// # Errors
    /// [`MqttError::Name`] if it is not 1 to 64 letters, digits, `_` and `-`.
    pub fn with_node(mut self, node: &str) -> Result<Self, MqttError> {
        self.node = Some(names::node(node)?);
        Ok(self)
    }

    /// Home Assistant's discovery prefix, `homeassistant` unless told; `None` publishes no discovery.
    ///
    /// # Errors
    /// [`MqttError::Name`] if it is no topic.
    pub fn with_discovery(mut self, prefix: Option<&str>) -> Result<Self, MqttError> {
        self.discovery = match prefix {
            Some(prefix) => Some(names::prefix("discovery prefix", prefix)?),
            None => None,
        };
        Ok(self)
    }

    /// The time between two states while the committed class stays the same, 1 s unless told.
    #[must_use]
    pub fn with_every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// What a person should know of these options, on one line.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let local = self.host == "localhost" || self.ip().is_some_and(|ip| ip.is_loopback());
        (self.credentials.is_some() && !self.tls && !local).then(|| {
            format!(
                "{}: the MQTT password crosses the network in clear text; mqtts:// would hide it",
                self.address()
            )
        })
    }

    /// The broker, for a person.
    #[must_use]
    pub fn address(&self) -> String {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        format!("{scheme}://{}", self.socket())
    }

    pub(crate) fn socket(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    fn ip(&self) -> Option<std::net::IpAddr> {
        self.host.parse().ok()
    }

    /// Files that only TLS has a use for.
    pub(crate) fn tls_files(&self) -> Option<&Path> {
        let certificate = self.identity.as_ref().map(|(certificate, _)| certificate);
        self.ca.as_ref().or(certificate).map(PathBuf::as_path)
    }
}

/// The host, without the brackets of an IPv6 address, and the port's text.
fn authority_parts(authority: &str) -> Result<(&str, Option<&str>), MqttError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let Some((host, rest)) = rest.split_once(']') else {
            return Err(MqttError::Address("a [ is not closed"));
        };
        if host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(MqttError::Address("between [ and ] is no IPv6 address"));
        }
        return match (rest.is_empty(), rest.strip_prefix(':')) {
            (true, _) => Ok((host, None)),
            (false, Some(port)) => Ok((host, Some(port))),
            (false, None) => Err(MqttError::Address(
                "something other than :PORT follows the host",
            )),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if host.is_empty() || host.len() > 253 || !host.chars().all(is_host) {
        return Err(MqttError::Address(
            "the host is neither a name nor an IP address",
        ));
    }
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn socket(address: &str) -> String {
        let options = MqttOptions::parse(address).unwrap();
        format!("{} {}", options.socket(), options.prefix)
    }

    #[test]
    fn addresses() {
        assert_eq!(socket("mqtt://broker"), "broker:1883 normgate");
        assert_eq!(socket("mqtts://broker.lan/"), "broker.lan:8883 normgate");
        assert_eq!(
            socket("mqtt://10.0.0.1:99/home/door"),
            "10.0.0.1:99 home/door"
        );
        assert_eq!(socket("mqtts://[fe80::1]/x"), "[fe80::1]:8883 x");
        assert_eq!(socket("mqtts://[::1]:1/x/"), "[::1]:1 x");
    }

    #[test]
    fn what_is_no_address_gets_one_line() {
        for address in [
            "",
            "broker",
            "http://broker",
            "mqtt://",
            "mqtt://:1883",
            "mqtt://b:0",
            "mqtt://b:65536",
            "mqtt://b:x",
            "mqtt://b/a//c",
            "mqtt://b/a?x=1",
            "mqtt://b/#",
            "mqtt://b/+/c",
            "mqtt://[::1",
            "mqtt://[b]",
            "mqtt://[::1]9",
            "mqtt://a b",
            "mqtt://::1",
            "mqtt://b//",
            "mqtt://b/$SYS",
            "MQTT://b",
        ] {
            let line = MqttOptions::parse(address).expect_err(address).to_string();
            assert!(
                line.starts_with("MQTT ") && line.contains("expected") && !line.contains('\n'),
                "{line}"
            );
        }
    }

    #[test]
    fn a_password_in_clear_is_warned_of_unless_it_stays_here() {
        let credentials = Credentials {
            user: "u".to_owned(),
            password: "p".to_owned(),
        };
        let warning = |address: &str| {
            let options = MqttOptions::parse(address).unwrap();
            options.with_credentials(credentials.clone()).warning()
        };
        assert!(warning("mqtt://broker").unwrap().contains("clear text"));
        for address in [
            "mqtts://broker",
            "mqtt://localhost",
            "mqtt://127.0.0.2",
            "mqtt://[::1]",
        ] {
            assert_eq!(warning(address), None, "{address}");
        }
        assert_eq!(MqttOptions::parse("mqtt://broker").unwrap().warning(), None);
    }

    proptest! {
        #[test]
        fn a_password_is_refused_and_never_repeated(user in "[a-z]{1,5}", password in "[A-Z0-9]{8,12}", form in 0..5) {
            let address = match form {
                0 => format!("mqtt://{user}:{password}@broker"),
                1 => format!("mqtts://{user}:{password}@broker:8883/x"),
                2 => format!("mqtt://{user}:q{password}"),
                3 => format!("{user}:{password}@broker"),
                _ => format!("mqtt://{password}@broker"),
            };
            let error = MqttOptions::parse(&address).unwrap_err();
            let told = format!("{error} {error:?}");
            prop_assert!(!told.contains(&password));
        }

        #[test]
        fn no_text_panics(text in ".*", rest in "[\\[\\]a-z0-9:/@.?#-]{0,20}") {
            let _ = MqttOptions::parse(&text);
            let _ = MqttOptions::parse(&format!("mqtt://{rest}"));
        }
    }
}
