/// The labels and the threshold that records are told in.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The model's name and version: `cifar10-resnet20-v1`.
    pub model: String,
    /// The SHA-256 of the model's graph, hexadecimal.
    pub graph_sha256: String,
    /// Class names, in the order of the logits.
    pub labels: Vec<String>,
    /// The gate; `None` where no threshold is fitted.
    pub gate: Option<GateTerms>,
}

/// The gate's score and threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateTerms {
    /// The score's name, as in the model file.
    pub score: &'static str,
    /// Accept iff score >= threshold.
    pub threshold: f32,
}

impl Terms {
    /// The name of `class`; a class that has none is told as unknown.
    #[must_use]
    pub fn label(&self, class: u16) -> &str {
        let label = self.labels.get(usize::from(class));
        label.map_or("unknown", String::as_str)
    }
}
