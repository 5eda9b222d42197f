//! What a subscriber asks of what it has missed.

use std::any::{TypeId, type_name};

use crate::{actor::Missed, event::kinds};

impl Missed {
    /// Whether they are events of the type `E`: a `#[message(event)]`, or any other that `publish` gives to the services of a node.
    ///
    /// ```
    /// use ember_runtime::actor::Missed;
    ///
    /// struct Rain(u32);
    ///
    /// fn what(missed: &Missed) -> &'static str {
    ///     if missed.is::<Rain>() { "it has rained more than is known here" } else { missed.event }
    /// }
    /// ```
    ///
    /// It goes by the [name](Self::event). So types of one path, from two versions of one crate, pass for each other unless they are a `#[message(event)]`.
    pub fn is<E: 'static>(&self) -> bool {
        self.event == kinds::of_type(TypeId::of::<E>()).map_or_else(type_name::<E>, kinds::Known::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actor::{MissedReason, Scope},
        id::{Incarnation, NodeId, NodeKey},
    };

    struct Rain;
    struct Snow;

    #[test]
    fn what_was_missed_is_of_one_type() {
        let publisher = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
        let why = MissedReason::MailboxFull;
        let missed = Missed { publisher, event: type_name::<Rain>(), scope: Scope::Node, count: Some(1), why };
        assert!(missed.is::<Rain>() && !missed.is::<Snow>() && !missed.is::<&Rain>());
    }
}
