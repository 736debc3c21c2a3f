//! How errors are told.

use std::error::Error;

/// An error and its causes on one line, each told once: many causes stand in their error's own text already.
pub fn one_line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        let text = e.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = e.source();
    }
    joined(&line)
}

/// A text on one line.
pub fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("a.onnx: {source}")]
    struct Told {
        source: std::io::Error,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("loading")]
    struct Untold {
        source: Told,
    }

    #[test]
    fn a_cause_is_told_once_and_on_one_line() {
        let source = Told {
            source: std::io::Error::other("no\nroom"),
        };
        assert_eq!(one_line(&source), "a.onnx: no room");
        assert_eq!(one_line(&Untold { source }), "loading: a.onnx: no room");
    }
}
