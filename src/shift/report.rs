use normgate_core::Drift;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::Plan;

/// Accuracy, rejects and the frames to the alarm, for each shift.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShiftReport {
    /// Its name and version.
    pub model: String,
    /// Images in the set, each a frame.
    pub frames: usize,
    /// The set's fingerprint.
    pub images_sha256: String,
    /// How shifts were watched for.
    pub plan: Plan,
    /// The images as they are.
    pub unshifted: Share,
    /// Alarms over all orders of the images as they are.
    pub false_alarms: u64,
    /// One for each corruption and severity.
    pub shifts: Vec<Row>,
}

/// How the network and the gate fare.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Share of images whose largest logit is the label's.
    pub accuracy: f64,
    /// Share of images that are unknown.
    pub rejected: f64,
}

/// One corruption at one severity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// As in CIFAR-10-C.
    pub corruption: &'static str,
    /// 1 to 5.
    pub severity: u8,
    /// How the images fare.
    #[serde(flatten)]
    pub share: Share,
    /// How soon it was told.
    #[serde(flatten)]
    pub delay: Delay,
}

/// Frames to the alarm over several orders, the frame of the alarm counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Delay {
    /// Orders in which there was an alarm.
    pub alarmed: usize,
    /// The median over all orders, the larger one of two; none where there was no alarm in that many.
    pub median: Option<u64>,
    /// The least.
    pub least: Option<u64>,
    /// The most; none unless there was an alarm in every order.
    pub most: Option<u64>,
    /// First alarms about falling scores.
    pub falling: usize,
    /// First alarms about rising scores.
    pub rising: usize,
}

impl Delay {
    /// Of the first alarm in each order, if there was one: its frame from 1, and its direction.
    #[must_use]
    pub fn of(found: &[Option<(u64, Drift)>]) -> Self {
        let mut frames: Vec<u64> = found.iter().flatten().map(|&(frame, _)| frame).collect();
        frames.sort_unstable();
        let count = |wanted| {
            let drifts = found.iter().flatten().map(|&(_, drift)| drift);
            drifts.filter(|&drift| drift == wanted).count()
        };
        Self {
            alarmed: frames.len(),
            // What never came is later than all that did.
            median: frames.get(found.len() / 2).copied(),
            least: frames.first().copied(),
            most: frames.get(found.len().saturating_sub(1)).copied(),
            falling: count(Drift::Falling),
            rising: count(Drift::Rising),
        }
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_struct("Plan", 6)?;
        let names: Vec<_> = self.corruptions.iter().map(|c| c.name()).collect();
        object.serialize_field("corruptions", &names)?;
        object.serialize_field("false_alarm_every_frames", &self.policy.frames())?;
        object.serialize_field("stride", &self.policy.stride())?;
        object.serialize_field("assurance", &self.policy.assurance())?;
        object.serialize_field("orders", &self.orders)?;
        object.serialize_field("seed", &self.seed)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_without_an_alarm_count_as_later_than_all_others() {
        let falling = |frame| Some((frame, Drift::Falling));
        let delay = Delay::of(&[falling(9), None, Some((4, Drift::Rising)), falling(7)]);
        assert_eq!((delay.alarmed, delay.falling, delay.rising), (3, 2, 1));
        assert_eq!(
            (delay.least, delay.median, delay.most),
            (Some(4), Some(9), None)
        );
        let delay = Delay::of(&[None, None, falling(3)]);
        assert_eq!(
            (delay.least, delay.median, delay.most),
            (Some(3), None, None)
        );
        let delay = Delay::of(&[falling(3), falling(2), falling(5)]);
        assert_eq!(
            (delay.least, delay.median, delay.most),
            (Some(2), Some(3), Some(5))
        );
    }
}
