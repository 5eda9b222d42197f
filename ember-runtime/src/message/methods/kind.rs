//! A method without its types: what is the same work for every method takes this, and is compiled once.

use std::any::TypeId;

use super::method::{Method, MethodInfo};
use crate::message::schema::Signature;

/// What is known of a method at run time.
pub(crate) struct MethodKind {
    pub(crate) info: &'static MethodInfo,
    /// That of the type which stands for it.
    pub(crate) type_id: fn() -> TypeId,
    /// `None` if it is called on its own node only.
    pub(crate) signature: fn() -> Option<&'static Signature>,
}

impl MethodKind {
    /// That of the method `M`.
    #[inline]
    pub(crate) const fn of<M: Method>() -> &'static Self {
        const { &Self { info: &M::INFO, type_id: TypeId::of::<M>, signature: signature_of::<M> } }
    }

    /// Whether other nodes may call it.
    pub(crate) fn travels(&self) -> bool {
        (self.signature)().is_some()
    }
}

fn signature_of<M: Method>() -> Option<&'static Signature> {
    M::wire().map(|wire| wire.signature())
}
