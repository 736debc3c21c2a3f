use std::sync::Arc;

use normgate_frame::{OwnedPicture, Picture};

/// Copies of pictures that sinks hold. A copy that no sink holds any more is used again.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    copies: Vec<Arc<OwnedPicture>>,
}

impl Pictures {
    /// A copy of `picture`; none if `most` of them are held already.
    pub(super) fn copy(
        &mut self,
        picture: &Picture<'_>,
        most: usize,
    ) -> Option<&Arc<OwnedPicture>> {
        let free = self
            .copies
            .iter_mut()
            .position(|copy| Arc::get_mut(copy).is_some());
        let place = match free {
            Some(place) => {
                Arc::get_mut(&mut self.copies[place])?.copy_from(picture);
                place
            }
            None if self.copies.len() < most => {
                self.copies.push(Arc::new(OwnedPicture::from(picture)));
                self.copies.len() - 1
            }
            None => return None,
        };
        self.copies.get(place)
    }
}
