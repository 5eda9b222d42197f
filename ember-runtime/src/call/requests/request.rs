//! A call that has not been made yet.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    args::Args,
    outcome::{failed, unsound},
    retry::Repeat,
    target::Target,
};
use crate::{
    clock::LONGEST,
    directory::Key,
    error::{CallError, RefusedReason},
    hooks::Carries,
    id::{CallNumber, fnv1a_of},
    message::{Beside, CodecError, Extension, Method},
    panics::attempt,
};

/// The time that a call may take unless something else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// A method, its arguments, where it goes, and how.
pub struct Request<M: Method> {
    pub(crate) target: Target,
    /// There until they are handed over.
    pub(crate) args: Args<M>,
    pub(crate) options: Options,
    /// Almost always none, and then it costs nothing to carry.
    pub(crate) retry: Option<Box<Repeat<M>>>,
}

/// What the caller said of a call.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) timeout: Duration,
    /// Almost always nothing, and then it costs nothing to carry, and one look to drop.
    more: Option<Arc<More>>,
}

#[derive(Debug, Clone, Default)]
struct More {
    key: Option<u64>,
    /// The key is that of the contract.
    is_placed: bool,
    once: Option<u64>,
    /// How old what is shown may be.
    within: Option<Duration>,
    /// What is shown must have all that is acknowledged when the call is made.
    fresh: bool,
    call: Option<CallNumber>,
    beside: Beside,
}

impl<M: Method> Request<M> {
    pub(crate) fn new(target: Target, args: M::Args) -> Self {
        let timeout = const {
            match M::INFO.timeout {
                Some(timeout) => timeout,
                None => DEFAULT_TIMEOUT,
            }
        };
        let mut options = Options::default();
        options.set_timeout(timeout);
        Self { target, args: Args::new(Some(args)), options, retry: None }
    }
}

impl<M: Method> Request<M> {
    /// Why no call can be made with these arguments. Otherwise it knows the key that they have. Runs code of the user's.
    #[inline]
    pub(crate) fn unfit(&mut self) -> Option<CallError> {
        unsound::<M>(&self.target, &self.args).or_else(|| self.find_key())
    }

    /// Takes the key out of the arguments, if the contract says which it is, and it has not been done. Runs code of the user's.
    #[inline]
    fn find_key(&mut self) -> Option<CallError> {
        if const { M::INFO.key.is_none() } { None } else { self.hash_key() }
    }

    #[inline(never)]
    fn hash_key(&mut self) -> Option<CallError> {
        let args = self.args.as_ref().filter(|_| self.options.contract_key().is_none())?;
        match key_of::<M>(args) {
            Ok(key) => {
                key.into_iter().for_each(|key| self.options.set_contract_key(key));
                None
            }
            Err(error) => {
                let unreadable = RefusedReason::Undecodable(error.to_string()).into();
                Some(failed(&self.target, const { &M::INFO }, None, unreadable))
            }
        }
    }

    /// The key that the call is placed by. Nothing is looked at for a method that has none.
    #[inline]
    pub(crate) fn placing(&self) -> Option<u64> {
        if const { M::INFO.key.is_none() } { None } else { self.options.contract_key() }
    }
}

/// The key in these arguments. A panic of the user's code is an error.
///
/// # Errors
/// It cannot be written.
pub(crate) fn key_of<M: Method>(args: &M::Args) -> Result<Option<u64>, CodecError> {
    let name = M::INFO.name;
    let said = |what: String| CodecError::new(format!("the key of `{name}` cannot be written: {what}"));
    match attempt(|| M::key(args)) {
        Ok(key) => key.map_err(|error| said(error.to_string())),
        Err(panic) => Err(said(format!("it panicked: {panic}"))),
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { timeout: DEFAULT_TIMEOUT, more: None }
    }
}

impl Options {
    /// When the caller stops waiting, counted from now on; `until` is when the handler that calls must have ended.
    pub(crate) fn deadline(&self, until: Option<Instant>) -> Instant {
        self.deadline_from(Instant::now(), until)
    }

    /// The same, counted from when the call was `begun`.
    pub(crate) fn deadline_from(&self, begun: Instant, until: Option<Instant>) -> Instant {
        let own = begun + self.timeout;
        until.map_or(own, |until| until.min(own))
    }

