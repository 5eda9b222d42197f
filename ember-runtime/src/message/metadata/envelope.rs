//! What travels beside the arguments.

use std::{ops::Deref, sync::Arc, time::Duration};

use super::{
    beside::Beside,
    chain::Chain,
    keys::{Keys, MAX_KEYS},
    span::MadeIn,
};
use crate::{
    error::RefusedReason,
    id::{CallNumber, Epoch, Pid},
};

/// The metadata of one call that most calls do not have. What every call has is its [`Stamp`](super::Stamp).
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope {
    /// The caller's ordering key.
    pub(crate) key: Option<u64>,
    /// The handlers that wait for this call, innermost first.
    pub(crate) chain: Option<Arc<Chain>>,
    /// The user's headers and extensions, if there are any; they propagate to the calls made while handling this one.
    pub(crate) beside: Option<Arc<Beside>>,
    /// On the way to the unit, if modules on it stand under keys.
    pub(crate) keys: Keys,
    /// The epoch of the master that it is for.
    pub(crate) epoch: Option<Epoch>,
    /// By which the callee knows a repetition of it.
    pub(crate) once: Option<u64>,
    /// By which the runtime of its caller asks what became of it.
    pub(crate) call: Option<CallNumber>,
    /// How new what it is shown must be, if it is for a replicated group.
    pub(crate) reading: Option<Reading>,
    /// Parent of the handler's span.
    pub(crate) made_in: MadeIn,
}

/// What a reader asks of a member of a replicated group. A reply to a call that has this ends with how new it is, where it goes to another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The epoch and the index of the last record that it has seen, or that what it has seen depends on.
    pub(crate) seen: (Epoch, u64),
    /// Nothing that was acknowledged longer ago may be missing.
    pub(crate) within: Option<Duration>,
}

impl Envelope {
    /// Whether `pid` waits for the call.
    pub(crate) fn waits_for(&self, pid: Pid) -> bool {
        self.chain.as_ref().is_some_and(|chain| chain.links().any(|link| link.pid == pid))
    }

    /// Whether it may be made again, by its caller or by whoever acts for that.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.once.is_some() || self.call.is_some_and(|call| call.by.is_some())
    }

    /// Refuses more than may travel, also to where it would not have to.
    pub(crate) fn check(&self) -> Result<(), RefusedReason> {
        self.beside.as_ref().map_or(Ok(()), |beside| beside.check())?;
        let keys = self.keys.bytes().len();
        if keys > MAX_KEYS {
            return Err(RefusedReason::TooMuchBeside(format!(
                "the keys of the module have {keys} bytes, where {MAX_KEYS} may be: use shorter ones"
            )));
        }
        Ok(())
    }

    /// Of work that begins by itself on the unit at `keys`.
    pub(crate) fn at(keys: Keys) -> Self {
        Self { keys, ..Self::default() }
    }

    /// The same for work that begins here and that nobody waits for.
    pub(crate) fn unawaited(&self) -> Self {
        Self { chain: None, once: None, call: None, reading: None, made_in: MadeIn::here(), ..self.clone() }
    }
}

impl Envelope {
    /// Nothing but the arguments travels.
    const EMPTY: Self = Self {
        key: None,
        chain: None,
        beside: None,
        keys: Keys::NONE,
        epoch: None,
        once: None,
        call: None,
        reading: None,
        made_in: MadeIn::NOTHING,
    };
}

/// The envelope of what a service is handling. It needs no memory until there is something in one.
#[derive(Debug, Default)]
pub(crate) struct Opened(Option<Box<Envelope>>);

impl Opened {
    /// Another message is handled.
    #[inline]
    pub(crate) fn put(&mut self, envelope: Option<Envelope>) {
        if self.0.is_some() || envelope.is_some() {
            self.replace(envelope.unwrap_or(Envelope::EMPTY));
        }
    }

    #[inline(never)]
    fn replace(&mut self, envelope: Envelope) {
        match &mut self.0 {
            Some(last) => **last = envelope,
            none => *none = Some(Box::new(envelope)),
        }
    }

    /// The span in which the call was made. It is held no longer than needed: that of its caller may have ended.
    #[inline]
    pub(crate) fn take_made_in(&mut self) -> MadeIn {
        self.0.as_mut().map(|envelope| std::mem::take(&mut envelope.made_in)).unwrap_or_default()
    }

    /// The keys, to be changed.
    pub(crate) fn keys(&mut self) -> &mut Keys {
        &mut self.0.get_or_insert_default().keys
    }
}

impl Deref for Opened {
    type Target = Envelope;

    #[inline]
    fn deref(&self) -> &Envelope {
        static EMPTY: Envelope = Envelope::EMPTY;
        self.0.as_deref().unwrap_or(&EMPTY)
    }
}
