//! Requests of the etcd API as the store understands them. Whatever a client sends, this answers with an error at worst.

use std::cmp::Ordering;

use tonic::Status;

use crate::registry::{
    protocol::{
        Compare, DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest,
        compare::{Given, Target},
        request_op::Request,
    },
    store::{Condition, Field, KeyRange, Op, Order, Query, Record, Relation, StoreError, Txn, Window},
};

pub(crate) fn range(request: RangeRequest) -> Result<Query, Status> {
    let window = |min, max| Window { min, max };
    Ok(Query {
        revision: request.revision,
        limit: usize::try_from(request.limit).unwrap_or(0),
        count_only: request.count_only,
        keys_only: request.keys_only,
        order: order(request.sort_order, request.sort_target)?,
        modified: window(request.min_mod_revision, request.max_mod_revision),
        created: window(request.min_create_revision, request.max_create_revision),
        range: KeyRange::from_wire(request.key, request.range_end),
    })
}

fn order(order: i32, target: i32) -> Result<Option<Order>, Status> {
    let by: fn(&Record, &Record) -> Ordering = match target {
        0 => |a, b| a.key.cmp(&b.key),
        1 => |a, b| a.version.cmp(&b.version),
        2 => |a, b| a.created.cmp(&b.created),
        3 => |a, b| a.modified.cmp(&b.modified),
        4 => |a, b| a.value.cmp(&b.value),
        _ => return Err(Status::invalid_argument("etcdserver: invalid sort option")),
    };
    match (order, target) {
        (0 | 1, 0) => Ok(None),
        (0 | 1, _) => Ok(Some(Order { by, descending: false })),
        (2, _) => Ok(Some(Order { by, descending: true })),
        _ => Err(Status::invalid_argument("etcdserver: invalid sort option")),
    }
}

pub(crate) fn put(request: PutRequest) -> Result<Op, Status> {
    if request.ignore_value && !request.value.is_empty() {
        return Err(Status::invalid_argument("etcdserver: value is provided"));
    }
    if request.ignore_lease && request.lease != 0 {
        return Err(Status::invalid_argument("etcdserver: lease is provided"));
    }
    Ok(Op::Put {
        key: request.key.into(),
        value: (!request.ignore_value).then(|| request.value.into()),
        lease: (!request.ignore_lease).then_some(request.lease),
    })
}

pub(crate) fn delete(request: DeleteRangeRequest) -> Op {
    Op::Delete(KeyRange::from_wire(request.key, request.range_end))
}

pub(crate) fn txn(request: TxnRequest) -> Result<Txn, Status> {
    let TxnRequest { compare, success, failure } = request;
    let ops = |ops: Vec<RequestOp>| ops.into_iter().map(op).collect::<Result<_, _>>();
    Ok(Txn {
        when: compare.into_iter().map(condition).collect::<Result<_, _>>()?,
        then: ops(success)?,
        otherwise: ops(failure)?,
    })
}

fn op(op: RequestOp) -> Result<Op, Status> {
    match op.request {
        Some(Request::Range(request)) => Ok(Op::Range(range(request)?)),
        Some(Request::Put(request)) => put(request),
        Some(Request::DeleteRange(request)) => Ok(delete(request)),
        Some(Request::Txn(request)) => Ok(Op::Txn(txn(request)?)),
        // In etcd's words.
        None => Err(StoreError::KeyNotFound.into()),
    }
}

fn condition(compare: Compare) -> Result<Condition, Status> {
    let Compare { result, target, key, range_end, given } = compare;
    let relation = match result {
        0 => Relation::Equal,
        1 => Relation::Greater,
        2 => Relation::Less,
        3 => Relation::NotEqual,
        _ => return Err(Status::invalid_argument("etcdserver: unknown result in a compare of the txn request")),
    };
    // What is not given, or given for another target, counts as 0: so does protobuf.
    let field = match (Target::try_from(target), given) {
        (Ok(Target::Version), Some(Given::Version(given))) => Field::Version(given),
        (Ok(Target::Version), _) => Field::Version(0),
        (Ok(Target::Create), Some(Given::CreateRevision(given))) => Field::Created(given),
        (Ok(Target::Create), _) => Field::Created(0),
        (Ok(Target::Mod), Some(Given::ModRevision(given))) => Field::Modified(given),
        (Ok(Target::Mod), _) => Field::Modified(0),
        (Ok(Target::Value), Some(Given::Value(given))) => Field::Value(given.into()),
        (Ok(Target::Value), _) => Field::Value(Vec::new().into()),
        (Ok(Target::Lease), Some(Given::Lease(given))) => Field::Lease(given),
        (Ok(Target::Lease), _) => Field::Lease(0),
        (Err(_), _) => {
            return Err(Status::invalid_argument("etcdserver: unknown target in a compare of the txn request"));
        }
    };
    Ok(Condition { range: KeyRange::from_wire(key, range_end), field, relation })
}