    #[inline]
    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout.min(LONGEST);
    }

    pub(crate) fn set_key(&mut self, key: Key) {
        self.more().key = Some(key.0);
    }

    /// The key that the contract names.
    pub(crate) fn set_contract_key(&mut self, key: u64) {
        let more = self.more();
        (more.key, more.is_placed) = (Some(key), true);
    }

    pub(crate) fn set_header(&mut self, name: String, value: String) {
        self.more().beside.headers.insert(name, value);
    }

    pub(crate) fn set_extension(&mut self, extension: &impl Extension) {
        self.more().beside.extend(extension);
    }

    pub(crate) fn set_once(&mut self, id: u64) {
        self.more().once = Some(id);
    }

    pub(crate) fn set_within(&mut self, within: Duration) {
        self.more().within = Some(within);
    }

    pub(crate) fn set_fresh(&mut self) {
        self.more().fresh = true;
    }

    pub(crate) fn set_call(&mut self, call: CallNumber) {
        self.more().call = Some(call);
    }

    fn more(&mut self) -> &mut More {
        Arc::make_mut(self.more.get_or_insert_default())
    }

    /// Whether there is nothing but the time-out.
    pub(crate) fn is_plain(&self) -> bool {
        self.more.is_none()
    }

    pub(crate) fn key(&self) -> Option<u64> {
        self.more.as_ref().and_then(|more| more.key)
    }

    /// The key, if the contract names it: it places the call too.
    pub(crate) fn contract_key(&self) -> Option<u64> {
        self.more.as_ref().filter(|more| more.is_placed).and_then(|more| more.key)
    }

    /// By which the callee knows a repetition of the call.
    pub(crate) fn once(&self) -> Option<u64> {
        self.more.as_ref().and_then(|more| more.once)
    }

    /// How old what is shown may be, if that was said.
    pub(crate) fn within(&self) -> Option<Duration> {
        self.more.as_ref().and_then(|more| more.within)
    }

    /// Whether what is shown must have all that is acknowledged when the call is made.
    pub(crate) fn is_fresh(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.fresh)
    }

    /// Its number, if a group owes it.
    pub(crate) fn call(&self) -> Option<CallNumber> {
        self.more.as_ref().and_then(|more| more.call)
    }

    /// What travels beside the arguments, if anything does, or should.
    pub(crate) fn beside(&self) -> Option<&Beside> {
        let more = self.more.as_ref()?;
        (!more.beside.is_empty()).then_some(&more.beside)
    }
}

impl Carries for Options {
    fn beside(&self) -> Option<&Beside> {
        Self::beside(self)
    }

    fn beside_mut(&mut self) -> &mut Beside {
        &mut self.more().beside
    }

    fn id(&self) -> Option<u64> {
        // A repetition of a call that a group owes has its number, and those of another group have others.
        let owed = |call: CallNumber| {
            let (by, since) = call.by?;
            let parts = [by.group, by.lane, since.number(), call.number].map(u64::to_le_bytes);
            Some(fnv1a_of(&parts.each_ref().map(|part| &part[..])))
        };
        self.once().or_else(|| self.call().and_then(owed))
    }
}

impl<M: Method> fmt::Debug for Request<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.target.name_of(const { &M::INFO }).to_string();
        f.debug_struct("Request").field("method", &method).field("options", &self.options).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_say_what_was_set_and_nothing_else() {
        let mut options = Options::default();
        let said = |options: &Options| {
            (
                options.is_plain(),
                options.once(),
                options.key(),
                options.contract_key(),
                options.within(),
                options.is_fresh(),
            )
        };
        assert_eq!(said(&options), (true, None, None, None, None, false));
        options.set_once(7);
        assert_eq!((said(&options), options.id()), ((false, Some(7), None, None, None, false), Some(7)));
        options.set_key(Key(3));
        assert_eq!(said(&options), (false, Some(7), Some(3), None, None, false), "the caller's own places nothing");
        options.set_contract_key(4);
        options.set_within(Duration::from_secs(1));
        options.set_fresh();
        assert_eq!(said(&options), (false, Some(7), Some(4), Some(4), Some(Duration::from_secs(1)), true));
        assert!(options.beside().is_none() && options.call().is_none());
        options.set_header("who".into(), "me".into());
        assert!(options.beside().is_some());
    }

    #[test]
    fn a_call_that_a_group_owes_is_known_by_its_number_wherever_no_id_was_given() {
        let call = |number| CallNumber { by: None, number, lowest: 1 };
        let mut options = Options::default();
        options.set_call(call(1));
        assert_eq!((options.id(), options.call().map(|call| call.number)), (None, Some(1)), "no group owes it");
        options.set_once(7);
        assert_eq!(options.id(), Some(7));
    }
}
