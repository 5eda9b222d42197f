//! What a call takes over from the handler that makes it.

use std::{collections::BTreeMap, sync::Arc};

use tokio::time::Instant;

use super::request::Options;
use crate::{
    error::RefusedReason,
    message::{Ambient, Chain, Envelope, Keys, Lane, MAX_HEADERS, MAX_KEYS, MadeIn},
};

/// Deadline, headers and chain of the running handler, and the present span; nothing outside of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inherited {
    deadline: Option<Instant>,
    pub(crate) chain: Option<Arc<Chain>>,
    headers: Option<Arc<BTreeMap<String, String>>>,
    made_in: MadeIn,
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
        self.chain.is_none() && self.headers.is_none() && self.made_in.is_nothing()
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
        let inherited = self.headers.as_ref().map_or(0, |headers| headers.len());
        let own = options.headers().map_or(0, BTreeMap::len);
        if inherited + own <= MAX_HEADERS && keys.bytes().len() <= MAX_KEYS {
            return Ok(());
        }
        self.envelope(options, keys, Lane::User, None).check()
    }

    /// The metadata of the call.
    pub(crate) fn envelope(&self, options: &Options, keys: &Keys, lane: Lane, deadline: Option<Instant>) -> Envelope {
        let headers = match options.headers() {
            None => self.headers.clone(),
            Some(own) => {
                let mut all = self.headers.as_deref().cloned().unwrap_or_default();
                all.extend(own.clone());
                Some(Arc::new(all))
            }
        };
        Envelope {
            deadline,
            lane,
            key: options.key(),
            chain: self.chain.clone(),
            headers,
            keys: keys.clone(),
            made_in: self.made_in.clone(),
        }
    }
}

impl From<&Ambient> for Inherited {
    fn from(ambient: &Ambient) -> Self {
        let headers = ambient.envelope.headers.clone();
        Self { deadline: ambient.deadline(), chain: None, headers, made_in: MadeIn::here() }
    }
}
