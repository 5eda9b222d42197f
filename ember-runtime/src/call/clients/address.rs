//! Clients as data: an address travels in messages, and becomes a client again on any node.

use std::{fmt, marker::PhantomData, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    handle::Handle,
    kind::{Kind, One},
};
use crate::{
    actor::{Cx, Unit},
    call::routes::Router,
    directory::Selector,
    message::schema::{Schema, Shape, Types},
};

/// Where the calls of a client of the type `C` go: its selector, and the module it is for. It holds nothing of a node, so that it
/// can be sent, kept and compared.
///
/// `client.address()` makes one, of services, contracts and modules alike; [`client`](Address::client) turns it back.
/// Whether the calls of the client that it came from went to one instance or to all is no part of it.
pub struct Address<C> {
    selector: Selector,
    /// The modules below the service: `bag.`.
    module: String,
    /// The keys on the way there, as they travel.
    keys: Vec<u8>,
    client: PhantomData<fn() -> C>,
}

/// Where clients can be made: a [`Node`](crate::node::Node), or the [`Cx`] of a handler.
pub trait Origin {
    #[doc(hidden)]
    fn reach<K: Kind>(&self, selector: Selector, module: &str, keys: &[u8]) -> Handle<K>;
}

impl<U: Unit> Origin for Cx<'_, U> {
    fn reach<K: Kind>(&self, selector: Selector, module: &str, keys: &[u8]) -> Handle<K> {
        let router: Arc<Router> = self.core.host.get();
        Handle::of_module(router, selector, module, keys)
    }
}

impl<C> Address<C> {
    /// The address that a handle goes to.
    #[doc(hidden)]
    pub fn of<K: Kind>(handle: &Handle<K>) -> Self {
        Self {
            selector: handle.selector().clone(),
            module: handle.module_path().to_owned(),
            keys: handle.module_keys().to_vec(),
            client: PhantomData,
        }
    }

    /// The client, on this node.
    pub fn client(&self, origin: &impl Origin) -> C
    where
        C: From<Handle<One>>,
    {
        C::from(origin.reach(self.selector.clone(), &self.module, &self.keys))
    }

    /// The filters and the choice.
    pub fn selector(&self) -> &Selector {
        &self.selector
    }

    /// The path of the module, such as `bag.slots`; empty for the service itself.
    pub fn module(&self) -> &str {
        self.module.trim_end_matches('.')
    }
}

impl<C> Clone for Address<C> {
    fn clone(&self) -> Self {
        Self {
            selector: self.selector.clone(),
            module: self.module.clone(),
            keys: self.keys.clone(),
            client: PhantomData,
        }
    }
}

impl<C> PartialEq for Address<C> {
    fn eq(&self, other: &Self) -> bool {
        self.selector == other.selector && self.module == other.module && self.keys == other.keys
    }
}

impl<C> fmt::Debug for Address<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl<C> fmt::Display for Address<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.selector.fmt(f)?;
        if self.module.is_empty() { Ok(()) } else { write!(f, " module={}", self.module()) }
    }
}

impl<C> Serialize for Address<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.selector, &self.module, &self.keys).serialize(serializer)
    }
}

impl<'de, C> Deserialize<'de> for Address<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (selector, module, keys) = Deserialize::deserialize(deserializer)?;
        Ok(Self { selector, module, keys, client: PhantomData })
    }
}

impl<C: 'static> Schema for Address<C> {
    fn shape(_: &mut Types) -> Shape {
        Shape::name_of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Interest;

    fn address(service: &str, module: &str, keys: &[u8]) -> Address<()> {
        let selector = Selector::new(Interest::Service(service.to_owned().into()));
        Address { selector, module: module.into(), keys: keys.into(), client: PhantomData }
    }

    #[test]
    fn addresses_are_equal_if_they_lead_to_the_same_module_of_the_same_service() {
        let one = address("player", "bag.slots.", &[7]);
        assert!(one == one.clone() && one == address("player", "bag.slots.", &[7]));
        for other in [("bank", "bag.slots.", &[7]), ("player", "bag.", &[7]), ("player", "bag.slots.", &[8])] {
            assert!(one != address(other.0, other.1, other.2), "{other:?}");
        }
    }

    #[test]
    fn an_address_says_which_module_it_is_for() {
        assert_eq!(address("player", "bag.slots.", &[]).module(), "bag.slots");
        assert_eq!(address("player", "", &[]).to_string(), "service `player`");
        assert_eq!(address("player", "bag.", &[]).to_string(), "service `player` module=bag");
    }
}
