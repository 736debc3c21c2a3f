//! What Home Assistant is told, so that it shows the classifier as a device: device-based MQTT discovery.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::names::Topics;
use super::state::{UNKNOWN, shown};
use crate::Terms;

/// Neither on nor off where nothing is watched: Home Assistant shows `None` as unknown.
const DRIFT: &str =
    "{{ None if value_json.drift_evidence is none else 'ON' if value_json.drift else 'OFF' }}";

/// The JSON for the config topic of `node`. A state that is older than `stale` no longer counts.
pub(crate) fn config(node: &str, terms: &Terms, topics: &Topics, stale: Duration) -> String {
    let stale = stale.as_secs().max(1);
    let entity = |key: &str, platform: &str, name: &str, template: &str, more: Value| {
        let mut entity = json!({
            "platform": platform,
            "unique_id": format!("{node}_{key}"),
            "name": name,
            "value_template": template,
            "expire_after": stale,
        });
        if let (Some(entity), Value::Object(more)) = (entity.as_object_mut(), more) {
            entity.extend(more);
        }
        entity
    };
    json!({
        "device": {
            "identifiers": [node],
            "name": node,
            "manufacturer": "normgate",
            "model": shown(&terms.model),
            "sw_version": env!("CARGO_PKG_VERSION"),
        },
        "origin": {
            "name": "normgate",
            "sw_version": env!("CARGO_PKG_VERSION"),
            "support_url": env!("CARGO_PKG_REPOSITORY"),
        },
        "availability_topic": topics.availability,
        "state_topic": topics.state,
        "qos": 1,
        "components": {
            "class": entity("class", "sensor", "Class", "{{ value_json.state }}", json!({
                "device_class": "enum",
                "options": options(terms),
                "json_attributes_topic": topics.state,
            })),
            "unknown": entity("unknown", "binary_sensor", "Unknown", "{{ 'ON' if value_json.unknown else 'OFF' }}", json!({})),
            "score": entity("score", "sensor", "Score", "{{ value_json.score }}", json!({
                "state_class": "measurement",
                "suggested_display_precision": 3,
            })),
            "p_value": entity("p_value", "sensor", "p-value", "{{ value_json.p_value }}", json!({
                "state_class": "measurement",
                "suggested_display_precision": 4,
                "entity_category": "diagnostic",
            })),
            "drift": entity("drift", "binary_sensor", "Drift", DRIFT, json!({
                "device_class": "problem",
                "entity_category": "diagnostic",
            })),
            "fps": entity("fps", "sensor", "Frame rate", "{{ value_json.fps }}", json!({
                "state_class": "measurement",
                "unit_of_measurement": "fps",
                "suggested_display_precision": 1,
                "entity_category": "diagnostic",
            })),
            "latency": entity("latency", "sensor", "Latency", "{{ value_json.latency_ms }}", json!({
                "device_class": "duration",
                "state_class": "measurement",
                "unit_of_measurement": "ms",
                "suggested_display_precision": 1,
                "entity_category": "diagnostic",
            })),
            "camera": entity("camera", "binary_sensor", "Camera", "{{ 'ON' if value_json.camera_lost else 'OFF' }}", json!({
                "device_class": "problem",
                "entity_category": "diagnostic",
            })),
        },
    })
    .to_string()
}

/// Every state that the class can have, each once.
fn options(terms: &Terms) -> Vec<String> {
    let mut seen = HashSet::new();
    let labels = terms.labels.iter().map(|label| shown(label).into_owned());
    let all = labels.chain([UNKNOWN.to_owned()]);
    all.filter(|option| seen.insert(option.clone())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_state_is_an_option_and_no_option_comes_twice(labels in prop::collection::vec(any::<String>(), 0..12)) {
            let terms = Terms { model: "m".to_owned(), graph_sha256: String::new(), labels, gate: None };
            let topics = Topics::new("p", "n", Some("homeassistant"));
            let told: Value = serde_json::from_str(&config("n", &terms, &topics, Duration::from_secs(9))).unwrap();
            let options: Vec<_> = told["components"]["class"]["options"].as_array().unwrap().iter().collect();
            for state in terms.labels.iter().map(|label| shown(label)).chain([UNKNOWN.into()]) {
                prop_assert!(options.contains(&&Value::from(&*state)));
            }
            prop_assert_eq!(options.iter().collect::<HashSet<_>>().len(), options.len());
        }
    }
}
