/// The port of the gate's pins, as the emulator names it: the sixth of seven, F.
const PORT_F: &str = "/machine/unattached/device[13]";

/// The exception of timer 0, which the firmware sets to a millisecond.
const TIMER_0A: &str = "35";

/// What the emulated hardware did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hardware {
    /// A millisecond has passed on the board: its timer interrupts.
    Millisecond,
    /// The firmware takes the timer's interrupt.
    Taken,
    /// A byte came in on the line.
    Heard(u8),
    /// A byte was given to the line.
    Said(u8),
    /// A pin of port F changed.
    Pin {
        /// 0 to 7.
        number: u8,
        /// It is high.
        high: bool,
    },
    /// Port F was reset: its pins are inputs.
    Reset,
}

impl Hardware {
    /// The events of the emulator that [`Self::parse`] knows.
    pub const EVENTS: [&str; 5] = [
        "nvic_set_irq_level",
        "pl011_put_fifo",
        "pl011_write",
        "pl061_set_output",
        "pl061_reset",
    ];

    /// One line of the emulator's trace; none if it is another.
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        // Some versions put the process and the time in front.
        let event = words.next()?.rsplit(':').next()?;
        match event {
            "nvic_set_irq_level" => {
                let exception = words.nth(3)?;
                let level = words.nth(3)?;
                match (exception, level) {
                    (TIMER_0A, "1") => Some(Self::Millisecond),
                    (TIMER_0A, "0") => Some(Self::Taken),
                    _ => None,
                }
            }
            "pl011_put_fifo" => hex(words.nth(2)?).map(|byte| Self::Heard(byte as u8)),
            "pl011_write" => {
                let register = hex(words.nth(1)?)?;
                let value = hex(words.nth(1)?)?;
                (register == 0).then_some(Self::Said(value as u8))
            }
            "pl061_set_output" if words.next() == Some(PORT_F) => {
                let number = words.nth(2)?.parse().ok()?;
                let high = words.nth(1)? == "1";
                Some(Self::Pin { number, high })
            }
            "pl061_reset" if words.next() == Some(PORT_F) => Some(Self::Reset),
            _ => None,
        }
    }
}

fn hex(word: &str) -> Option<u32> {
    u32::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_emulator() {
        let lines = [
            (
                "nvic_set_irq_level NVIC external irq 35 level set to 1",
                Some(Hardware::Millisecond),
            ),
            (
                "nvic_set_irq_level NVIC external irq 35 level set to 0",
                Some(Hardware::Taken),
            ),
            (
                "nvic_set_irq_level NVIC external irq 21 level set to 1",
                None,
            ),
            (
                "pl011_put_fifo new char 0x6b read_count now 1",
                Some(Hardware::Heard(0x6b)),
            ),
            (
                "pl011_write addr 0x00000000 value 0x00000081",
                Some(Hardware::Said(0x81)),
            ),
            ("pl011_write addr 0x00000044 value 0x000017f2", None),
            (
                "7@12.000001:pl061_set_output /machine/unattached/device[13] setting output 3 to 1",
                Some(Hardware::Pin {
                    number: 3,
                    high: true,
                }),
            ),
            (
                "pl061_set_output /machine/unattached/device[8] setting output 3 to 1",
                None,
            ),
            (
                "pl061_reset /machine/unattached/device[13] reset",
                Some(Hardware::Reset),
            ),
            ("char device redirected to /dev/pts/3 (label serial0)", None),
            ("", None),
        ];
        for (line, hardware) in lines {
            assert_eq!(Hardware::parse(line), hardware, "{line}");
        }
    }
}
