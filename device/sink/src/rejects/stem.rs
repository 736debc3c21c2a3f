use crate::Record;
use crate::clock;

/// Extensions of a reject's picture, and of its note.
pub(super) const PICTURES: [&str; 2] = ["png", "jpg"];
pub(super) const NOTE: &str = "json";

/// What a file is called until it is whole: hidden, so that no listing shows it.
pub(super) fn partial(name: &str) -> String {
    format!(".{name}.part")
}

/// A reject's name without extension: `20261123T202314057Z-1234`.
pub(super) fn of(record: &Record) -> String {
    format!("{}-{}", clock::compact(record.time), record.frame)
}

/// A file of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Picture(&'a str, &'static str),
    Note(&'a str),
    Partial,
}

impl<'a> Name<'a> {
    /// What `name` is; none for a file that is not ours.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        if let Some(rest) = name.strip_prefix('.') {
            let inner = Self::parse(rest.strip_suffix(".part")?)?;
            return (inner != Self::Partial).then_some(Self::Partial);
        }
        let (stem, extension) = name.split_once('.')?;
        if !is_stem(stem) {
            return None;
        }
        if extension == NOTE {
            return Some(Self::Note(stem));
        }
        let known = PICTURES.into_iter().find(|known| *known == extension)?;
        Some(Self::Picture(stem, known))
    }
}

/// `20261123T202314057Z-1234`, and `-2` behind it where two are alike.
fn is_stem(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some((time, numbers)) = text.split_once('-') else {
        return false;
    };
    let time = time
        .strip_suffix('Z')
        .and_then(|time| time.split_once('T'))
        .is_some_and(|(date, time)| {
            date.len() == 8 && time.len() == 9 && digits(date) && digits(time)
        });
    time && numbers.split('-').count() <= 2 && numbers.split('-').all(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_ours() {
        let stem = "20261123T202314057Z-1234";
        assert_eq!(
            Name::parse("20261123T202314057Z-1234.png"),
            Some(Name::Picture(stem, "png"))
        );
        assert_eq!(
            Name::parse("20261123T202314057Z-1234.json"),
            Some(Name::Note(stem))
        );
        assert!(Name::parse("20261123T202314057Z-1234-2.jpg").is_some());
        assert_eq!(
            Name::parse(".20261123T202314057Z-1234.json.part"),
            Some(Name::Partial)
        );
        for foreign in [
            "",
            ".",
            "..part",
            "notes.json",
            "20261123T202314057Z-1234.txt",
            "20261123T202314057Z-1234.png.bak",
            "20261123T202314057Z-.png",
            "20261123T202314057Z.png",
            "20261123T202314057Z-1-2-3.png",
            "2026112T3202314057Z-1.png",
            "20261123T202314057Z-1234.PNG",
            ".20261123T202314057Z-1234.png",
            "..20261123T202314057Z-1234.png.part.part",
            "20261123T202314057Z-12é4.png",
        ] {
            assert_eq!(Name::parse(foreign), None, "{foreign}");
        }
    }
}
