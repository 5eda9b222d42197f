//! What decides an election: a transaction that writes the master, under its node's lease, if there is none, and the epoch, if that is
//! still what the candidate knows.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    directory::{Contact, EpochRecord, MasterRecord, OfficeNow, Stalls, epoch_key, master_key},
    office::OfficeName,
    registry::{Compare, LeaseId, Operation, RegistryError, Session, Transaction},
    rng::Rng,
};

/// The registry, as candidates use it.
pub(crate) struct Ballot {
    pub(crate) session: Arc<dyn Session>,
    pub(crate) cluster: String,
    pub(crate) contact: watch::Receiver<Contact>,
    /// How long a node that is not heard of any more may believe in its lease.
    pub(crate) ttl: Duration,
    pub(crate) rng: Rng,
    pub(crate) stalls: Stalls,
}

impl Ballot {
    /// Takes an office that is free as far as `now` says; the revision of the entry if it has been taken.
    ///
    /// # Errors
    /// Then it may have been taken all the same.
    pub(super) fn stand(
        &self,
        office: &OfficeName,
        record: MasterRecord,
        now: &OfficeNow,
        lease: LeaseId,
    ) -> impl Future<Output = Result<Option<i64>, RegistryError>> + Send + use<> {
        let (master, epoch) = (master_key(&self.cluster, office), epoch_key(&self.cluster, office));
        let known = match now.epoch {
            Some(written) => Compare::Modified(epoch.clone(), written.modified),
            None => Compare::Absent(epoch.clone()),
        };
        let put = |key, value, lease| Operation::Put { key, value, lease };
        let transaction = Transaction {
            when: vec![Compare::Absent(master.clone()), known],
            then: vec![
                put(master, json(&record), Some(lease)),
                put(epoch, json(&EpochRecord { epoch: record.epoch }), None),
            ],
            otherwise: Vec::new(),
        };
        let session = Arc::clone(&self.session);
        async move {
            let outcome = session.commit(transaction).await?;
            Ok(outcome.succeeded.then_some(outcome.revision))
        }
    }

    /// Makes an office free whose master was written at this revision.
    pub(super) fn vacate(
        &self,
        office: &OfficeName,
        modified: i64,
    ) -> impl Future<Output = Result<(), RegistryError>> + Send + use<> {
        let key = master_key(&self.cluster, office);
        let transaction = Transaction {
            when: vec![Compare::Modified(key.clone(), modified)],
            then: vec![Operation::Delete { key }],
            otherwise: Vec::new(),
        };
        let session = Arc::clone(&self.session);
        async move { session.commit(transaction).await.map(drop) }
    }
}

fn json<T: serde::Serialize>(record: &T) -> bytes::Bytes {
    serde_json::to_vec(record).expect("records consist of numbers").into()
}
