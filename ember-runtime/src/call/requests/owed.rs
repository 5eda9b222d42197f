//! Calls that a replicated service owes to others, as its log holds them.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    request::{Request, key_of},
    target::{Aim, Destination, Target},
};
use crate::{
    call::routes::Router,
    directory::Selector,
    id::{CallNumber, fnv1a_of},
    message::{CodecError, Keys, Lane, Method, MethodRef, Written, encode, take, take_all},
};
use std::{sync::Arc, time::Duration};

/// Such a call.
#[derive(Debug)]
pub(crate) struct OwedCall {
    call: Plain,
    /// The key that its contract names. It stands behind the rest where there is one: the release before knew of none.
    key: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Plain {
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
        let call = Plain {
            selector: target.address.selector.clone(),
            module: target.module.to_string(),
            keys: target.keys.bytes().to_vec(),
            method: target.name_of(const { &M::INFO }).to_string(),
            fingerprint: wire.signature().fingerprint(),
            lane: M::INFO.lane,
            args: written,
        };
        let mut out = Vec::new();
        encode(&call, &mut out)?;
        key_of::<M>(args)?.map_or(Ok(()), |key| encode(&key, &mut out))?;
        let lane = fnv1a_of(&[format!("{:?}", call.selector).as_bytes(), call.module.as_bytes()]);
        Ok((lane, out.into()))
    }

    /// What was [written](Self::written).
    ///
    /// # Errors
    /// It was not.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, CodecError> {
        take_all(bytes, |bytes| {
            let call = take(bytes)?;
            let key = if bytes.is_empty() { None } else { Some(take(bytes)?) };
            Ok(Self { call, key })
        })
    }

    pub(crate) fn method(&self) -> &str {
        &self.call.method
    }

    /// The call, with this number.
    pub(crate) fn request(&self, router: &Arc<Router>, number: CallNumber, timeout: Duration) -> Request<Written> {
        let Plain { selector, module, keys, method, fingerprint, lane, args } = &self.call;
        let described = MethodRef::unread(method, *fingerprint, *lane);
        let destination = Destination::new(selector.clone(), router.rng().below(1 << 16), module);
        // What is remembered of a target is remembered of this method of it.
        let destination = Destination::of(destination.address, (&**method).into());
        let aim = Aim::new(Arc::clone(router), destination, Keys::from_bytes(keys), Some(Arc::new(described)));
        let mut request = Request::<Written>::new(Target::new(aim), Bytes::from(args.clone()));
        self.key.into_iter().for_each(|key| request.options.set_contract_key(key));
        request.options.set_timeout(timeout);
        request.options.set_call(number);
        request
    }
}
