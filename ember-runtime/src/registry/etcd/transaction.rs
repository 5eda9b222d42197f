//! Transactions in etcd's terms.

use etcd_client::{Client, Compare as EtcdCompare, CompareOp, PutOptions, Txn, TxnOp};

use super::list;
use crate::registry::{
    LeaseId,
    api::{Compare, Operation, Transaction, TransactionOutcome},
    etcd::outcome::Outcome,
};

pub(super) async fn commit(client: Client, transaction: Transaction) -> Outcome<TransactionOutcome> {
    let Transaction { when, then, otherwise } = transaction;
    let transaction = Txn::new()
        .when(when.into_iter().map(condition).collect::<Vec<_>>())
        .and_then(then.into_iter().map(write).collect::<Vec<_>>())
        .or_else(otherwise.into_iter().map(write).collect::<Vec<_>>());
    let answer = client.kv_client().max_decoding_message_size(list::MAX_ANSWER).txn(transaction).await?;
    Ok(TransactionOutcome { succeeded: answer.succeeded(), revision: list::revision(answer.header())? })
}

/// The lease that a "lease not found" is about. etcd does not say which one, so of several it is the first.
pub(super) fn lease(transaction: &Transaction) -> Option<LeaseId> {
    transaction.then.iter().chain(&transaction.otherwise).find_map(|operation| match operation {
        Operation::Put { lease, .. } => *lease,
        Operation::Delete { .. } => None,
    })
}

fn condition(compare: Compare) -> EtcdCompare {
    match compare {
        Compare::Absent(key) => EtcdCompare::create_revision(key, CompareOp::Equal, 0),
        Compare::Created(key, revision) => EtcdCompare::create_revision(key, CompareOp::Equal, revision),
        Compare::Modified(key, revision) => EtcdCompare::mod_revision(key, CompareOp::Equal, revision),
    }
}

fn write(operation: Operation) -> TxnOp {
    match operation {
        Operation::Put { key, value, lease } => {
            TxnOp::put(key, value, lease.map(|lease| PutOptions::new().with_lease(lease)))
        }
        Operation::Delete { key } => TxnOp::delete(key, None),
    }
}
