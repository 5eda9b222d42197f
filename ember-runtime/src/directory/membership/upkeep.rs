//! Renews a lease, until it is lost.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::{
    contact::Contact,
    stand_in::{Renewed, Stalls, stand_in},
};
use crate::{
    office::Tenure,
    registry::{Lease, RegistryError, Session},
    rng::Rng,
};

/// What goes on until it fails.
pub(crate) enum Never {}

/// What renewing a lease takes.
pub(crate) struct Upkeep<'a> {
    pub(crate) session: &'a Arc<dyn Session>,
    /// How long it lasts, for those who hold something by it.
    pub(crate) tenure: &'a Arc<Tenure>,
    pub(crate) rng: &'a Rng,
    pub(crate) stalls: &'a Stalls,
    pub(crate) contact: watch::Receiver<Contact>,
}

impl Upkeep<'_> {
    /// Renews `lease`, which was asked for when it was `sent`, each time that so long has passed since the last renewal. Returns when the
    /// lease is lost.
    pub(crate) async fn keep(self, sent: Instant, mut lease: Lease, pace: Duration) -> Result<Never, RegistryError> {
        let renewed = Renewed::new(sent, Arc::clone(self.tenure), lease);
        let _stand_in = stand_in(&**self.session, self.stalls, renewed.clone(), pace);
        let mut contact = self.contact.clone();
        let mut outages = contact.borrow_and_update().outages;
        loop {
            let renew_at = renewed.at() + pace;
            tokio::select! {
                biased;
                () = sleep_until(renew_at) => {}
                // Others wait to see that this node lives. What the registry has lost, its next list tells.
                Some(now) = came_back(&mut contact, outages) => outages = now,
            }
            let sent;
            (sent, lease) = self.renew(lease, &renewed).await?;
            renewed.set(sent);
        }
    }

    /// Renews until the lease must be taken for lost: a registry that is away for a moment costs nothing.
    async fn renew(&self, lease: Lease, renewed: &Renewed) -> Result<(Instant, Lease), RegistryError> {
        // The registry may go on counting after an outage, so renewing is tried beyond the local deadline too: either it
        // works, or the registry says that the lease is gone.
        loop {
            // Given up by whoever stands in for workers that are held up: a lease that nobody may use is renewed by nobody.
            if !self.tenure.has(lease.id) {
                return Err(RegistryError::LeaseNotFound(lease.id));
            }
            let (sent, begun) = (Instant::now(), self.tenure.sends());
            match timeout_at(sent + Duration::from_secs(2), self.session.keep_alive(lease.id)).await {
                Ok(Ok(lease)) => {
                    renewed.extend(begun);
                    return Ok((sent, lease));
                }
                Ok(Err(RegistryError::LeaseNotFound(id))) => return Err(RegistryError::LeaseNotFound(id)),
                Ok(Err(error)) => tracing::debug!(target: "ember::cluster", %error, "the lease could not be renewed"),
                Err(_) => {}
            }
            sleep(Duration::from_millis(100) + self.rng.jitter(Duration::from_millis(200))).await;
        }
    }
}

/// Waits for the end of an outage after the first `known` ones; how many there were by then.
async fn came_back(contact: &mut watch::Receiver<Contact>, known: u64) -> Option<u64> {
    let back = contact.wait_for(|contact| contact.is_good() && contact.outages != known).await;
    back.ok().map(|contact| contact.outages)
}
