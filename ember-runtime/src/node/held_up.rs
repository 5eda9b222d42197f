//! Tests: what the registry has of a node whose workers are held up.

use std::{sync::Arc, time::Duration};

use tokio::{
    runtime::Builder,
    sync::oneshot,
    time::{Instant, sleep, timeout},
};

use crate::{
    error::LostReason,
    id::{Epoch, Pid},
    net::OsNetwork,
    node::life::Node,
    office::{OfficeSeat, Role},
    registry::{Context, InProcess, Registry, Session},
    rng::Rng,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// The revision at which the one entry was made.
async fn entry(session: &dyn Session) -> Option<i64> {
    session.list("/ember/held-up/".into()).await.unwrap().entries.first().map(|entry| entry.created)
}

/// Waits until there is an entry, or none.
async fn until(session: &dyn Session, there: bool) -> Option<i64> {
    let waiting = async {
        loop {
            let entry = entry(session).await;
            if entry.is_some() == there {
                return entry;
            }
            // tidy: sleep: it looks again and again, for a fact that nobody announces
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("the registry to follow in time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_held_up_keep_lease_and_offices_until_the_limit_and_take_another_when_they_are_free() {
    let registry = InProcess::default();
    let context = Context { cluster: "held-up".into(), network: Arc::new(OsNetwork), rng: Rng::from_seed(1) };
    let session = registry.open(context).await.unwrap();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut builder = Node::builder().cluster("held-up").registry(registry).lease(Duration::from_secs(2));
    builder.clustered.links.stall_limit = Duration::from_secs(9);
    let node = runtime.spawn(builder.start()).await.unwrap().unwrap();
    let before = until(&*session, true).await;
    // As one that was elected by this lease has it.
    let seat = {
        let tenure = Arc::clone(node.inner.services.elections.tenure());
        let (term, _) = tenure.present().expect("it has a lease");
        let seat = OfficeSeat::new(tenure);
        seat.elect(Epoch(1), term, Pid { node: node.key(), number: 1 });
        assert!(seat.enter(Epoch(1)));
        seat
    };

    let (go, goes) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = oneshot::channel();
    runtime.spawn(async move {
        begun.send(()).unwrap();
        let _dropped = goes.recv();
    });
    timeout(PATIENCE, begins).await.expect("the worker to be held up").unwrap();
    let started = Instant::now();
    // tidy: sleep: the time that workers are held up is what is tested: longer than the lease
    sleep(Duration::from_secs(5)).await;
    assert_eq!(entry(&*session).await, before, "it lives, and keeps its lease");
    assert_eq!((seat.role(), seat.release(Epoch(1))), (Role::Master, Ok(())), "and its offices");
    until(&*session, false).await;
    let deposed = Err(LostReason::Deposed { epoch: 1 });
    assert_eq!(
        (seat.role(), seat.release(Epoch(1))),
        (Role::Slave, deposed),
        "it acts no more when the lease is given up"
    );
    assert!(started.elapsed() > Duration::from_secs(8), "given up after {:?}", started.elapsed());
    go.send(()).unwrap();
    assert!(until(&*session, true).await > before, "it is written anew");
    timeout(PATIENCE, node.shutdown()).await.expect("the end in time").unwrap();
    assert_eq!(entry(&*session).await, None);
    runtime.shutdown_background();
}
