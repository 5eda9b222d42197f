//! Keys: read, write, delete, transactions, compaction.

use prost::Message;
use tonic::{Request, Response, Status};

use super::face::Face;
use crate::registry::{
    protocol::{
        CompactionRequest, CompactionResponse, DeleteRangeRequest, DeleteRangeResponse, PutRequest, PutResponse,
        RangeRequest, RangeResponse, RequestOp, TxnRequest, TxnResponse, kv_server::Kv, request_op,
    },
    server::translation::{Wish, from_wire, to_wire},
    store::{At, Done, Op, Query, StoreError, Txn, size},
};

impl Face {
    /// One operation is a transaction of one.
    async fn run(&self, op: Op) -> Result<At<Option<Done>>, StoreError> {
        let At { revision, value: done } = self.commit(&Txn::of(op)).await?;
        Ok(At { revision, value: done.done.into_iter().next().map(|done| done.value) })
    }
}

#[tonic::async_trait]
impl Kv for Face {
    async fn range(&self, request: Request<RangeRequest>) -> Result<Response<RangeResponse>, Status> {
        let query = from_wire::range(request.into_inner())?;
        // Outside of transactions, a revision below 0 is none.
        let query = Query { revision: query.revision.max(0), ..query };
        match self.run(Op::Range(query)).await? {
            At { revision, value: Some(Done::Range(found)) } => {
                Ok(Response::new(to_wire::range(self.header(revision), &found)))
            }
            _ => Err(mixed_up()),
        }
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<PutResponse>, Status> {
        let request = request.into_inner();
        let previous = request.prev_kv;
        size::check(request.encoded_len())?;
        match self.run(from_wire::put(request)?).await? {
            At { revision, value: Some(Done::Put(before)) } => {
                Ok(Response::new(to_wire::put(self.header(revision), before.as_ref(), previous)))
            }
            _ => Err(mixed_up()),
        }
    }

    async fn delete_range(
        &self,
        request: Request<DeleteRangeRequest>,
    ) -> Result<Response<DeleteRangeResponse>, Status> {
        let request = request.into_inner();
        let previous = request.prev_kv;
        size::check(request.encoded_len())?;
        match self.run(from_wire::delete(request)).await? {
            At { revision, value: Some(Done::Deleted(gone)) } => {
                Ok(Response::new(to_wire::deleted(self.header(revision), &gone, previous)))
            }
            _ => Err(mixed_up()),
        }
    }

    async fn txn(&self, request: Request<TxnRequest>) -> Result<Response<TxnResponse>, Status> {
        let request = request.into_inner();
        if !reads_only(&request) {
            size::check(request.encoded_len())?;
        }
        let (then, otherwise) = (wishes(&request.success), wishes(&request.failure));
        let At { revision, value: done } = self.commit(&from_wire::txn(request)?).await?;
        Ok(Response::new(to_wire::txn(self.header(revision), &done, &then, &otherwise)))
    }

    async fn compact(&self, request: Request<CompactionRequest>) -> Result<Response<CompactionResponse>, Status> {
        let At { revision, value: () } = self.store.compact(request.into_inner().revision)?;
        self.store.settled().await?;
        Ok(Response::new(CompactionResponse { header: self.header(revision) }))
    }
}

/// Such a transaction does not go through etcd's log, which limits its size.
fn reads_only(request: &TxnRequest) -> bool {
    let reads = |op: &RequestOp| matches!(op.request, Some(request_op::Request::Range(_)));
    request.success.iter().chain(&request.failure).all(reads)
}

fn wishes(ops: &[RequestOp]) -> Vec<Wish> {
    // An empty operation is refused before any wish matters.
    ops.iter().filter_map(|op| op.request.as_ref().map(wish)).collect()
}

fn wish(request: &request_op::Request) -> Wish {
    match request {
        request_op::Request::Range(_) => Wish::Range,
        request_op::Request::Put(request) => Wish::Put { previous: request.prev_kv },
        request_op::Request::DeleteRange(request) => Wish::Delete { previous: request.prev_kv },
        request_op::Request::Txn(request) => {
            Wish::Txn { then: wishes(&request.success), otherwise: wishes(&request.failure) }
        }
    }
}

fn mixed_up() -> Status {
    Status::internal("the embedded registry answered another question: this is a bug of Ember, please report it")
}
