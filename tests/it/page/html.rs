//! HTML read by a parser that tells of every error.

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// One element with its text, all that is in it included.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) tag: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(have, _)| have == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Every element of a document that has no error.
pub(crate) fn parsed(html: &str) -> Vec<Element> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let errors = dom.errors.borrow();
    assert!(errors.is_empty(), "{errors:?}");
    let mut all = Vec::new();
    walk(&dom.document, &mut all);
    all
}

fn walk(node: &Handle, all: &mut Vec<Element>) -> String {
    let place = match &node.data {
        NodeData::Text { contents } => return contents.borrow().to_string(),
        NodeData::Element { name, attrs, .. } => {
            let attributes = attrs.borrow();
            let attributes = attributes
                .iter()
                .map(|a| (a.name.local.to_string(), a.value.to_string()));
            all.push(Element {
                tag: name.local.to_string(),
                attributes: attributes.collect(),
                text: String::new(),
            });
            Some(all.len() - 1)
        }
        _ => None,
    };
    let text: String = node
        .children
        .borrow()
        .iter()
        .map(|c| walk(c, all))
        .collect();
    if let Some(place) = place {
        all[place].text.clone_from(&text);
    }
    text
}

pub(crate) fn texts<'a>(elements: &'a [Element], tag: &str) -> Vec<&'a str> {
    let of = elements.iter().filter(|e| e.tag == tag);
    of.map(|e| e.text.as_str()).collect()
}
