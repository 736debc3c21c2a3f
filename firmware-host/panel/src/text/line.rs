use crate::charset;

/// A line of text as codes of [`charset`], at most `N`; what follows is left out behind an ellipsis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<const N: usize = 48> {
    codes: [u8; N],
    used: u8,
}

impl Line {
    /// The most codes of a line on the panel.
    pub(crate) const MOST: usize = 48;
}

impl<const N: usize> Line<N> {
    pub(crate) const EMPTY: Self = Self {
        codes: [b' '; N],
        used: 0,
    };

    pub(crate) fn new(text: &str) -> Self {
        let mut line = Self::EMPTY;
        line.push_str(text);
        line
    }

    /// A line of codes that are codes already.
    pub(crate) fn of_codes(codes: &[u8]) -> Self {
        let mut line = Self::EMPTY;
        codes.iter().for_each(|code| line.push(*code));
        line
    }

    pub(crate) fn codes(&self) -> &[u8] {
        let used = usize::from(self.used);
        self.codes.get(..used).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    pub(crate) fn push(&mut self, code: u8) {
        match self.codes.get_mut(usize::from(self.used)) {
            Some(place) => {
                *place = code;
                self.used += 1;
            }
            None => self.codes[N - 1] = charset::ELLIPSIS,
        }
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        for character in text.chars().take(N + 1) {
            self.push(charset::code(character));
        }
    }

    pub(crate) fn push_codes(&mut self, codes: &[u8]) {
        codes.iter().for_each(|code| self.push(*code));
    }

    /// Whole numbers.
    pub(crate) fn push_u64(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut rest = number;
        let mut count = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            count += 1;
            if rest == 0 {
                break;
            }
        }
        let unused = digits.len().saturating_sub(count);
        digits.iter().skip(unused).for_each(|code| self.push(*code));
    }

    /// The last `digits` digits of a whole number, zeros in front.
    pub(crate) fn push_padded(&mut self, number: u64, digits: u32) {
        for digit in (0..digits).rev() {
            self.push(b'0' + (number / 10_u64.pow(digit).max(1) % 10) as u8);
        }
    }
}
