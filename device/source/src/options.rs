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

    /// The error for what these options hold.
    pub(super) fn refuse(&self, found: impl Into<String>, expected: &str) -> SourceError {
        SourceError::Option {
            uri: self.uri.to_owned(),
            found: found.into(),
            expected: expected.to_owned(),
        }
    }
}
