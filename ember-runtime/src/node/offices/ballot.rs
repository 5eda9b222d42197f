//! What decides an election: a transaction that writes the master, under its node's lease, if there is none, and the epoch, if that is
//! still what the candidate knows.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    directory::{
        ClaimRecord, Contact, EpochRecord, GroupRecord, MasterRecord, OfficeNow, RoundRecord, Stalls, claim_key,
        epoch_key, master_key, round_key,
    },
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
    /// Takes an office that is free as far as `now` says; the revision of the entry if it has been taken. That settles what was claimed to it,
    /// if nobody has claimed more since.
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
        let put = |key, value, lease| Operation::Put { key, value, lease };
        let mut when = vec![Compare::Absent(master.clone()), self.known_epoch(office, now)];
        let mut then = vec![
            put(master, json(&record), Some(lease)),
            put(epoch, json(&EpochRecord { epoch: record.epoch, group }), None),
        ];
        self.settle_claims(office, now, &mut when, &mut then);
        let transaction = Transaction { when, then, otherwise: Vec::new() };
        let session = Arc::clone(&self.session);
        async move {
            let outcome = session.commit(transaction).await?;
            Ok(outcome.succeeded.then_some(outcome.revision))
        }
    }

    /// Writes what a member has, in a `round` that it begins, or in that of `now`, if the group's record and the round are still what `now` says:
    /// a member that knows better than the record of this moment knows better than one that has been restored. The round is written too in either
    /// case, so that no election goes by what was claimed before.
    ///
    /// # Errors
    /// Then it may have been written all the same.
    pub(super) fn claim(
        &self,
        office: &OfficeName,
        claim: &ClaimRecord,
        round: Option<u64>,
        now: &OfficeNow,
    ) -> impl Future<Output = Result<bool, RegistryError>> + Send + use<> {
        let key = round_key(&self.cluster, office);
        let when = vec![self.known_epoch(office, now), is(&key, now.round.map(|written| written.modified))];
        let put = |key, value| Operation::Put { key, value, lease: None };
        let mut then = vec![put(claim_key(&self.cluster, office, claim.by), json(claim))];
        let round = round.map(|nonce| RoundRecord { nonce }).or(now.round.map(|written| written.record));
        then.extend(round.map(|round| put(key, json(&round))));
        let (session, transaction) = (Arc::clone(&self.session), Transaction { when, then, otherwise: Vec::new() });
        async move { Ok(session.commit(transaction).await?.succeeded) }
    }

    /// Writes the record of a group that goes on with less than was acknowledged, if nobody is its master, and all that is known of it is still
    /// what `now` says. Its revision, if it was written.
    ///
    /// # Errors
    /// Then it may have been written all the same.
    pub(super) fn accept(
        &self,
        office: &OfficeName,
        record: &EpochRecord,
        now: &OfficeNow,
    ) -> impl Future<Output = Result<Option<i64>, RegistryError>> + Send + use<> {
        let mut when = vec![Compare::Absent(master_key(&self.cluster, office)), self.known_epoch(office, now)];
        let mut then = vec![Operation::Put { key: epoch_key(&self.cluster, office), value: json(record), lease: None }];
        self.settle_claims(office, now, &mut when, &mut then);
        let (session, transaction) = (Arc::clone(&self.session), Transaction { when, then, otherwise: Vec::new() });
        async move {
            let outcome = session.commit(transaction).await?;
            Ok(outcome.succeeded.then_some(outcome.revision))
        }
    }

    /// That the record of an office is the one of `now`.
    fn known_epoch(&self, office: &OfficeName, now: &OfficeNow) -> Compare {
        is(&epoch_key(&self.cluster, office), now.epoch.as_ref().map(|written| written.modified))
    }

    /// Removes all claims, if there are none but those of `now`: whoever claims anything writes the round, too.
    fn settle_claims(&self, office: &OfficeName, now: &OfficeNow, when: &mut Vec<Compare>, then: &mut Vec<Operation>) {
        let round = round_key(&self.cluster, office);
        when.push(is(&round, now.round.map(|written| written.modified)));
        then.extend(now.round.map(|_| Operation::Delete { key: round }));
        for (by, written) in &now.claims {
            let key = claim_key(&self.cluster, office, *by);
            when.push(Compare::Modified(key.clone(), written.modified));
            then.push(Operation::Delete { key });
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
        let (key, known) = (epoch_key(&self.cluster, office), self.known_epoch(office, now));
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

/// That a key was written at this revision, or is not there.
fn is(key: &str, modified: Option<i64>) -> Compare {
    match modified {
        Some(revision) => Compare::Modified(key.to_owned(), revision),
        None => Compare::Absent(key.to_owned()),
    }
}

fn json<T: serde::Serialize>(record: &T) -> bytes::Bytes {
    serde_json::to_vec(record).expect("records consist of numbers").into()
}
