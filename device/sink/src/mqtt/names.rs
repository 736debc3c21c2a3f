//! The parts of topics and ids. What a person gives is checked; what is found (a host's name, a model's) is made to fit.

use super::MqttError;

/// As Home Assistant allows in a discovery topic.
const NODE: &str = "expected 1 to 64 of a-z, A-Z, 0-9, _ and -";
const NODE_MOST: usize = 64;
const PREFIX: &str =
    "expected levels of a-z, A-Z, 0-9, _, - and . with one / between two of them, 128 at most";
const PREFIX_MOST: usize = 128;

fn is_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// `text` as a node's id.
pub(crate) fn node(text: &str) -> Result<String, MqttError> {
    if (1..=NODE_MOST).contains(&text.len()) && text.chars().all(is_id) {
        return Ok(text.to_owned());
    }
    Err(MqttError::Name {
        what: "node id",
        text: text.chars().take(2 * NODE_MOST).collect(),
        expected: NODE,
    })
}

/// A node's id from names that were not chosen for it; always one that [`node`] takes.
pub(crate) fn default_node(host: &str, model: &str) -> String {
    let mut id = String::new();
    for c in host.chars().chain(['-']).chain(model.chars()) {
        match c {
            c if is_id(c) && c != '-' => id.push(c),
            _ if id.is_empty() || id.ends_with('-') => {}
            _ => id.push('-'),
        }
        if id.len() == NODE_MOST {
            break;
        }
    }
    match id.trim_end_matches('-') {
        "" => "normgate".to_owned(),
        id => id.to_owned(),
    }
}

/// `text` as the first levels of a topic. `what` names it where it is refused.
pub(crate) fn prefix(what: &'static str, text: &str) -> Result<String, MqttError> {
    let level = |level: &str| !level.is_empty() && level.chars().all(|c| is_id(c) || c == '.');
    if text.len() <= PREFIX_MOST && text.split('/').all(level) {
        return Ok(text.to_owned());
    }
    Err(MqttError::Name {
        what,
        text: text.chars().take(2 * PREFIX_MOST).collect(),
        expected: PREFIX,
    })
}

/// This machine's name; empty if it has none.
pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// The topics of one node.
#[derive(Debug, Clone)]
pub(crate) struct Topics {
    pub(crate) state: String,
    pub(crate) availability: String,
    /// Home Assistant's discovery and its birth message; none if it is not to be told.
    pub(crate) home_assistant: Option<HomeAssistant>,
}

#[derive(Debug, Clone)]
pub(crate) struct HomeAssistant {
    pub(crate) config: String,
    pub(crate) status: String,
}

impl Topics {
    pub(crate) fn new(prefix: &str, node: &str, discovery: Option<&str>) -> Self {
        Self {
            state: format!("{prefix}/{node}/state"),
            availability: format!("{prefix}/{node}/availability"),
            home_assistant: discovery.map(|discovery| HomeAssistant {
                config: format!("{discovery}/device/{node}/config"),
                status: format!("{discovery}/status"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_default_node_names_the_host_and_the_model() {
        let node = default_node("raspberrypi", "cifar10-resnet20-v1");
        assert_eq!(node, "raspberrypi-cifar10-resnet20-v1");
        assert_eq!(default_node("tür.local", "a/b #+"), "t-r-local-a-b");
        assert_eq!(default_node("", "//"), "normgate");
    }

    proptest! {
        #[test]
        fn any_names_give_a_valid_node(host in ".*", model in ".*") {
            let id = default_node(&host, &model);
            prop_assert_eq!(node(&id).unwrap(), id);
        }

        #[test]
        fn what_is_taken_is_a_topic_without_wildcards(text in "[ -~]{0,20}|[a-z/+#$.]{0,8}|.*") {
            if let Ok(id) = node(&text) {
                prop_assert!(!id.is_empty() && !id.contains(['/', '+', '#', '$', '\0', ' ']));
            }
            if let Ok(prefix) = prefix("prefix", &text) {
                let topics = Topics::new(&prefix, "n", None);
                prop_assert!(rumqttc::valid_topic(&topics.state));
                prop_assert!(!topics.state.contains("//") && !topics.state.starts_with(['/', '$']));
            }
        }

        #[test]
        fn valid_names_are_taken_as_they_are(text in "[a-zA-Z0-9_-]{1,64}", more in "([a-z0-9_.-]{1,9}/){0,3}[a-z]{1,9}") {
            prop_assert_eq!(&node(&text).unwrap(), &text);
            prop_assert_eq!(&prefix("prefix", &more).unwrap(), &more);
        }
    }
}
