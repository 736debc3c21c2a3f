use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::MqttError;

/// A user name and a password. Neither is shown by `Debug`.
#[derive(Clone)]
pub struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Credentials {
    /// Longest file, in bytes.
    const MOST: u64 = 4096;

    /// Reads a file of two lines: the user name, then the password, each taken as it stands.
    ///
    /// # Errors
    /// [`MqttError::File`] if it cannot be read, is not two lines, or can be read by every user of the machine.
    pub fn read(path: &Path) -> Result<Self, MqttError> {
        let refuse = |why: String| MqttError::File {
            path: path.to_owned(),
            why,
        };
        let unreadable =
            |e: std::io::Error| refuse(format!("the MQTT credentials cannot be read: {e}"));
        let about = std::fs::metadata(path).map_err(unreadable)?;
        if !about.is_file() {
            return Err(refuse(
                "the MQTT credentials are not in a regular file".to_owned(),
            ));
        }
        if about.mode() & 0o007 != 0 {
            return Err(refuse(format!(
                "the MQTT credentials are open to every user of this machine (mode {:03o}); chmod 600 it",
                about.mode() & 0o777
            )));
        }
        let mut text = String::new();
        let file = File::open(path).map_err(unreadable)?;
        let read = file.take(Self::MOST + 1).read_to_string(&mut text);
        read.map_err(unreadable)?;
        let mut lines = text.lines();
        match (lines.next(), lines.next(), lines.next()) {
            (Some(user), Some(password), None)
                if !user.is_empty() && !password.is_empty() && text.len() as u64 <= Self::MOST =>
            {
                Ok(Self {
                    user: user.to_owned(),
                    password: password.to_owned(),
                })
            }
            _ => Err(refuse(
                "expected the MQTT user name on its first line, the password on its second, and nothing else".to_owned(),
            )),
        }
    }
}
