//! The services of etcd that are not here: each says so, instead of looking like a broken server.

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

const SERVICES: [(&str, &str); 5] = [
    ("etcdserverpb.Auth", "it has no users: whoever may connect may do everything"),
    ("etcdserverpb.Cluster", "it has no members, it is one process"),
    ("etcdserverpb.Maintenance", "it keeps nothing on disk that could need maintenance"),
    ("v3lockpb.Lock", "use a transaction and a lease"),
    ("v3electionpb.Election", "use a transaction and a lease"),
];

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
        let status = Status::unimplemented(format!("Ember's embedded registry does not serve {name}: {why}"));
        ready(Ok(status.into_http()))
    }
}
