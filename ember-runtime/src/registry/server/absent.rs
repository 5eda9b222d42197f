//! What of etcd is not here: it says so, instead of looking like a broken server.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use tonic::{
    Status,
    body::Body,
    codegen::{Service, http},
    server::NamedService,
};

const SERVICES: [(&str, &str); 3] = [
    ("etcdserverpb.Auth", "it has no users: whoever may connect may do everything"),
    ("v3lockpb.Lock", "use a transaction and a lease"),
    ("v3electionpb.Election", "use a transaction and a lease"),
];
const CHANGES: [&str; 4] = ["MemberAdd", "MemberRemove", "MemberUpdate", "MemberPromote"];
const CARE: [&str; 6] = ["Defragment", "Hash", "HashKV", "Snapshot", "MoveLeader", "Downgrade"];

/// About a method that etcd has; `None` for one that it has not, or that is here.
pub(super) fn method(service: &str, method: &str) -> Option<Status> {
    match service {
        "etcdserverpb.KV" if method == "RangeStream" => Some(status("RangeStream", "use Range, with a limit")),
        "etcdserverpb.Cluster" if CHANGES.contains(&method) => {
            Some(status("changes of etcdserverpb.Cluster", "it has one member, the process that serves it"))
        }
        "etcdserverpb.Maintenance" if CARE.contains(&method) => Some(maintenance()),
        _ => None,
    }
}

/// About a method that takes care of a disk, or of other members.
pub(super) fn maintenance() -> Status {
    status("this of etcdserverpb.Maintenance", "it looks after its file by itself, and has one member")
}

fn status(what: &str, why: &str) -> Status {
    Status::unimplemented(format!("Ember's embedded registry does not serve {what}: {why}"))
}

/// The `N`th of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Absent<const N: usize>;

impl<const N: usize> NamedService for Absent<N> {
    const NAME: &'static str = SERVICES[N].0;
}

impl<const N: usize, B> Service<http::Request<B>> for Absent<N> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<B>) -> Self::Future {
        let (name, why) = SERVICES[N];
        ready(Ok(status(name, why).into_http()))
    }
}
