//! The methods of a unit, and how generated code finds them.

use std::marker::PhantomData;

use super::{Path, Service, Table, Unit};

/// The methods that a unit has beside those of its contracts. `#[rpc] impl Unit` implements it, so there is one such block.
#[diagnostic::on_unimplemented(
    message = "the generic module `{Self}` has no `#[rpc] impl` block for all its types",
    label = "this needs one block with the bounds of the struct, `#[rpc] impl<…> {Self}`, if only an empty one",
    note = "a module's methods are the same for all its types: a block for some of them is not enough"
)]
pub trait OnlyOneRpcBlockPerType: Sized {
    /// Enters what the block holds.
    fn describe_block<S: Service, L: Path<S, Unit = Self>>(table: &mut Table<S>)
    where
        Self: Unit;
}

/// Finds out whether a unit has a block of its own: the inherent function goes first where its bound holds, else the one of
/// [`NoRpcBlock`], which must be in scope.
#[derive(Debug)]
pub struct RpcBlock<U>(PhantomData<U>);

impl<U: Unit + OnlyOneRpcBlockPerType> RpcBlock<U> {
    /// Enters what the block holds.
    pub fn describe<S: Service, L: Path<S, Unit = U>>(table: &mut Table<S>) {
        U::describe_block::<S, L>(table);
    }
}

/// Stands in where a unit has no block of its own.
pub trait NoRpcBlock<U: Unit> {
    /// Enters nothing.
    fn describe<S: Service, L: Path<S, Unit = U>>(_: &mut Table<S>) {}
}
impl<U: Unit> NoRpcBlock<U> for RpcBlock<U> {}
