//! Calls that a replicated service owes to others, as its log holds them.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    request::Request,
    target::{Aim, Destination, Target},
};
use crate::{
    call::routes::Router,
    directory::Selector,
    id::{CallNumber, fnv1a_of},
    message::{CodecError, Keys, Lane, Method, MethodRef, Written, encode},
};
use std::{sync::Arc, time::Duration};

/// Such a call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OwedCall {
    selector: Selector,
    /// The modules on the way, and their keys.
    module: String,
    keys: Vec<u8>,
    method: String,
    fingerprint: u64,
    lane: Lane,
    args: Vec<u8>,
}

impl OwedCall {
    /// Its bytes, and a hash of whom it is for: those that are for the same are made one after the other.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn written<M: Method>(request: &Request<M>) -> Result<(u64, Bytes), CodecError> {
        let Request { target, args, .. } = request;
        let private = || CodecError::new("a method that other nodes may not call cannot be owed");
        let (wire, Some(args)) = (M::wire().ok_or_else(private)?, &**args) else {
            return Err(CodecError::new("a call that has been started cannot be owed"));
        };
        let mut written = Vec::new();
        (wire.put_args)(args, &mut written)?;
        let owed = Self {
            selector: target.address.selector.clone(),
            module: target.module.to_string(),
            keys: target.keys.bytes().to_vec(),
            method: target.method_name::<M>(),
            fingerprint: wire.signature().fingerprint(),
            lane: M::INFO.lane,
            args: written,
        };
        let mut out = Vec::new();
        encode(&owed, &mut out)?;
        let lane = fnv1a_of(&[format!("{:?}", owed.selector).as_bytes(), owed.module.as_bytes()]);
        Ok((lane, out.into()))
    }

    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// The call, with this number.
    pub(crate) fn request(&self, router: &Arc<Router>, number: CallNumber, timeout: Duration) -> Request<Written> {
        let method = MethodRef::unread(&self.method, self.fingerprint, self.lane);
        let destination = Destination::new(self.selector.clone(), router.rng().below(1 << 16), &self.module);
        // What is remembered of a target is remembered of this method of it.
        let destination = Destination::of(destination.address, (&*self.method).into());
        let aim = Aim::new(Arc::clone(router), destination, Keys::from_bytes(&self.keys), Some(Arc::new(method)));
        let mut request = Request::<Written>::new(Target::new(aim), Bytes::from(self.args.clone()));
        request.options.set_timeout(timeout);
        request.options.set_call(number);
        request
    }
}
