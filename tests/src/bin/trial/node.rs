//! One of the processes that are tried: a counter, an instance of the elected ledger, and calls to both. It obeys lines on its input, and
//! answers each with a line of JSON. It shuts down on SIGTERM, and exits with 3 when its input ends.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    io::stdin,
    process::exit,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use ember::{CallError, Role, net::Endpoint, prelude::*};
use ember_tests::faults::{Configuration, Place, Started};
use tokio::sync::mpsc;

use crate::{
    counter::{Counter, CounterClient},
    ledger::Ledger,
    load::{Load, To, variant},
    log,
};

/// What became of the last call that was asked for by itself.
type Own = Arc<Mutex<Option<String>>>;

#[tokio::main]
pub(crate) async fn run(configuration: Configuration) -> ember::Result<()> {
    log::start();
    let Configuration { name, cluster, registry, record, lease, drain, listen, advertise, .. } = configuration;
    let mut builder = Node::builder().name(&name).cluster(&cluster).lease(lease).drain(drain);
    builder = match registry {
        Place::Embedded(folder) => builder.registry(Embedded::at(folder)),
        Place::Etcd(endpoints) => builder.registry(Etcd::new(endpoints)),
    };
    if let Some(address) = listen {
        builder = builder.listen(Endpoint::Tcp(address));
    }
    if let Some(address) = advertise {
        builder = builder.advertise(Endpoint::Tcp(address));
    }
    if let Some(record) = &record {
        let folder = record.parent().expect("a file in the folder of the trial");
        let ledger = Ledger::new(&name, folder).map_err(ember::Error::other)?;
        // Where thousands call, some hundred wait at a time when an instance has just gone.
        builder = builder.service(Hosted::new(Counter::new(&name, record)).id(&name)).service(ledger);
    }
    let node = builder.start().await?;
    answer(&Started { incarnation: node.key().incarnation.to_string(), endpoint: node.endpoint().to_string() });
    tokio::spawn(obey(node.clone()));
    node.run().await
}

async fn obey(node: Node) {
    let [counter, ledger] = [To::Counter, To::Ledger].map(|to| Load::new(&node, to));
    let of = |name: &str| if name == "counter" { &counter } else { &ledger };
    let own = Own::default();
    // Not tokio's: the runtime would wait for its input to end before the process could.
    let (line, mut lines) = mpsc::channel(16);
    thread::spawn(move || stdin().lines().map_while(Result::ok).try_for_each(|text| line.blocking_send(text)));
    while let Some(line) = lines.recv().await {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["load", to, rate] => answer(&of(to).start(rate.parse().expect("calls a second"))),
            ["stop"] => answer(&(counter.stop(), ledger.stop())),
            ["counts", to] => answer(&of(to).counts()),
            ["prefix", to] => answer(&of(to).prefix()),
            ["outcomes", to] => answer(&of(to).outcomes()),
            ["members"] => answer(&members(&node)),
            ["masters"] => {
                let view = node.view();
                let masters = view.instances().iter().filter(|it| it.role() == Some(Role::Master));
                let named = masters.map(|it| (it.node().name.clone(), it.epoch().map_or(0, Epoch::number)));
                answer(&named.collect::<Vec<_>>());
            }
            // Begins a call to this node's own ledger.
            ["own", id, work] => answer(&act(&node, &own, id, work.parse().expect("milliseconds"))),
            // Begins a call with an argument of so many bytes.
            ["large", id, bytes] => answer(&large(&node, &own, id, bytes.parse().expect("bytes"))),
            ["outcome"] => answer(&*own.lock().unwrap_or_else(PoisonError::into_inner)),
            _ => panic!("not understood: {line}"),
        }
    }
    exit(3);
}

fn act(node: &Node, own: &Own, id: &str, work: u64) {
    let (node, own, id) = (node.clone(), Arc::clone(own), id.to_owned());
    *own.lock().unwrap_or_else(PoisonError::into_inner) = None;
    tokio::spawn(async move {
        let outcome = node.local::<Ledger>().rpc_act(id, work).timeout(Duration::from_secs(60)).await;
        *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(told(outcome));
    });
}

fn large(node: &Node, own: &Own, id: &str, bytes: usize) {
    let (client, own, id) = (node.client::<CounterClient>(), Arc::clone(own), id.to_owned());
    *own.lock().unwrap_or_else(PoisonError::into_inner) = None;
    tokio::spawn(async move {
        let outcome = client.rpc_take(id, vec![7; bytes]).timeout(Duration::from_secs(60)).await;
        *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(told(outcome));
    });
}

/// `Done`, or the class and the reason.
fn told<E: Debug>(outcome: Result<String, CallError<E>>) -> String {
    match outcome {
        Ok(_) => "Done".into(),
        Err(CallError::App(_)) => "Fenced".into(),
        Err(CallError::NotExecuted(refused)) => format!("NotExecuted({})", variant(refused.reason())),
        Err(CallError::MaybeExecuted(lost)) => format!("MaybeExecuted({})", variant(lost.reason())),
    }
}

/// Nodes as `name incarnation`, counters as `counter name`.
fn members(node: &Node) -> BTreeSet<String> {
    let view = node.view();
    let nodes = view.nodes().map(|node| format!("{} {}", node.name, node.key.incarnation));
    let counters = view.instances().iter().filter(|it| it.identity().name == "counter");
    nodes.chain(counters.map(|it| format!("counter {}", it.identity().id))).collect()
}

pub(crate) fn answer<T: serde::Serialize>(value: &T) {
    println!("{}", serde_json::to_string(value).expect("text and numbers"));
}
