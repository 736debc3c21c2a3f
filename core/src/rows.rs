use thiserror::Error;

/// Why numbers are not a table of feature vectors.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum RowsError {
    /// Nothing to compare with.
    #[error("no rows: expected at least one")]
    Empty,
    /// The numbers do not fill whole rows.
    #[error("{len} numbers are not whole rows of {channels} channels")]
    Shape {
        /// Numbers given.
        len: usize,
        /// Channels of a row.
        channels: usize,
    },
    /// A class index would not fit in 16 bits.
    #[error("{0} rows: expected at most 65535 classes")]
    TooMany(usize),
    /// The row's buffer has a fixed size.
    #[error("{have} channels: expected at most {most}")]
    TooWide {
        /// Channels of a row.
        have: usize,
        /// What fits.
        most: usize,
    },
    /// A vector without a direction.
    #[error("row {0} is zero: expected a vector with a direction")]
    Zero(usize),
    /// Not a neighbour's number.
    #[error("neighbour {k} of {rows} rows: expected 1 to {most}")]
    Neighbour {
        /// As given.
        k: usize,
        /// Rows of the bank.
        rows: usize,
        /// What is possible.
        most: usize,
    },
    /// The scale cannot multiply.
    #[error("scale {0} is not usable: expected a positive finite number")]
    Scale(f32),
}

/// The number of whole rows.
pub(crate) fn count(len: usize, channels: usize) -> Result<usize, RowsError> {
    if len == 0 {
        return Err(RowsError::Empty);
    }
    if channels == 0 || !len.is_multiple_of(channels) {
        return Err(RowsError::Shape { len, channels });
    }
    Ok(len / channels)
}

/// Every row has a direction.
pub(crate) fn none_zero(numbers: &[i8], channels: usize) -> Result<(), RowsError> {
    let zero = |row: &[i8]| row.iter().all(|&v| v == 0);
    match numbers.chunks_exact(channels).position(zero) {
        Some(i) => Err(RowsError::Zero(i)),
        None => Ok(()),
    }
}

/// `round(h / unit)`, saturated to -127..=127.
pub(crate) fn encode(h: &[f32], unit: f64, codes: &mut [i8]) {
    for (code, &v) in codes.iter_mut().zip(h) {
        // The cast sends NaN to 0; there is none unless the unit is unusable.
        *code = libm::rint(f64::from(v) / unit).clamp(-127.0, 127.0) as i8;
    }
}
