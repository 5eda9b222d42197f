//! What a picture consists of: what a group has beside its state comes before that.

use super::{Outbox, Outcomes};
use crate::message::CodecError;

/// What became of calls, what is owed to others, and the bytes of the state.
///
/// # Errors
///
/// The bytes are no picture.
pub(crate) fn read(picture: &[u8]) -> Result<(Outcomes, Outbox, &[u8]), CodecError> {
    let (outcomes, rest) = Outcomes::read(picture)?;
    let (outbox, state) = Outbox::read(rest)?;
    Ok((outcomes, outbox, state))
}
