//! etcd-client against the server, over a real Unix socket.

mod faults;
mod kv;
mod lease;
mod watch;

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use etcd_client::{AlarmAction, AlarmType, Channel, Client};
use hyper_util::rt::TokioIo;
use tonic::{Code, Status, transport};

use crate::{
    net::{Endpoint, Network, OsNetwork},
    registry::{
        server::{ServerHandle, serve},
        store::Store,
    },
};

/// Far longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server, and the socket that it listens on.
struct Fixture {
    store: Store,
    path: PathBuf,
    server: Option<ServerHandle>,
}

impl Fixture {
    async fn start() -> Self {
        Self::with(Store::new(0xE3BE5)).await
    }

    async fn with(store: Store) -> Self {
        static SOCKETS: AtomicU32 = AtomicU32::new(0);
        let number = SOCKETS.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("ember-registry-{}-{number}.sock", process::id()));
        let _stale = fs::remove_file(&path);
        let listener = OsNetwork.bind(&Endpoint::Unix(path.clone())).await.unwrap();
        Self { server: Some(serve(store.clone(), listener)), store, path }
    }

    fn channel(&self) -> transport::Channel {
        let endpoint = Endpoint::Unix(self.path.clone());
        let connector = tower::service_fn(move |_| {
            let endpoint = endpoint.clone();
            async move { OsNetwork.connect(&endpoint).await.map(TokioIo::new) }
        });
        transport::Endpoint::from_static("http://registry").connect_with_connector_lazy(connector)
    }

    async fn client(&self) -> Client {
        Client::from_channel(Channel::Tonic(self.channel()), None).await.unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.path);
    }
}

async fn wait<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = Box::pin(tokio::time::timeout(PATIENCE, future)).await;
    waited.unwrap_or_else(|_| panic!("gave up waiting for {what}"))
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(result: Result<T, etcd_client::Error>, code: Code, text: &str) {
    match result {
        Err(etcd_client::Error::GRpcStatus(status)) => assert_status(&status, code, text),
        other => panic!("wanted {code:?}, {text}; got {other:?}"),
    }
}

#[track_caller]
fn assert_status(status: &Status, code: Code, text: &str) {
    assert_eq!((status.code(), status.message()), (code, text));
}

#[tokio::test]
async fn headers_name_a_cluster_a_member_and_the_revision() {
    let mut fixture = Fixture::start().await;
    let put = fixture.client().await.put("key", "", None).await.unwrap();
    let header = put.header().unwrap();
    assert_eq!((header.revision(), header.raft_term()), (2, 2));
    assert!(header.cluster_id() != 0 && header.member_id() != 0 && header.member_id() != header.cluster_id());

    // Whoever takes over at that address is the same member of the same cluster.
    wait("the server to stop", fixture.server.take().unwrap().stop()).await;
    fs::remove_file(&fixture.path).unwrap();
    let listener = OsNetwork.bind(&Endpoint::Unix(fixture.path.clone())).await.unwrap();
    let other = Store::new(7);
    fixture.server = Some(serve(other.clone(), listener));
    let put = fixture.client().await.put("key", "", None).await.unwrap();
    let again = put.header().unwrap();
    assert_eq!((again.cluster_id(), again.member_id()), (header.cluster_id(), header.member_id()));
}

#[tokio::test]
async fn it_tells_its_member_its_status_and_that_nothing_alarms() {
    let fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    client.put("key", "value", None).await.unwrap();
    let members = client.member_list().await.unwrap();
    let [member] = members.members() else { panic!("{members:?}") };
    let urls = [format!("unix://{}", fixture.path.display())];
    assert_eq!((member.name(), member.client_urls(), member.is_learner()), ("ember", &urls[..], false));
    let status = client.status().await.unwrap();
    assert_eq!((status.leader(), status.raft_index(), status.errors().len()), (member.id(), 2, 0));
    assert!(status.version().starts_with("3.4.") && status.db_size() > 0, "{status:?}");
    let alarms = client.alarm(AlarmAction::Get, AlarmType::None, None).await.unwrap();
    assert!(alarms.alarms().is_empty());
}

#[tokio::test]
async fn a_stopped_server_frees_its_address_and_cuts_its_clients() {
    let mut fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let mut watch = client.watch("key", None).await.unwrap();
    assert!(wait("the watch", watch.message()).await.unwrap().unwrap().created());

    wait("the server to stop", fixture.server.take().unwrap().stop()).await;
    let end = wait("the open watch to break", watch.message()).await;
    assert!(!matches!(end, Ok(Some(_))), "{end:?}");
    wait("a put to fail", client.put("key", "", None)).await.unwrap_err();

    // The store lives on, and so could another server.
    fs::remove_file(&fixture.path).unwrap();
    let listener = OsNetwork.bind(&Endpoint::Unix(fixture.path.clone())).await.unwrap();
    fixture.server = Some(serve(fixture.store.clone(), listener));
    wait("a put after the restart", client.put("key", "", None)).await.unwrap();
    assert_eq!(fixture.store.revision(), 2);
}

#[tokio::test]
async fn a_dropped_handle_stops_the_server() {
    let mut fixture = Fixture::start().await;
    let mut client = fixture.client().await;
    let mut watch = client.watch("key", None).await.unwrap();
    assert!(wait("the watch", watch.message()).await.unwrap().unwrap().created());
    drop(fixture.server.take());
    let end = wait("the open watch to break", watch.message()).await;
    assert!(!matches!(end, Ok(Some(_))), "{end:?}");
}
