//! Interfaces: what can be called, and what runs by itself.

use std::time::Duration;

use proc_macro2::Ident;
use syn::{Attribute, ImplItemFn, ItemImpl, ItemTrait, LitStr, Path, Type};

use super::{Method, Runtime, Shape};

/// The methods, hooks and event handlers of a contract or of a unit's own block.
#[derive(Default)]
pub(crate) struct Interface {
    /// The name of the contract; empty for a unit's own methods.
    pub(crate) name: String,
    pub(crate) methods: Vec<Method>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) events: Vec<Event>,
}

/// `#[rpc] impl Unit`.
pub(crate) struct OwnBlock {
    pub(crate) runtime: Runtime,
    /// Without helper attributes.
    pub(crate) item: ItemImpl,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) interface: Interface,
    /// The unit's client, `None` if there is no telling its name.
    pub(crate) client: Option<Path>,
}

/// `#[rpc] trait Contract`.
pub(crate) struct Contract {
    pub(crate) runtime: Runtime,
    /// As written; its methods are in `interface`.
    pub(crate) item: ItemTrait,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) interface: Interface,
    /// The attributes of each method, in their order.
    pub(crate) method_attrs: Vec<Vec<Attribute>>,
}

/// `#[rpc] impl Contract for Unit`.
pub(crate) struct Fulfilment {
    pub(crate) runtime: Runtime,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) contract: Path,
    pub(crate) unit: Type,
    /// The methods as written.
    pub(crate) functions: Vec<Written>,
    /// Those that nothing is wrong with, with their `cfg`.
    pub(crate) shapes: Vec<(Shape, Vec<Attribute>)>,
}

/// A method of the user's that fulfils one of a contract.
pub(crate) struct Written {
    /// Without helper attributes.
    pub(crate) function: ImplItemFn,
    /// Whether its author says what it does.
    pub(crate) documented: bool,
}

/// A method that runs by itself.
pub(crate) struct Hook {
    pub(crate) shape: Shape,
    pub(crate) when: Vec<Timing>,
    pub(crate) cfgs: Vec<Attribute>,
}

/// When a hook runs.
#[derive(Clone)]
pub(crate) enum Timing {
    /// A step in the life of a service: a variant of the runtime's `HookKind`.
    On(&'static str),
    Every(Duration, Missed),
    After(Duration),
    Cron(Calendar),
}

/// What becomes of ticks that could not come: a variant of the runtime's `MissedTicks`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Missed {
    Delay,
    Skip,
    CatchUp(u32),
}

/// What `#[cron(…)]` says.
#[derive(Clone)]
pub(crate) struct Calendar {
    pub(crate) text: LitStr,
    pub(crate) cron: Cron,
    /// UTC if it is not said.
    pub(crate) zone: Option<LitStr>,
    /// A variant of the runtime's `Gap`.
    pub(crate) gap: &'static str,
    /// A variant of the runtime's `Overlap`.
    pub(crate) overlap: &'static str,
}

/// A cron pattern; each field a bit set of its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cron {
    pub(crate) seconds: u64,
    pub(crate) minutes: u64,
    pub(crate) hours: u64,
    pub(crate) days: u64,
    pub(crate) months: u64,
    pub(crate) weekdays: u64,
    /// Whether either of day and weekday is enough, since neither is `*`.
    pub(crate) either: bool,
}

/// What an event handler hears of.
pub(crate) enum EventOf {
    /// Events of this type: the one behind the `&`; and which of them.
    Type(Type, Takes),
    /// That events were missed; with the type behind the `&`, if the handler wants to know more.
    Missed(Option<Type>),
    /// The ends of watched services; with the type behind the `&`, if the handler wants to know more.
    Down(Option<Type>),
    /// The entries of a service that is followed, and that some are missing: what is behind the `&` says of which service.
    Entry(Type),
    Gap(Type),
    /// That the instance gets this role, a variant of the runtime's `Role`; and what the handler takes, if it wants to know the epoch.
    Role(&'static str, Option<Type>),
    /// Ticks of a fixed step; whether it takes the tick.
    Tick(Duration, Missed, bool),
}

impl EventOf {
    /// The type behind the `&`.
    pub(crate) fn behind(&mut self) -> Option<&mut Type> {
        match self {
            Self::Type(ty, _) | Self::Missed(Some(ty)) | Self::Down(Some(ty)) | Self::Entry(ty) | Self::Gap(ty) => {
                Some(ty)
            }
            Self::Missed(None) | Self::Down(None) | Self::Role(..) | Self::Tick(..) => None,
        }
    }
}

/// Which events of its type a handler takes.
#[derive(Default)]
pub(crate) struct Takes {
    /// Those of this scope only, a variant of the runtime's `ScopeKind`.
    pub(crate) scope: Option<&'static str>,
    /// The last one of before comes first.
    pub(crate) retain: bool,
}

/// An event handler.
pub(crate) struct Event {
    pub(crate) shape: Shape,
    pub(crate) of: EventOf,
    pub(crate) cfgs: Vec<Attribute>,
}

impl Event {
    pub(crate) fn ident(&self) -> &Ident {
        &self.shape.ident
    }
}
