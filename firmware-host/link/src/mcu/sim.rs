use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::{Mcu, McuConfig, McuEvent, Output, Pins};
use crate::clock::Clock;
use crate::monitor::seconds;
use crate::wire::Wire;
use crate::words::Words;

const LISTEN: Duration = Duration::from_millis(5);

/// A microcontroller on a line, with the pins of a gate, that says what it does: a line of text for each change.
#[derive(Debug)]
pub struct Simulator<W, C> {
    mcu: Mcu,
    wire: W,
    clock: C,
    /// Classes that open the gate; none says all.
    opens: Option<Vec<u16>>,
    labels: BTreeMap<u16, String>,
    shown: Output,
    /// What the newest applied verdict says.
    verdict: Option<(Option<u16>, String)>,
    /// A drift alarm was told, and its end was not.
    drift: bool,
    told: bool,
}

impl<W: Wire, C: Clock> Simulator<W, C> {
    /// One that is switched on with the first [`Self::step`]. `opens`: classes that open the gate, all others close it;
    /// none says that every class opens it.
    pub fn new(wire: W, clock: C, config: McuConfig, opens: Option<Vec<u16>>) -> Self {
        let mut mcu = Mcu::new(config);
        mcu.restart(clock.now_ms());
        Self {
            mcu,
            wire,
            clock,
            opens,
            labels: BTreeMap::new(),
            shown: Output::Safe,
            verdict: None,
            drift: false,
            told: false,
        }
    }

    /// Which pin is driven now.
    pub fn pins(&self) -> Pins {
        self.pins_of(self.mcu.output(self.clock.now_ms()))
    }

    fn pins_of(&self, output: Output) -> Pins {
        output.pins(self.opens.as_deref())
    }

    /// The line.
    pub const fn wire(&self) -> &W {
        &self.wire
    }

    /// The microcontroller.
    pub const fn mcu(&self) -> &Mcu {
        &self.mcu
    }

    /// As after a loss of power.
    pub fn restart(&mut self) {
        self.mcu.restart(self.clock.now_ms());
        self.labels.clear();
        self.verdict = None;
    }

    /// Listens for at most `wait`, answers, and says what changed, in lines without line ends.
    ///
    /// # Errors
    /// The line's. The pins go to safe in time nevertheless, if this is called again.
    pub fn step(&mut self, wait: Duration) -> io::Result<Vec<String>> {
        let events = self.mcu.serve(&mut self.wire, &self.clock, wait)?;
        let mut lines = Vec::new();
        if !self.told {
            self.told = true;
            self.say(&mut lines, "started, no session");
        }
        for event in events {
            self.tell(&mut lines, event);
        }
        let output = self.mcu.output(self.clock.now_ms());
        if output != self.shown {
            self.shown = output;
            let why = self.why(output);
            self.say(&mut lines, &why);
        }
        let drift = self.mcu.drift();
        if drift != self.drift {
            self.drift = drift;
            let what = if drift {
                "drift alarm"
            } else {
                "no drift alarm"
            };
            self.say(&mut lines, what);
        }
        Ok(lines)
    }

    fn tell(&mut self, lines: &mut Vec<String>, event: McuEvent) {
        let what = match event {
            McuEvent::Applied {
                frame, judgement, ..
            } => {
                let class = judgement.committed();
                let label = class.and_then(|class| self.labels.get(&class));
                let words = Words((judgement, label.map(String::as_str)));
                self.verdict = Some((class, format!("frame {frame}: {words}")));
                return;
            }
            McuEvent::Agreed(session) => {
                self.labels.clear();
                self.verdict = None;
                self.shown = Output::Safe;
                format!("session {:08x} begins", session.0)
            }
            McuEvent::Lost => {
                self.verdict = None;
                self.shown = Output::Safe;
                "session lost: the host is silent".to_owned()
            }
            McuEvent::Label { index, text } => {
                let what = format!("label {index} {text:?}");
                self.labels.insert(index, text.as_str().to_owned());
                what
            }
            McuEvent::Fault(fault) => format!("the host has a fault: {}", Words(fault)),
            _ => return,
        };
        self.say(lines, &what);
    }

    /// Why the output is what it became.
    fn why(&self, output: Output) -> String {
        let is_open = output != Output::Safe;
        match &self.verdict {
            Some((class, verdict)) if class.is_some() == is_open => verdict.clone(),
            _ if self.mcu.is_held() => "held by the host".to_owned(),
            _ if self.mcu.session().is_none() => "no session".to_owned(),
            _ => "no fresh verdict".to_owned(),
        }
    }

    fn say(&self, lines: &mut Vec<String>, what: &str) {
        let at = seconds(self.clock.now_ms());
        let pins = self.pins_of(self.shown);
        lines.push(format!("{at:>10} {pins:<6} {what}"));
    }

    /// Runs until `stop` says so, asked every few ms, and writes the lines to `out`.
    ///
    /// # Errors
    /// Those of `out` and of the line.
    pub fn run(
        &mut self,
        out: &mut impl io::Write,
        mut stop: impl FnMut() -> bool,
    ) -> io::Result<()> {
        while !stop() {
            let lines = self.step(LISTEN)?;
            for line in &lines {
                writeln!(out, "{line}")?;
            }
            if !lines.is_empty() {
                out.flush()?;
            }
        }
        Ok(())
    }
}
