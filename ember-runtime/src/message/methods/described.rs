//! Methods that are known at run time only: by what their service's node says of them.

use std::{sync::OnceLock, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    lane::Lane,
    method::{Method, MethodInfo, WireOf},
    wire::Wire,
};
use crate::{
    id::MethodId,
    message::{
        codecs::Coding,
        format::{CodecError, room},
        schema::{MethodSchema, Schema, Shape, Signature, Types},
    },
};

/// A method of a service, as its node describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodRef {
    /// Its name, with its modules and its contract: `rpc_sum`, `bag.rpc_drop`, `Buys.rpc_buy`.
    pub name: String,
    /// What callers that link its types compare with their own.
    pub fingerprint: u64,
    /// The version of the package that it is defined in; empty if it is not known.
    pub version: String,
    /// The lane that it is delivered in.
    pub lane: Lane,
    /// The time that a caller waits unless it says otherwise; 5 s if `None`.
    pub timeout: Option<Duration>,
    /// Whether running it twice does what running it once does.
    pub idempotent: bool,
    /// The structure of what it takes and returns.
    pub schema: MethodSchema,
}

impl MethodRef {
    /// What it is called by on the wire.
    pub fn id(&self) -> MethodId {
        MethodId::of(&self.name)
    }

    /// The method of this full name whose arguments and results are not read here.
    pub(crate) fn unread(name: &str, fingerprint: u64, lane: Lane) -> Self {
        Self {
            name: name.into(),
            fingerprint,
            version: String::new(),
            lane,
            timeout: None,
            idempotent: false,
            schema: Signature::new(&[], <()>::shape, None).schema().clone(),
        }
    }

    /// The method of this full name; `None` if it is called on its own node only.
    pub(crate) fn of(name: &str, info: &MethodInfo, signature: Option<&Signature>) -> Option<Self> {
        let signature = signature?;
        Some(Self {
            name: name.into(),
            fingerprint: signature.fingerprint(),
            version: info.version.into(),
            lane: info.lane,
            timeout: info.timeout,
            idempotent: info.idempotent,
            schema: signature.schema().clone(),
        })
    }
}

/// Stands for a method that is known at run time only: what it takes and returns has been written already, or is not read yet.
#[derive(Debug)]
pub(crate) struct Written;

impl Method for Written {
    type Args = Bytes;
    type Value = Bytes;
    type Error = Bytes;

    /// The target of a call says which it is.
    const INFO: MethodInfo = MethodInfo::new("", "", "");

    fn wire() -> Option<WireOf<Self>> {
        fn signature() -> &'static Signature {
            static SIGNATURE: OnceLock<Signature> = OnceLock::new();
            Signature::lazily(&SIGNATURE, || Signature::new(&[], <()>::shape, None))
        }
        Some(Wire::new(put, |bytes| Ok(Bytes::copy_from_slice(bytes)), as_it_is(), as_it_is(), signature))
    }
}

fn put(bytes: &Bytes, out: &mut Vec<u8>) -> Result<(), CodecError> {
    room::extend(out, bytes).map_err(CodecError::new)
}

fn as_it_is() -> Coding<Bytes> {
    let take = |bytes: &mut &[u8]| Ok(Bytes::copy_from_slice(std::mem::take(bytes)));
    let shape = |_: &mut Types| Shape::name_of::<Bytes>();
    Coding { put, take, check: |_| Ok(()), shape }
}
