//! The loss that trained the weights, for a person.

use serde::Deserialize;

use super::Description;

/// A loss as the trainer's recipe names it.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Trained {
    CrossEntropy {},
    LogitNorm {
        tau: f64,
    },
    #[serde(rename = "elogit_norm")]
    ElogitNorm {},
    #[serde(rename = "t2f_norm")]
    T2fNorm {
        tau: f64,
    },
}

impl Description {
    /// The loss that the recipe names. Where it names none that is known, the description's own, which says how
    /// confidence is computed and is cross entropy for every loss that needs no tau there.
    #[must_use]
    pub fn trained_with(&self) -> String {
        let recipe = self.recipe.pointer("/training/loss");
        match recipe.and_then(|loss| Trained::deserialize(loss).ok()) {
            Some(Trained::CrossEntropy {}) => "cross entropy".to_owned(),
            Some(Trained::LogitNorm { tau }) => format!("LogitNorm, tau {tau}"),
            Some(Trained::ElogitNorm {}) => "Extended LogitNorm".to_owned(),
            Some(Trained::T2fNorm { tau }) => format!("T2FNorm, tau {tau}"),
            None => match self.loss.tau() {
                Some(tau) => format!("LogitNorm, tau {tau}"),
                None => "cross entropy".to_owned(),
            },
        }
    }
}
