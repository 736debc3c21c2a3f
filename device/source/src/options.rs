use std::str::FromStr;

use normgate_frame::{ColorSpace, Matrix, Range};

use super::SourceError;

/// The `?key=value&key=value` of a source's URI.
pub(super) struct Options<'a> {
    uri: &'a str,
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Options<'a> {
    /// Reads `query`, the part of `uri` that starts at the question mark or is empty. Only
    /// `known` keys are taken, each once.
    pub(super) fn parse(uri: &'a str, query: &'a str, known: &[&str]) -> Result<Self, SourceError> {
        let mut options = Self {
            uri,
            pairs: Vec::new(),
        };
        if query.is_empty() {
            return Ok(options);
        }
        let Some(query) = query.strip_prefix('?') else {
            return Err(options.refuse(format!("`{query}`"), "nothing or ?option=value"));
        };
        for part in query.split('&') {
            let Some((key, value)) = part.split_once('=') else {
                return Err(options.refuse(format!("`{part}`"), "option=value"));
            };
            if !known.contains(&key) {
                let expected = known.join(", ");
                return Err(options.refuse(format!("no option `{key}`"), &expected));
            }
            if options.get(key).is_some() {
                return Err(options.refuse(format!("`{key}` given twice"), "it once"));
            }
            options.pairs.push((key, value));
        }
        Ok(options)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.pairs
            .iter()
            .find_map(|&(other, value)| (other == key).then_some(value))
    }

    /// `key=yes` or `key=no`.
    pub(super) fn yes_no(&self, key: &str) -> Result<Option<bool>, SourceError> {
        match self.get(key) {
            None => Ok(None),
            Some("yes") => Ok(Some(true)),
            Some("no") => Ok(Some(false)),
            Some(other) => {
                let expected = format!("{key}=yes or {key}=no");
                Err(self.refuse(format!("{key}={other}"), &expected))
            }
        }
    }

    /// A number from `least` to `most`.
    pub(super) fn number<T>(&self, key: &str, least: T, most: T) -> Result<Option<T>, SourceError>
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        match value.parse().ok().filter(|n| (&least..=&most).contains(&n)) {
            Some(number) => Ok(Some(number)),
            None => {
                let expected = format!("{key}={least} to {key}={most}");
                Err(self.refuse(format!("{key}={value}"), &expected))
            }
        }
    }

    /// `size=WxH`.
    pub(super) fn size(&self) -> Result<Option<(u32, u32)>, SourceError> {
        let Some(size) = self.get("size") else {
            return Ok(None);
        };
        let sides = size
            .split_once('x')
            .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        match sides {
            Some(sides) => Ok(Some(sides)),
            None => Err(self.refuse(
                format!("size={size}"),
                "size=WxH in pixels, as size=640x480",
            )),
        }
    }

    /// `matrix=` and `range=`.
    pub(super) fn colors(&self) -> Result<(Option<Matrix>, Option<Range>), SourceError> {
        let matrix = match self.get("matrix") {
            None => None,
            Some("bt601") => Some(Matrix::Bt601),
            Some("bt709") => Some(Matrix::Bt709),
            Some(other) => {
                let expected = "matrix=bt601 or matrix=bt709";
                return Err(self.refuse(format!("matrix={other}"), expected));
            }
        };
        let range = match self.get("range") {
            None => None,
            Some("limited") => Some(Range::Limited),
            Some("full") => Some(Range::Full),
            Some(other) => {
                let expected = "range=limited or range=full";
                return Err(self.refuse(format!("range={other}"), expected));
            }
        };
        Ok((matrix, range))
    }

    /// The error for what these options hold.
    pub(super) fn refuse(&self, found: impl Into<String>, expected: &str) -> SourceError {
        SourceError::Option {
            uri: self.uri.to_owned(),
            found: found.into(),
            expected: expected.to_owned(),
        }
    }
}

/// What a stream says of its colours, unless the URI says otherwise.
pub(super) fn override_colors(
    said: ColorSpace,
    (matrix, range): (Option<Matrix>, Option<Range>),
) -> ColorSpace {
    ColorSpace {
        matrix: matrix.unwrap_or(said.matrix),
        range: range.unwrap_or(said.range),
    }
}

/// A URI's path and its query, which starts at the first question mark.
pub(super) fn split_query(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find('?').unwrap_or(rest.len()))
}
