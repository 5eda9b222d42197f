//! A node for tests that kill, freeze and restart the master of an elected service. It obeys lines on its input, and answers each with a
//! line of JSON. It shuts down on SIGTERM, and exits with 3 when its input ends.

mod book;
mod calls;

use std::{
    io::stdin,
    process::{ExitCode, exit},
    thread,
    time::Duration,
};

use ember::{Role, prelude::*};
use ember_tests::faults::{Configuration, Place, Started};
use tokio::sync::mpsc;

use crate::{
    book::{Book, BookClient},
    calls::Calls,
};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> ember::Result<()> {
    let argument = std::env::args().nth(1).expect("usage: elected-node <configuration>");
    let Configuration { name, cluster, registry, record, lease, office, drain, .. } =
        serde_json::from_str(&argument).expect("a configuration");
    let mut builder = Node::builder().name(&name).cluster(&cluster).lease(lease).drain(drain);
    builder = match registry {
        Place::Embedded(folder) => builder.registry(Embedded::at(folder)),
        Place::Etcd(endpoints) => builder.registry(Etcd::new(endpoints)),
    };
    if let Some(record) = record {
        builder = builder.service(Hosted::new(Book::new(&name, &record)).lease(office));
    }
    let node = builder.start().await?;
    answer(&Started { incarnation: node.key().incarnation.to_string(), endpoint: node.endpoint().to_string() });
    tokio::spawn(obey(node.clone()));
    node.run().await
}

async fn obey(node: Node) {
    let calls = Calls::new(node.clone());
    // Not tokio's: the runtime would wait for its input to end before the process could.
    let (line, mut lines) = mpsc::channel(16);
    thread::spawn(move || stdin().lines().map_while(Result::ok).try_for_each(|text| line.blocking_send(text)));
    while let Some(line) = lines.recv().await {
        match line.split(' ').collect::<Vec<_>>()[..] {
            // Begins a call to this node's own instance.
            ["own", id, work, timeout] => {
                let number = |text: &str| text.parse().expect("milliseconds");
                answer(&calls.own(id, number(work), Duration::from_millis(number(timeout))));
            }
            // Begins calls to the master, one after the other.
            ["steady"] => answer(&calls.steady()),
            ["stop"] => answer(&calls.stop()),
            ["outcomes"] => answer(&calls.outcomes()),
            // The masters in its view, and their epochs.
            ["masters"] => {
                let view = node.view();
                let masters = view.instances().iter().filter(|it| it.role() == Some(Role::Master));
                let named = masters.map(|it| (it.node().name.clone(), it.epoch().map_or(0, Epoch::number)));
                answer(&named.collect::<Vec<_>>());
            }
            // What its own instance was told of its role.
            ["told"] => answer(&node.local::<Book>().rpc_told().await.expect("an instance that runs")),
            ["instances"] => answer(&node.select::<BookClient>().include_slaves().instances().len()),
            _ => panic!("not understood: {line}"),
        }
    }
    exit(3);
}

fn answer<T: serde::Serialize>(value: &T) {
    println!("{}", serde_json::to_string(value).expect("text and numbers"));
}
