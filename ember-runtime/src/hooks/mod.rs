//! What an application has to say at the steps of a call, a handler, a link and a node: traits, their order, and what their panics
//! cost. Knows nothing of who asks them.
//!
//! Each trait has the hooks of one scope. A hook *decides* (it may refuse, and its reason is told to whoever is refused) or
//! *watches* (it cannot fail). All run on the thread of what they look at, and must not block it.
//!
//! Hooks are in an order: that of their [`Band`]s, and within one that of their registration. What comes after a step is told in the
//! reverse order, to each one that was asked before it, whatever became of the step. A hook that panics before a step refuses
//! it; one that panics after it is logged (`ember::hooks`), and what has become of the step stands.

mod calls;
mod handlers;
mod links;
mod nodes;
mod order;
mod said;
mod scopes;

pub(crate) use self::{
    calls::{AskedCall, Carries},
    handlers::{Acts, AskedHandler},
    order::{Ordered, Veto},
    scopes::Hooks,
};
pub use self::{
    calls::{CallEnd, CallHooks, OutgoingCall},
    handlers::{HandlerEnd, HandlerHooks, IncomingCall},
    links::LinkHooks,
    nodes::NodeHooks,
    said::{Band, Denied},
};
