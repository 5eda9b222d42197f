//! Where the slots of a cluster are written down: in its registry; or nowhere, where a node is a cluster of its own.

#[cfg(feature = "cluster")]
use super::ledger::Ledger;
use super::reserved::{Asks, Reserved};
use crate::{
    error::NoUniqueId,
    id::{NodeKey, UniqueId},
    office::{Tenure, Term},
};

/// By which lease a slot is held where there is no registry.
const ALONE: Term = Term(1);

#[derive(Default)]
pub(super) struct Place {
    /// None on a node that is a cluster of its own.
    #[cfg(feature = "cluster")]
    ledger: std::sync::OnceLock<Ledger>,
}

/// Tells when the registry is back after it was away; never, where there is none.
pub(super) struct Heard {
    #[cfg(feature = "cluster")]
    contact: Option<tokio::sync::watch::Receiver<crate::directory::Contact>>,
    /// How often it was away.
    #[cfg(feature = "cluster")]
    outages: u64,
}

impl Place {
    /// The registry decides from now on. Once, before anybody asks.
    #[cfg(feature = "cluster")]
    pub(super) fn decide_by(&self, ledger: Ledger) {
        let _first = self.ledger.set(ledger);
    }

    pub(super) fn heard(&self) -> Heard {
        #[cfg(feature = "cluster")]
        {
            let contact = self.ledger.get().map(|ledger| ledger.contact.clone());
            let outages = contact.as_ref().map_or(0, |contact| contact.borrow().outages);
            Heard { contact, outages }
        }
        #[cfg(not(feature = "cluster"))]
        Heard {}
    }

    /// The lease by which a slot would be held now.
    pub(super) fn term(&self, tenure: &Tenure) -> Option<Term> {
        #[cfg(feature = "cluster")]
        if self.ledger.get().is_some() {
            return tenure.present().map(|(term, _)| term);
        }
        let _ = tenure;
        Some(ALONE)
    }

    /// Takes a slot, no ids of which are before `floor`.
    pub(super) async fn take(&self, asks: &Asks<'_>, floor: u64) -> Result<Reserved, NoUniqueId> {
        #[cfg(feature = "cluster")]
        if let Some(ledger) = self.ledger.get() {
            return ledger.take(asks, floor).await;
        }
        // By chance: the run before may have had another clock, and nothing is written of it.
        let slot = asks.rng.below(usize::from(UniqueId::LAST_SLOT) + 1) as u16;
        let now = (asks.clock)();
        Ok(Reserved::new(slot, now.max(floor), now))
    }

    /// Reserves time until `until`, where it was reserved until `before`; whether the slot is still this node's.
    pub(super) async fn extend(&self, asks: &Asks<'_>, slot: u16, before: u64, until: u64) -> Result<bool, NoUniqueId> {
        #[cfg(feature = "cluster")]
        if let Some(ledger) = self.ledger.get() {
            return ledger.extend(asks, slot, before, until).await;
        }
        let (_, _, _, _) = (asks, slot, before, until);
        Ok(true)
    }

    /// Gives a slot back that has made no id of the time `unused`, or of a later one, on a clock that shows `now`.
    #[cfg(feature = "cluster")]
    pub(super) async fn give_back(&self, here: NodeKey, slot: u16, unused: u64, now: u64) {
        if let Some(ledger) = self.ledger.get()
            && let Err(error) = ledger.give_back(here, slot, unused, now).await
        {
            tracing::debug!(target: "ember::cluster", slot, %error, "the slot for unique ids was not given back");
        }
    }
}

impl Heard {
    /// Waits for the end of the next outage. Cancel safe.
    pub(super) async fn again(&mut self) {
        #[cfg(feature = "cluster")]
        if let Some(contact) = &mut self.contact {
            let known = self.outages;
            let back = contact.wait_for(|contact| contact.is_good() && contact.outages != known).await;
            if let Ok(outages) = back.map(|contact| contact.outages) {
                self.outages = outages;
                return;
            }
        }
        std::future::pending().await
    }
}
