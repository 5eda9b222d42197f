//! How the macros find out whether a service is replicated, and what the runtime then knows of it.

use std::{any::type_name, marker::PhantomData};

use super::service::Replicated;
use crate::{
    actor::about::{AnyState, ReplicaKind},
    message::{CodecError, Deep, Ordered, Schema, Signature, decode, encode},
};

/// Finds out whether a service is replicated: the inherent constant goes first where its bound holds, else the one of
/// [`NotReplicated`], which must be in scope.
#[derive(Debug)]
pub struct Replica<S>(PhantomData<S>);

impl<S: Replicated> Replica<S> {
    /// What it does with its state.
    pub const KIND: Option<ReplicaKind> = Some(ReplicaKind::of::<S>());

    /// Whether its types do: what is wrong with one does not compile where this is asked, and is said at the field that is to blame.
    pub const FIT: () = {
        let _asked = [
            <S::State as Ordered<Deep>>::UNORDERED,
            <S::Entry as Ordered<Deep>>::UNORDERED,
            <S::Output as Ordered<Deep>>::UNORDERED,
        ];
    };
}

/// Stands in for services that are not replicated.
pub trait NotReplicated {
    /// Nothing.
    const KIND: Option<ReplicaKind> = None;
    /// There is nothing to find fault with.
    const FIT: () = ();
}
impl<S> NotReplicated for Replica<S> {}

impl ReplicaKind {
    /// What `S` does with its state.
    pub(crate) const fn of<S: Replicated>() -> Self {
        Self {
            new: || Box::new(S::State::default()),
            apply: |state, entry, outputs| {
                let state = state.downcast_mut::<S::State>().ok_or_else(not_its_state::<S>)?;
                let entry = decode::<S::Entry>(entry)?;
                write_output::<S>(&S::apply(state, &entry), outputs);
                Ok(())
            },
            encode: |state, out| encode(state.downcast_ref::<S::State>().ok_or_else(not_its_state::<S>)?, out),
            decode: |bytes| decode::<S::State>(bytes).map(|state| Box::new(state) as Box<AnyState>),
            fingerprints: || (fingerprint::<S::Entry>(), fingerprint::<S::State>()),
        }
    }
}

/// Appends what an entry has come to. Of what cannot be written nothing is: on no member.
pub(super) fn write_output<S: Replicated>(output: &S::Output, outputs: &mut Vec<u8>) {
    let before = outputs.len();
    if encode(output, outputs).is_err() {
        outputs.truncate(before);
    }
}

/// Of the structure of a type.
pub(super) fn fingerprint<T: Schema>() -> u64 {
    Signature::new(&[], T::shape, None).fingerprint()
}

fn not_its_state<S: Replicated>() -> CodecError {
    CodecError::new(format_args!("this is not the state of `{}`: a defect of Ember", type_name::<S>()))
}
