//! The figures and the health over HTTP, on a thread of its own: handlers that hold up all threads of the node do not keep anybody from seeing that.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener as Bound},
    pin::pin,
    thread::{self, JoinHandle},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
    task::AbortHandle,
    time::{sleep, timeout},
};

use super::{figures, health::Health};
use crate::node::{Node, Shown};

/// So many connections there are at a time: with one more the oldest ends.
const CONNECTIONS: usize = 64;
/// Whoever has not sent a whole request by then is cut off.
const REQUEST: Duration = Duration::from_secs(30);
/// After this time a connection ends, when the answer that is on its way has been sent.
const CONNECTION: Duration = Duration::from_secs(300);
/// After a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// A server that ends when this is dropped, and has ended then.
pub(super) struct Serving {
    ends: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.ends = None;
        // The last clone of a node may be dropped by an answer.
        if let Some(thread) = self.thread.take().filter(|it| it.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

/// Serves a node at this address. Where it listens, if a port was not given.
///
/// # Errors
/// The address is in use, or is none of this machine; there is no thread.
pub(super) fn serve(address: SocketAddr, shown: Shown) -> io::Result<(SocketAddr, Serving)> {
    let bound = Bound::bind(address)?;
    bound.set_nonblocking(true)?;
    let address = bound.local_addr()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (ends, ended) = oneshot::channel();
    let run = move || {
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = ended => {}
                result = accept(bound, shown) => {
                    let Err(error) = result;
                    tracing::error!(target: "ember::telemetry", %error, "no figures are served any more");
                }
            }
        });
    };
    let thread = thread::Builder::new().name("ember-telemetry".into()).spawn(run)?;
    Ok((address, Serving { ends: Some(ends), thread: Some(thread) }))
}

async fn accept(bound: Bound, shown: Shown) -> io::Result<Infallible> {
    let listener = TcpListener::from_std(bound)?;
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(live))
        .route("/readyz", get(ready))
        .route("/handlers", get(handlers))
        .fallback(async || (StatusCode::NOT_FOUND, "there is /metrics, /healthz, /readyz and /handlers\n"))
        .with_state(shown);
    let mut open = VecDeque::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                open.retain(|it: &AbortHandle| !it.is_finished());
                // Whoever comes is answered, also if somebody holds connections and asks nothing.
                if open.len() == CONNECTIONS {
                    open.pop_front().iter().for_each(AbortHandle::abort);
                }
                open.push_back(tokio::spawn(connection(stream, router.clone())).abort_handle());
            }
            // One that has gone again, or no file is left: others may do better.
            Err(error) => {
                tracing::debug!(target: "ember::telemetry", %error, "a connection was not accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(REQUEST);
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    // How a connection ends is its client's matter.
    tokio::select! {
        _ = &mut served => {}
        () = sleep(CONNECTION) => {
            served.as_mut().graceful_shutdown();
            let _ = timeout(REQUEST, served).await;
        }
    }
}

fn node(shown: &Shown) -> Result<Node, Response> {
    shown.node().ok_or_else(|| (StatusCode::SERVICE_UNAVAILABLE, "the node has ended\n").into_response())
}

async fn metrics(State(shown): State<Shown>) -> Response {
    match node(&shown) {
        Ok(node) => ([(header::CONTENT_TYPE, figures::CONTENT_TYPE)], figures::text(&node)).into_response(),
        Err(gone) => gone,
    }
}

/// Those that have waited for so long are shown, and so many at most.
const LONG: Duration = Duration::from_millis(10);
const SHOWN: usize = 100;

async fn handlers(State(shown): State<Shown>) -> Response {
    let node = match node(&shown) {
        Ok(node) => node,
        Err(gone) => return gone,
    };
    let all = node.waiting_handlers();
    let long: Vec<_> = all.iter().take_while(|it| it.waits >= LONG).take(SHOWN).collect();
    let json = serde_json::json!({ "node": node.name(), "waiting": all.len(), "longest": long });
    ([(header::CONTENT_TYPE, "application/json")], format!("{json}\n")).into_response()
}

async fn live(State(shown): State<Shown>) -> Response {
    answer(&shown, Health::is_live).await
}

async fn ready(State(shown): State<Shown>) -> Response {
    answer(&shown, Health::is_ready).await
}

async fn answer(shown: &Shown, is_well: fn(&Health) -> bool) -> Response {
    let node = match node(shown) {
        Ok(node) => node,
        Err(gone) => return gone,
    };
    let health = Health::of(&node).await;
    let status = if is_well(&health) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], health.to_json()).into_response()
}
