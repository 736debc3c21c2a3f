//! What Home Assistant's documentation asks of a device's discovery payload, field by field.

use std::collections::BTreeSet;

use normgate_sink::Status;
use serde_json::{Value, json};

use super::broker::{self, Broker, Message};
use super::{AVAILABILITY, CONFIG, STATE, Teller, options, terms};

fn is_config(message: &Message) -> bool {
    message.topic == CONFIG
}

/// The keys that the documentation has for a device's payload, and for the two kinds of entities here.
fn check_against_the_documentation(config: &Value) {
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let check = |value: &Value, required: &[&str], optional: &[&str]| {
        let keys = keys(value);
        for key in required {
            assert!(keys.contains(*key), "{key} is required in {value}");
        }
        for key in &keys {
            assert!(
                required.contains(&&**key) || optional.contains(&&**key),
                "{key} is unknown in {value}"
            );
        }
    };
    check(
        config,
        &["device", "origin", "components"],
        &["availability_topic", "state_topic", "qos"],
    );
    check(
        &config["device"],
        &["identifiers"],
        &["name", "manufacturer", "model", "sw_version"],
    );
    check(&config["origin"], &["name"], &["sw_version", "support_url"]);
    let mut ids = BTreeSet::new();
    for (key, entity) in config["components"].as_object().unwrap() {
        assert!(
            key.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        );
        let common = [
            "name",
            "value_template",
            "expire_after",
            "device_class",
            "entity_category",
            "json_attributes_topic",
        ];
        let more: &[&str] = match entity["platform"].as_str().unwrap() {
            "sensor" => &[
                "options",
                "state_class",
                "unit_of_measurement",
                "suggested_display_precision",
            ],
            "binary_sensor" => &["payload_on", "payload_off"],
            other => panic!("{other}"),
        };
        check(
            entity,
            &["platform", "unique_id"],
            &[&common, more].concat(),
        );
        assert!(
            ids.insert(entity["unique_id"].as_str().unwrap().to_owned()),
            "unique"
        );
        // "The `options` ... must be used together with device_class enum, and without state_class or unit".
        assert_eq!(
            entity.get("options").is_some(),
            entity["device_class"] == "enum"
        );
        if entity.get("options").is_some() {
            assert!(
                entity.get("state_class").is_none() && entity.get("unit_of_measurement").is_none()
            );
        }
    }
}

