//! The arguments of a call that has to wait for its link.

use super::links::Links;
use crate::{
    error::RefusedReason,
    message::{Encode, put_within},
    transport::link::refused,
};

impl Links {
    /// Writes arguments for a call that has to wait for its link: as much as a message of this node may have.
    ///
    /// # Errors
    /// `TooLarge`, `Undecodable`.
    pub(crate) fn payload(&self, put_args: Encode<'_>) -> Result<Vec<u8>, RefusedReason> {
        let (mut payload, limit) = (Vec::new(), self.config.max_message);
        put_within(limit, &mut payload, put_args).map_err(|unwritten| refused(unwritten, limit))?;
        if payload.len() > limit {
            return Err(RefusedReason::TooLarge { size: payload.len() as u64, limit: limit as u64 });
        }
        Ok(payload)
    }
}
