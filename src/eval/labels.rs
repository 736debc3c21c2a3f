//! A labelled set's classes in the order of a model's logits.

use super::report::EvalError;
use crate::dataset::ImageSet;

/// The labels of `set` as indices into `labels`, by class name.
///
/// # Errors
/// [`EvalError::Class`] for a class that the model does not have, [`EvalError::Unlabelled`] for a set without labels.
pub fn aligned(set: &ImageSet, labels: &[String]) -> Result<Vec<u16>, EvalError> {
    let own = set.labels().ok_or(EvalError::Unlabelled)?;
    let places = set
        .classes()
        .iter()
        .map(|class| {
            labels
                .iter()
                .position(|l| l == class)
                .and_then(|p| u16::try_from(p).ok())
                .ok_or_else(|| EvalError::Class {
                    class: class.clone(),
                    labels: labels.join(", "),
                })
        })
        .collect::<Result<Vec<u16>, _>>()?;
    Ok(own.iter().map(|&l| places[usize::from(l)]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(labels: Option<Vec<u16>>) -> ImageSet {
        let classes = match labels {
            Some(_) => vec!["cat".to_owned(), "dog".to_owned()],
            None => vec![],
        };
        ImageSet::new(1, 1, vec![0; 9], labels, classes).unwrap()
    }

    fn model(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|&l| l.to_owned()).collect()
    }

    #[test]
    fn classes_are_matched_by_name_not_by_place() {
        let set = set(Some(vec![0, 1, 0]));
        let labels = model(&["ship", "dog", "cat"]);
        assert_eq!(aligned(&set, &labels).unwrap(), [2, 1, 2]);
    }

    #[test]
    fn a_class_that_the_model_lacks_is_named() {
        let error = aligned(&set(Some(vec![0, 1, 0])), &model(&["cat", "ship"])).unwrap_err();
        assert!(error.to_string().contains("dog"), "{error}");
    }

    #[test]
    fn unlabelled_images_have_no_accuracy() {
        assert!(matches!(
            aligned(&set(None), &model(&["cat"])),
            Err(EvalError::Unlabelled)
        ));
    }
}
