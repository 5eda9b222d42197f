//! What decides an election: a transaction that writes the master, under its node's lease, if there is none, and the epoch, if that is
//! still what the candidate knows.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    directory::{Contact, EpochRecord, GroupRecord, MasterRecord, OfficeNow, Stalls, epoch_key, master_key},
    id::Epoch,
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
        group: Option<GroupRecord>,
        now: &OfficeNow,
        lease: LeaseId,
    ) -> impl Future<Output = Result<Option<i64>, RegistryError>> + Send + use<> {
        let (master, epoch) = (master_key(&self.cluster, office), epoch_key(&self.cluster, office));
        let known = match &now.epoch {
            Some(written) => Compare::Modified(epoch.clone(), written.modified),
            None => Compare::Absent(epoch.clone()),
        };
        let put = |key, value, lease| Operation::Put { key, value, lease };
        let transaction = Transaction {
            when: vec![Compare::Absent(master.clone()), known],
            then: vec![
                put(master, json(&record), Some(lease)),
                put(epoch, json(&EpochRecord { epoch: record.epoch, group }), None),
            ],
            otherwise: Vec::new(),
        };
        let session = Arc::clone(&self.session);
        async move {
            let outcome = session.commit(transaction).await?;
            Ok(outcome.succeeded.then_some(outcome.revision))
        }
    }

    /// Writes a higher epoch, whose master is gone, if the registry's is still the one of `now`.
    ///
    /// # Errors
    /// Then it may have been written all the same.
    pub(super) fn raise(
        &self,
        office: &OfficeName,
        now: &OfficeNow,
        epoch: Epoch,
    ) -> impl Future<Output = Result<(), RegistryError>> + Send + use<> {
        let key = epoch_key(&self.cluster, office);
        let known = match &now.epoch {
            Some(written) => Compare::Modified(key.clone(), written.modified),
            None => Compare::Absent(key.clone()),
        };
        let group = now.epoch.as_ref().and_then(|written| written.record.group.clone());
        let value = json(&EpochRecord { epoch, group });
        let transaction = Transaction {
            when: vec![known],
            then: vec![Operation::Put { key, value, lease: None }],
            otherwise: Vec::new(),
        };
        let session = Arc::clone(&self.session);
        async move { session.commit(transaction).await.map(drop) }
    }

    /// Writes another set of members in sync, of a group whose master's entry and own record have these revisions; the record's next one, or
    /// nothing if one of them has changed.
    ///
    /// # Errors
    /// Then it may have been written all the same. To ask again does no harm: it is written once at most.
    pub(super) fn change(
        &self,
        office: &OfficeName,
        (master, record): (i64, i64),
        next: &EpochRecord,
    ) -> impl Future<Output = Result<Option<i64>, RegistryError>> + Send + use<> {
        let (holds, key) = (master_key(&self.cluster, office), epoch_key(&self.cluster, office));
        let transaction = Transaction {
            when: vec![Compare::Modified(holds, master), Compare::Modified(key.clone(), record)],
            then: vec![Operation::Put { key, value: json(next), lease: None }],
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
