//! What nodes ask each other, not their services.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    actor::DownReason,
    id::MethodId,
    message::{Ask, Batch, MethodRef},
};

/// Something that a node is asked. Each has an id of its own: a node that does not know one says so.
pub(crate) trait Question: Serialize + DeserializeOwned + Send + Sync + 'static {
    type Answer: Serialize + DeserializeOwned + Send + 'static;

    const ID: MethodId;
}

/// To be told how the service of this number ends, once it has.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EndOf {
    pub(crate) service: u64,
    /// It was asked before, by a link that is gone, and the answer with it.
    pub(crate) again: bool,
}

impl Question for EndOf {
    type Answer = DownReason;

    const ID: MethodId = MethodId::of("ember: end of");
}

/// What a method of the service of this number is; nothing, if it has none that other nodes may call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Describe {
    pub(crate) service: u64,
    pub(crate) method: MethodId,
}

impl Question for Describe {
    /// As JSON, which another version of Ember can read too.
    type Answer = Option<String>;

    const ID: MethodId = MethodId::of("ember: describe");
}

impl Describe {
    pub(crate) fn answer(method: Option<&MethodRef>) -> Option<String> {
        method.and_then(|method| serde_json::to_string(method).ok())
    }
}

/// For more items of the stream of this number. The answer waits until there are some, but not for long.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct More {
    pub(crate) stream: u64,
    pub(crate) ask: Ask,
}

impl Question for More {
    type Answer = Batch;

    const ID: MethodId = MethodId::of("ember: more of a stream");
}

/// To forget the stream of this number: nobody reads it any more.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CloseStream {
    pub(crate) stream: u64,
}

impl Question for CloseStream {
    type Answer = ();

    const ID: MethodId = MethodId::of("ember: close a stream");
}
