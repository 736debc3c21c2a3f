use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use subtle::ConstantTimeEq;

/// A secret that a client shows.
#[derive(Clone)]
pub struct Token(String);

/// Text or a file that is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file could not be read.
    #[error("token file {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Every user of the machine can read the file.
    #[error("token file {}: every user can read it (mode {mode:04o}): expected 0600 or 0640", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// What the file holds is no token.
    #[error("token file {}: {error}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        error: Box<TokenError>,
    },
    /// Too easily guessed, or absurdly long.
    #[error("a token of {0} characters: expected {min} to {max}", min = Token::MIN, max = Token::MAX)]
    Length(usize),
    /// It would not fit a header or a cookie.
    #[error(
        "a token with a blank, a line break or a special character: expected one line of letters, digits and -._~+/="
    )]
    Character,
}

impl Token {
    /// The fewest characters.
    pub const MIN: usize = 16;
    /// The most characters.
    pub const MAX: usize = 256;

    /// A token of letters, digits and `-._~+/=` (the characters of a bearer token in RFC 6750).
    ///
    /// # Errors
    /// [`TokenError`] if it is too short, too long, or has other characters.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if !text.bytes().all(fits) {
            return Err(TokenError::Character);
        }
        if !(Self::MIN..=Self::MAX).contains(&text.len()) {
            return Err(TokenError::Length(text.len()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The token in a file of one line. A file that every user can read is refused.
    ///
    /// # Errors
    /// [`TokenError`], which names the file and never shows what it holds.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let path = path.to_owned();
        let read = |path: &Path| {
            let file = File::open(path)?;
            let mode = mode(&file)?;
            let mut text = String::new();
            file.take(Self::MAX as u64 + 2).read_to_string(&mut text)?;
            Ok((mode, text))
        };
        match read(&path) {
            Err(error) => Err(TokenError::Read { path, error }),
            Ok((mode, _)) if mode & 0o007 != 0 => Err(TokenError::Exposed { path, mode }),
            Ok((_, text)) => {
                let line = text.strip_suffix('\n').unwrap_or(&text);
                Self::new(line.strip_suffix('\r').unwrap_or(line)).map_err(|error| {
                    TokenError::Content {
                        path,
                        error: Box::new(error),
                    }
                })
            }
        }
    }

    /// Whether `shown` is the token; how long it takes does not tell how much of it is right.
    pub(super) fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }

    /// The token itself, for the cookie.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

#[cfg(unix)]
fn mode(file: &File) -> std::io::Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &File) -> std::io::Result<u32> {
    Ok(0)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(secret)")
    }
}
