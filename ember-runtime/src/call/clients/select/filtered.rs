//! Those of a selection for whom a condition of the caller's own holds.

use std::{fmt, sync::Arc};

use super::builder::Select;
use crate::{
    call::{
        clients::{client::Client, handle::Handle, kind::Many},
        requests::Only,
    },
    directory::Instance,
};

/// What [`Select::filter`] makes: the instances of a selection for which a condition holds.
///
/// A condition is code, and no data: it does not travel, and no call can be chosen by it again and again. So it ends in those that there are now, or
/// in a client for every one of them. For a choice by a condition there is [`Balance`](crate::directory::Balance).
#[derive(Clone)]
#[must_use = "end with `.instances()` or `.all()`"]
pub struct Filtered<C: Client> {
    select: Select<C>,
    only: Only,
}

impl<C: Client> Select<C> {
    /// Those of them for which `only` holds: by their tags' values, their states, their loads, or whatever an [`Instance`] says. It ends with
    /// [`instances`](Filtered::instances) or [`all`](Filtered::all).
    ///
    /// The condition is asked on this node, by whoever looks or calls, and with nothing locked; a panic of it is theirs.
    pub fn filter(self, only: impl Fn(&Instance) -> bool + Send + Sync + 'static) -> Filtered<C> {
        Filtered { select: self, only: Arc::new(only) }
    }
}

impl<C: Client> Filtered<C> {
    /// Those of them for which this holds too.
    pub fn filter(self, also: impl Fn(&Instance) -> bool + Send + Sync + 'static) -> Self {
        let Self { select, only } = self;
        select.filter(move |instance| only(instance) && also(instance))
    }

    /// Those that match now.
    pub fn instances(&self) -> Vec<Arc<Instance>> {
        let mut matching = self.select.instances();
        matching.retain(|instance| (self.only)(instance));
        matching
    }

    /// A client for every one of them. Who that is, is found out with each call anew. The client's
    /// [address](crate::call::Address) has the other filters, and not this condition.
    pub fn all(self) -> C::As<Many> {
        let Self { select: Select { router, selector, .. }, only } = self;
        C::As::<Many>::from_handle(Handle::only(router, selector, only))
    }
}

impl<C: Client> fmt::Debug for Filtered<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filtered({}, a condition)", self.select.selector)
    }
}
