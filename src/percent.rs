/// Two decimals, without the sign.
#[must_use]
pub fn fixed(share: f64) -> String {
    format!("{:.2}", share * 100.0)
}

/// At most four decimals and no zero that says nothing, without the sign: 0.07 is `7`, 0.0725 is `7.25`.
#[must_use]
pub fn trimmed(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{fixed, trimmed};

    #[test]
    fn a_share_has_no_noise_of_floats() {
        for (share, two, few) in [
            (0.07, "7.00", "7"),
            (0.29, "29.00", "29"),
            (0.005, "0.50", "0.5"),
            (0.0725, "7.25", "7.25"),
            (1e-5, "0.00", "0.001"),
            (0.1, "10.00", "10"),
            (1.0, "100.00", "100"),
            (0.0, "0.00", "0"),
        ] {
            assert_eq!((fixed(share), trimmed(share)), (two.into(), few.into()));
        }
    }
}
