//! Which units have a replicated state at hand.

use super::service::Replicated;
use crate::actor::service::{Orphan, Unit};

/// A unit that is part of a group with a replicated state: a [`Replicated`] service, or a module whose declared parent is one, or is
/// itself such a module.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not replicated",
    label = "there is no replicated state here",
    note = "implement `ember::Replicated` for `{Self}`, and write `#[service(elected)]` on it",
    note = "a module says whose state it uses: `#[module(parent = TheService)]`"
)]
pub trait InGroup: Unit {
    /// The service.
    type Root: Replicated;
}

// The compiler says of the unit that it is in no group, and not what its parent would have to be.
#[diagnostic::do_not_recommend]
impl<U: Unit<Parent: RootOf<U>>> InGroup for U {
    type Root = <U::Parent as RootOf<U>>::Root;
}

/// The declared parent of a unit that is in a group; for a service, what stands for one.
pub trait RootOf<U> {
    /// The service.
    type Root: Replicated;
}

#[diagnostic::do_not_recommend]
impl<S: Replicated> RootOf<S> for Orphan {
    type Root = S;
}

#[diagnostic::do_not_recommend]
impl<U, P: InGroup> RootOf<U> for P {
    type Root = P::Root;
}
