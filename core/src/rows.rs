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
    /// NaN or infinity.
    #[error("row {0} holds a number that is not finite")]
    NotFinite(usize),
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
