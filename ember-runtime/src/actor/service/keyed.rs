//! Fields that hold modules under keys, and what these modules do by themselves.

use super::{HookFn, HookKind, Subscription, Timer, ToldFn, tasks::of_kind};
use crate::{actor::about::Lends, message::Keys, panics::Each};

/// A field that holds modules under keys: what the module room knows about it.
pub(crate) struct Field<S> {
    /// The module's type.
    pub(crate) module: &'static str,
    /// The owners of those fields of this kind in which any were added or released since the last time.
    pub(crate) changed: fn(&mut S) -> Vec<Keys>,
    /// Whether this very module is there.
    pub(crate) is_there: fn(&mut S, &Keys) -> bool,
    /// What was added and released since the last time, in the field whose owner is at the given keys.
    pub(crate) changes: fn(&mut S, &Keys) -> Changes,
    /// All that are there now.
    pub(crate) all: fn(&mut S, &Keys) -> Vec<Keys>,
    /// Takes all for added, since their owner has been.
    pub(crate) renew: fn(&mut S, &Keys),
    /// Drops one, and whatever depends on it.
    pub(crate) discard: fn(&mut S, &Keys),
}

impl<S> Clone for Field<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Field<S> {}

/// What became of the modules of one field.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) added: Vec<Keys>,
    pub(crate) released: Vec<Keys>,
    /// What was released before it was started, to be dropped.
    pub(crate) unused: Each<Box<dyn Send>>,
}

/// A field that holds modules under keys, with what each of these modules does by itself.
pub(crate) struct Keyed<S: Lends> {
    pub(crate) field: Field<S>,
    /// The field with the modules that this one is in, if any.
    pub(crate) outer: Option<usize>,
    pub(crate) hooks: Vec<(HookKind, HookFn<S>)>,
    pub(crate) timers: Vec<Timer<S>>,
    pub(crate) events: Vec<Subscription<S>>,
    pub(crate) downs: Vec<(&'static str, ToldFn<S>)>,
}

impl<S: Lends> Keyed<S> {
    /// Its hooks of one kind.
    pub(crate) fn of(&self, kind: HookKind) -> impl DoubleEndedIterator<Item = HookFn<S>> {
        of_kind(&self.hooks, kind)
    }
}
