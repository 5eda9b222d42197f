//! What a call takes over from the handler that makes it.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::request::Options;
use crate::{
    error::RefusedReason,
    id::Epoch,
    message::{Ambient, Beside, Chain, Envelope, Keys, MAX_KEYS, MadeIn, Reading, Unsettled},
};

/// Name, deadline, headers, extensions and chain of the running handler, and the present span; nothing outside of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inherited {
    deadline: Option<Instant>,
    pub(crate) chain: Option<Arc<Chain>>,
    beside: Option<Arc<Beside>>,
    made_in: MadeIn,
    /// What the call has to wait for before it leaves.
    unsettled: Option<Unsettled>,
    /// The number of the service whose handler makes the call, or 0.
    pub(crate) caller: u64,
}

impl Inherited {
    /// Whether a call that is made here certainly takes over nothing.
    #[inline]
    pub(crate) fn is_nothing() -> bool {
        !Ambient::is_there() && MadeIn::is_nowhere()
    }

    /// For a call that the running handler waits for.
    pub(crate) fn awaited() -> Self {
        Ambient::current(Self::from_awaiting).unwrap_or_else(Self::outside)
    }

    /// For a call that no handler makes.
    pub(crate) fn outside() -> Self {
        Self { made_in: MadeIn::here(), ..Self::default() }
    }

    /// For a call that this handler waits for.
    pub(crate) fn from_awaiting(ambient: &Ambient) -> Self {
        Self { chain: Some(ambient.extended()), ..Self::from(ambient) }
    }

    /// Whether nothing of it travels beside the arguments.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.chain.is_none() && self.beside.is_none() && self.made_in.is_nothing()
    }

    /// Waits until what has to be acknowledged before the call leaves is, up to `deadline`.
    ///
    /// # Errors
    /// It is not.
    pub(crate) async fn settles(&mut self, deadline: Instant) -> Result<(), RefusedReason> {
        let Some(unsettled) = self.take_unsettled() else { return Ok(()) };
        match timeout_at(deadline, unsettled.settles()).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(overtaken()),
            Err(_) => Err(RefusedReason::Expired),
        }
    }

    /// What has to be acknowledged before the call leaves.
    pub(crate) fn take_unsettled(&mut self) -> Option<Unsettled> {
        self.unsettled.take()
    }

    /// Whether the call has to wait.
    pub(crate) fn is_held_back(&self) -> bool {
        self.unsettled.is_some()
    }

    /// When the handler that makes the call must have ended.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.deadline
    }

    /// For a call that nobody waits for within a handler: it is no link of the chain.
    pub(crate) fn unawaited() -> Self {
        Ambient::current(|ambient| Self::from(ambient)).unwrap_or_else(Self::outside)
    }

    /// When the call must have ended.
    pub(crate) fn deadline(&self, options: &Options) -> Instant {
        options.deadline(self.deadline)
    }

    /// Refuses a call with more beside its arguments than may travel, wherever it goes.
    #[inline]
    pub(crate) fn check(&self, options: &Options, keys: &Keys) -> Result<(), RefusedReason> {
        // What was inherited has travelled before.
        let fits = options.beside().is_none_or(|own| own.fits_beside(self.beside.as_deref()));
        if fits && keys.bytes().len() <= MAX_KEYS {
            return Ok(());
        }
        self.envelope(options, keys).check()
    }

    /// The metadata of the call.
    pub(crate) fn envelope(&self, options: &Options, keys: &Keys) -> Envelope {
        let beside = match (options.beside(), &self.beside) {
            (None, inherited) => inherited.clone(),
            (Some(own), None) => Some(Arc::new(own.clone())),
            (Some(own), Some(inherited)) => Some(Arc::new(own.over(inherited))),
        };
        Envelope {
            key: options.key(),
            chain: self.chain.clone(),
            beside,
            keys: keys.clone(),
            epoch: None,
            once: options.once(),
            call: None,
            reading: options.within().map(|within| Reading { seen: (Epoch(0), 0), within: Some(within) }),
            made_in: self.made_in.clone(),
        }
    }
}

impl From<&Ambient> for Inherited {
    fn from(ambient: &Ambient) -> Self {
        let beside = ambient.envelope.beside.clone();
        let (deadline, caller) = (ambient.deadline(), ambient.pid().number);
        Self { deadline, chain: None, beside, made_in: MadeIn::here(), unsettled: ambient.unsettled(), caller }
    }
}

/// Why a call is not made whose caller has lost its office before what the call follows from was acknowledged.
pub(crate) fn overtaken() -> RefusedReason {
    let reason = "what it follows from was not acknowledged: its caller is not the master of its group any more";
    RefusedReason::Denied { by: "the group of the caller".into(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_modules_travel_up_to_their_limit_and_no_further() {
        let check = |bytes: usize| {
            let keys = Keys::default().and(&"k".repeat(bytes));
            (keys.bytes().len(), Inherited::default().check(&Options::default(), &keys))
        };
        let fits = (1..MAX_KEYS * 2).map(check).take_while(|(_, checked)| checked.is_ok());
        assert_eq!(fits.map(|(size, _)| size).last(), Some(MAX_KEYS));
        assert!(matches!(check(MAX_KEYS + 1).1, Err(RefusedReason::TooMuchBeside(_))));
    }
}
