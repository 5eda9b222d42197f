//! What the libraries below answer for us, in etcd's words and codes.

use std::task::{Context, Poll};

use futures_util::{TryFutureExt, future::MapOk};
use tonic::{
    Code, Status,
    body::Body,
    codegen::{
        Service,
        http::{self, Uri},
    },
};
use tower::Layer;

use crate::registry::server::absent;

/// What is served, or says itself that it is not.
const SERVICES: [&str; 8] = [
    "etcdserverpb.KV",
    "etcdserverpb.Lease",
    "etcdserverpb.Watch",
    "etcdserverpb.Cluster",
    "etcdserverpb.Maintenance",
    "etcdserverpb.Auth",
    "v3lockpb.Lock",
    "v3electionpb.Election",
];

/// A request that is larger than what is read at all. `None`: `status` is about something else.
pub(crate) fn too_large(status: &Status) -> Option<Status> {
    let sizes = status.message().strip_prefix("Error, decoded message length too large: found ")?;
    let (found, limit) = sizes.strip_suffix(" bytes")?.split_once(" bytes, the limit is: ")?;
    let text = format!("grpc: received message larger than max ({found} vs. {limit})");
    (status.code() == Code::OutOfRange).then(|| Status::resource_exhausted(text))
}

/// A path that leads nowhere.
fn unknown(path: &str) -> Status {
    let (service, method) = path.trim_start_matches('/').rsplit_once('/').unwrap_or_default();
    if let Some(status) = absent::method(service, method) {
        return status;
    }
    Status::unimplemented(if SERVICES.contains(&service) {
        format!("unknown method {method} for service {service}")
    } else {
        format!("unknown service {service}")
    })
}

/// The layer over all services.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wording;

#[derive(Debug, Clone)]
pub(crate) struct Worded<S>(S);

impl<S> Layer<S> for Wording {
    type Service = Worded<S>;

    fn layer(&self, inner: S) -> Worded<S> {
        Worded(inner)
    }
}

type Answer = http::Response<Body>;

impl<S, B> Service<http::Request<B>> for Worded<S>
where
    S: Service<http::Request<B>, Response = Answer>,
{
    type Response = Answer;
    type Error = S::Error;
    type Future = MapOk<S::Future, Box<dyn FnOnce(Answer) -> Answer + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let uri = request.uri().clone();
        self.0.call(request).map_ok(Box::new(move |answer| reword(&uri, answer)))
    }
}

fn reword(uri: &Uri, answer: Answer) -> Answer {
    // Only an error that comes before any message is in the headers.
    let Some(status) = Status::from_header_map(answer.headers()) else { return answer };
    let other = match status.code() {
        Code::Unimplemented if status.message().is_empty() => Some(unknown(uri.path())),
        Code::OutOfRange => too_large(&status),
        _ => None,
    };
    other.map_or(answer, |status| status.into_http())
}