#[test]
fn the_device_is_told_of_field_by_field() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let mut subscriber = broker.subscribe();
    let _teller = Teller::new(&options(&broker.address()));
    let message = subscriber.next("discovery", is_config);
    assert_eq!(message.qos, 1);
    subscriber.next("availability", |m| m.topic == AVAILABILITY);
    let order: Vec<_> = subscriber.seen.iter().map(|m| m.topic.as_str()).collect();
    assert_eq!(
        order,
        [CONFIG, STATE, AVAILABILITY],
        "online is said of what is true"
    );

    let config = message.json();
    check_against_the_documentation(&config);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        config["device"],
        json!({
            "identifiers": ["desk"], "name": "desk", "manufacturer": "normgate", "model": "pets-v1",
            "sw_version": version,
        })
    );
    assert_eq!(config["origin"]["name"], "normgate");
    assert_eq!(config["origin"]["sw_version"], version);
    assert!(
        config["origin"]["support_url"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
    assert_eq!(config["availability_topic"], AVAILABILITY);
    assert_eq!(config["state_topic"], STATE);
    assert_eq!(config["qos"], 1);
    let of = |key: &str| &config["components"][key];
    let names: Vec<_> = config["components"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "camera", "class", "drift", "fps", "latency", "p_value", "score", "unknown"
        ]
    );
    assert_eq!(of("drift")["platform"], "binary_sensor");
    assert_eq!(of("drift")["device_class"], "problem");
    assert_eq!(
        of("drift")["value_template"],
        "{{ None if value_json.drift_evidence is none else 'ON' if value_json.drift else 'OFF' }}"
    );
    assert_eq!(of("p_value")["value_template"], "{{ value_json.p_value }}");

    assert_eq!(of("class")["platform"], "sensor");
    assert_eq!(of("class")["device_class"], "enum");
    assert_eq!(
        of("class")["options"],
        json!(["cat", "dog", "\"big\" \\ dög", "unknown"])
    );
    assert_eq!(of("class")["value_template"], "{{ value_json.state }}");
    assert_eq!(of("class")["json_attributes_topic"], STATE);
    assert_eq!(of("class")["unique_id"], "desk_class");
    assert_eq!(of("unknown")["platform"], "binary_sensor");
    assert_eq!(
        of("unknown")["value_template"],
        "{{ 'ON' if value_json.unknown else 'OFF' }}"
    );
    assert_eq!(of("score")["platform"], "sensor");
    assert_eq!(of("score")["state_class"], "measurement");
    assert_eq!(of("score")["value_template"], "{{ value_json.score }}");
    for (key, unit, field) in [("fps", "fps", "fps"), ("latency", "ms", "latency_ms")] {
        assert_eq!(of(key)["platform"], "sensor");
        assert_eq!(of(key)["entity_category"], "diagnostic");
        assert_eq!(of(key)["state_class"], "measurement");
        assert_eq!(of(key)["unit_of_measurement"], unit);
        assert_eq!(
            of(key)["value_template"],
            format!("{{{{ value_json.{field} }}}}")
        );
    }
    assert_eq!(of("camera")["platform"], "binary_sensor");
    assert_eq!(of("camera")["device_class"], "problem");
    assert_eq!(
        of("camera")["value_template"],
        "{{ 'ON' if value_json.camera_lost else 'OFF' }}"
    );

    assert_eq!(broker.retained_of(CONFIG).unwrap(), message.payload);
}

#[test]
fn another_model_is_told_of_before_its_classes() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let mut subscriber = broker.subscribe();
    let mut teller = Teller::new(&options(&broker.address()));
    subscriber.next("availability", |m| m.topic == AVAILABILITY);
    let begun = subscriber.seen.len();
    teller.terms = terms("birds-v2", &["gull", "tern"]);
    let swapped = Status::Swapped {
        terms: teller.terms.clone(),
    };
    teller.status(&swapped);
    teller.frame(1, Some(1));
    let told = subscriber
        .next("frame 1", |m| m.topic == STATE && m.json()["frame"] == 1)
        .json();
    assert_eq!(
        (&told["state"], &told["model"]),
        (&json!("tern"), &json!("birds-v2"))
    );
    let config = subscriber.seen[begun].json();
    assert_eq!(subscriber.seen[begun].topic, CONFIG);
    assert_eq!(
        config["components"]["class"]["options"],
        json!(["gull", "tern", "unknown"])
    );
    assert_eq!(config["device"]["model"], "birds-v2");
    assert_eq!(
        config["device"]["identifiers"],
        json!(["desk"]),
        "it stays the same device"
    );
    let configs = subscriber.seen[begun..].iter().filter(|m| is_config(m));
    assert_eq!(configs.count(), 1);
}

#[test]
fn home_assistant_is_told_again_when_it_is_born() {
    if !broker::is_here() {
        return;
    }
    let broker = Broker::open();
    let mut subscriber = broker.subscribe();
    let mut teller = Teller::new(&options(&broker.address()));
    let first = subscriber.next("discovery", is_config);
    subscriber.next("availability", |m| m.topic == AVAILABILITY);

    broker.publish("homeassistant/status", "offline");
    teller.frame(1, Some(0));
    subscriber.next("frame 1", |m| m.topic == STATE && m.json()["frame"] == 1);
    let configs = subscriber.seen.iter().filter(|m| is_config(m));
    assert_eq!(configs.count(), 1, "it is not told while it is away");

    broker.publish("homeassistant/status", "online");
    let again = subscriber.next("discovery again", is_config);
    assert_eq!(again.payload, first.payload);
    assert!(!again.is_retained, "it was published anew");
}
