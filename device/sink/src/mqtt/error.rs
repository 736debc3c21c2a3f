use std::path::PathBuf;

/// What is wrong with what an [`Mqtt`](super::Mqtt) sink was told. None of these lines ever has a password in it.
#[derive(Debug, thiserror::Error)]
pub enum MqttError {
    /// The broker's address; the text is not repeated, as it may hold a secret.
    #[error(
        "MQTT address: {0}; expected mqtt://HOST[:PORT][/PREFIX] or mqtts://HOST[:PORT][/PREFIX]"
    )]
    Address(&'static str),
    /// Credentials in the address.
    #[error(
        "MQTT address: a user name or password does not belong in it, where anyone on the machine sees it; \
         put both in a file, the user name on its first line and the password on its second"
    )]
    CredentialsInAddress,
    /// A part of a topic.
    #[error("MQTT {what} {text:?}: {expected}")]
    Name {
        /// Which part.
        what: &'static str,
        /// What was given.
        text: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// A file of credentials, certificates or keys.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        why: String,
    },
    /// Certificates and keys that do not go together.
    #[error("MQTT over TLS: {0}")]
    Tls(String),
    /// No thread could be had.
    #[error("MQTT: no thread: {0}")]
    Thread(std::io::Error),
}
