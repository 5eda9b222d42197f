//! The arguments of a call, while its caller has them.

use std::{
    mem,
    ops::{Deref, DerefMut},
};

use crate::{message::Method, panics::discard};

/// The arguments, until they are handed over to a callee on this node. Those of a call to another node are written there, and stay
/// here: when they are dropped, code of the user's may panic, which changes nothing of what has become of the call, and is not its
/// caller's panic.
pub(crate) struct Args<M: Method>(Option<M::Args>);

impl<M: Method> Args<M> {
    #[inline]
    pub(crate) fn new(args: Option<M::Args>) -> Self {
        Self(args)
    }
}

impl<M: Method> Deref for Args<M> {
    type Target = Option<M::Args>;

    #[inline]
    fn deref(&self) -> &Option<M::Args> {
        &self.0
    }
}

impl<M: Method> DerefMut for Args<M> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Option<M::Args> {
        &mut self.0
    }
}

impl<M: Method> Drop for Args<M> {
    #[inline]
    fn drop(&mut self) {
        if const { mem::needs_drop::<M::Args>() }
            && let Some(args) = self.0.take()
        {
            discard("an argument", M::INFO.name, args);
        }
    }
}
