//! Transactions: every condition, both branches, all or nothing.

use bytes::Bytes;

use super::suite::{Place, Suite};
use crate::registry::{Compare, Operation, Transaction};

pub(super) async fn run(suite: &Suite) {
    each_condition_chooses_its_branch(suite.place("conditions").await).await;
    all_conditions_must_hold(suite.place("all").await).await;
    writes_of_a_transaction_share_a_revision(suite.place("atomic").await).await;
    a_failed_transaction_leaves_nothing(suite.place("nothing").await).await;
    a_transaction_without_writes_makes_no_revision(suite.place("idle").await).await;
    one_of_many_contenders_wins(suite.place("contenders").await).await;
}

fn put(key: String, value: &str) -> Operation {
    Operation::Put { key, value: Bytes::copy_from_slice(value.as_bytes()), lease: None }
}

impl Place {
    /// Whether `when` held; checks that exactly the branch that belongs to the answer was taken.
    async fn holds(&self, when: Vec<Compare>) -> bool {
        let (then, otherwise) = (vec![put(self.key("branch"), "then")], vec![put(self.key("branch"), "otherwise")]);
        let outcome = self.ok("commit", self.session.commit(Transaction { when, then, otherwise })).await;
        let branch = self.list().await.into_iter().find(|entry| entry.key.ends_with("/branch")).expect("a branch ran");
        let taken = if outcome.succeeded { "then" } else { "otherwise" };
        assert_eq!(branch.value, taken, "{}: the branch that was taken", self.name);
        assert_eq!(branch.modified, outcome.revision, "{}: the revision of the outcome", self.name);
        outcome.succeeded
    }
}

async fn each_condition_chooses_its_branch(place: Place) {
    let key = place.key("key");
    assert!(place.holds(vec![Compare::Absent(key.clone())]).await, "{}: absent", place.name);
    assert!(!place.holds(vec![Compare::Created(key.clone(), 1)]).await, "{}: created, of an absent key", place.name);
    assert!(!place.holds(vec![Compare::Modified(key.clone(), 1)]).await, "{}: modified, of an absent key", place.name);

    let created = place.put("key", "1").await;
    let modified = place.put("key", "2").await;
    assert!(!place.holds(vec![Compare::Absent(key.clone())]).await, "{}: absent, of a present key", place.name);
    for (revision, is_created, is_modified) in [(created, true, false), (modified, false, true), (1, false, false)] {
        let held = place.holds(vec![Compare::Created(key.clone(), revision)]).await;
        assert_eq!(held, is_created, "{}: created at {revision}", place.name);
        let held = place.holds(vec![Compare::Modified(key.clone(), revision)]).await;
        assert_eq!(held, is_modified, "{}: modified at {revision}", place.name);
    }
    place.delete("key").await;
    assert!(place.holds(vec![Compare::Absent(key)]).await, "{}: absent, once deleted", place.name);
}

async fn all_conditions_must_hold(place: Place) {
    place.put("here", "").await;
    let (here, gone) = (Compare::Absent(place.key("here")), Compare::Absent(place.key("gone")));
    assert!(place.holds(vec![]).await, "{}: no condition", place.name);
    assert!(place.holds(vec![gone.clone(), gone.clone()]).await, "{}: both hold", place.name);
    assert!(!place.holds(vec![gone.clone(), here.clone()]).await, "{}: one does not hold", place.name);
    assert!(!place.holds(vec![here, gone]).await, "{}: one does not hold", place.name);
}

async fn writes_of_a_transaction_share_a_revision(place: Place) {
    place.put("old", "").await;
    let mut watch = place.watch(place.revision().await + 1).await;
    let delete = Operation::Delete { key: place.key("old") };
    let then = vec![put(place.key("b"), ""), delete, put(place.key("a"), "")];
    let outcome = place.ok("commit", place.session.commit(Transaction { then, ..Transaction::default() })).await;
    let entries = place.list().await;
    assert!(entries.iter().all(|entry| entry.modified == outcome.revision), "{}: {entries:?}", place.name);
    assert_eq!(place.names().await, ["a", "b"], "{}", place.name);

    let mut changes = watch.changes("the three changes of a transaction", 3).await;
    changes.sort();
    let expected = ["+a", "+b", "-old"].map(|change| (change.to_owned(), outcome.revision));
    assert_eq!(changes, expected, "{}", place.name);
}

async fn a_failed_transaction_leaves_nothing(place: Place) {
    place.put("kept", "").await;
    let before = place.list().await;
    let dead = Operation::Put { key: place.key("b"), value: Bytes::new(), lease: Some(0x00DE_AD1E_A5E0) };
    let then = vec![put(place.key("a"), ""), Operation::Delete { key: place.key("kept") }, dead];
    let commit = place.session.commit(Transaction { then, ..Transaction::default() });
    place.fails("a transaction with a lease that never was", commit).await;

    let then = vec![put(place.key("twice"), "1"), put(place.key("twice"), "2")];
    let commit = place.session.commit(Transaction { then, ..Transaction::default() });
    place.fails("a transaction that writes a key twice", commit).await;
    assert_eq!(place.list().await, before, "{}", place.name);
}

async fn a_transaction_without_writes_makes_no_revision(place: Place) {
    let written = place.put("key", "").await;
    let when = vec![Compare::Absent(place.key("key"))];
    let then = vec![put(place.key("key"), "never")];
    let commit = place.session.commit(Transaction { when, then, otherwise: Vec::new() });
    let outcome = place.ok("commit", commit).await;
    assert!(!outcome.succeeded && outcome.revision >= written, "{}: {outcome:?}", place.name);
    assert_eq!(place.list().await[0].modified, written, "{}", place.name);
}

async fn one_of_many_contenders_wins(place: Place) {
    let contend = |n: usize| {
        let when = vec![Compare::Absent(place.key("crown"))];
        let then = vec![put(place.key("crown"), &n.to_string())];
        place.session.commit(Transaction { when, then, otherwise: Vec::new() })
    };
    let outcomes = place.ok("20 contenders", futures_util::future::try_join_all((0..20).map(contend))).await;
    let winners: Vec<_> = (0..20).filter(|n| outcomes[*n].succeeded).collect();
    assert_eq!(winners.len(), 1, "{}: {outcomes:?}", place.name);
    assert_eq!(place.list().await[0].value, winners[0].to_string(), "{}: the winner's value stays", place.name);
}
