//! The wall clock in text. A clock can stand anywhere: a board without a battery begins in 1970.

use std::time::SystemTime;

use time::OffsetDateTime;

/// UTC as in RFC 3339, with milliseconds: `2026-11-23T20:23:14.057Z`. `None` outside the years 0 to 9999.
#[must_use]
pub fn rfc3339(time: SystemTime) -> Option<String> {
    let t = utc(time)?;
    let (date, ms) = (t.date(), t.millisecond());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    let (h, m, s) = t.to_hms();
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z"
    ))
}

/// The same for a file's name: `20261123T202314057Z`, 19 characters; all zeros where there is no time.
pub(crate) fn compact(time: SystemTime) -> String {
    match rfc3339(time) {
        Some(text) => text.replace(['-', ':', '.'], ""),
        None => "00000000T000000000Z".to_owned(),
    }
}

fn utc(time: SystemTime) -> Option<OffsetDateTime> {
    let nanos = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i128::try_from(after.as_nanos()).ok()?,
        Err(before) => -i128::try_from(before.duration().as_nanos()).ok()?,
    };
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    (0..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn any_clock_has_a_text_or_none() {
        // `date -u -d @1795465394` says 2026-11-23 20:23:14.
        let time = UNIX_EPOCH + Duration::from_micros(1_795_465_394_057_999);
        assert_eq!(rfc3339(time).as_deref(), Some("2026-11-23T20:23:14.057Z"));
        assert_eq!(compact(time), "20261123T202314057Z");
        let before = UNIX_EPOCH - Duration::from_millis(1);
        assert_eq!(rfc3339(before).as_deref(), Some("1969-12-31T23:59:59.999Z"));
        for years in [-3000i64, 9000, 200_000] {
            let off = Duration::from_secs(years.unsigned_abs() * 31_556_952);
            let time = match years > 0 {
                true => UNIX_EPOCH.checked_add(off),
                false => UNIX_EPOCH.checked_sub(off),
            };
            assert_eq!(time.and_then(rfc3339), None, "{years}");
            assert_eq!(time.map_or(19, |time| compact(time).len()), 19);
        }
    }
}
