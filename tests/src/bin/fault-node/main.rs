//! A node for tests that kill, freeze, cut off and restart it. It obeys lines on its input, and answers each with a line of
//! JSON; its log goes to its standard error. It shuts down on SIGTERM, and exits with 3 when its input ends.

mod caller;
mod log;
mod service;
mod shards;
mod views;

use std::{
    io::stdin,
    process::{ExitCode, exit},
    thread,
    time::Duration,
};

use ember::{net::Endpoint, prelude::*};
use ember_tests::faults::{Configuration, Place, Started};
use tokio::{sync::mpsc, time::Instant};

use crate::{caller::Caller, views::Views};

#[tokio::main]
async fn main() -> ExitCode {
    log::start();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> ember::Result<()> {
    let argument = std::env::args().nth(1).expect("usage: fault-node <configuration>");
    let configuration: Configuration = serde_json::from_str(&argument).expect("a configuration");
    let node = start(&configuration).await?;
    let views = Views::record(&node);
    answer(&Started { incarnation: node.key().incarnation.to_string(), endpoint: node.endpoint().to_string() });
    tokio::spawn(obey(node.clone(), views));
    node.run().await
}

async fn start(configuration: &Configuration) -> ember::Result<Node> {
    let Configuration { name, cluster, registry, record, .. } = configuration;
    let mut builder = Node::builder().name(name).cluster(cluster).lease(configuration.lease).drain(configuration.drain);
    builder = match registry {
        Place::Embedded(folder) => builder.registry(Embedded::at(folder)),
        Place::Etcd(endpoints) => builder.registry(Etcd::new(endpoints)),
    };
    if let Some(address) = &configuration.listen {
        builder = builder.listen(Endpoint::Tcp(address.clone()));
    }
    if let Some(address) = &configuration.advertise {
        builder = builder.advertise(Endpoint::Tcp(address.clone()));
    }
    if let Some(record) = record {
        builder = builder.service(Hosted::new(service::Counter::new(name, record)).id(name).mailbox(1200));
        if configuration.sharded {
            builder = builder.service(shards::hosted(name, record).id(name));
        }
    }
    builder.start().await
}

async fn obey(node: Node, views: Views) {
    let caller = Caller::new(node.clone());
    // Not tokio's: the runtime would wait for its input to end before the process could.
    let (line, mut lines) = mpsc::channel(16);
    thread::spawn(move || stdin().lines().map_while(Result::ok).try_for_each(|text| line.blocking_send(text)));
    while let Some(line) = lines.recv().await {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["burst", count, to, work, timeout] => {
                caller.burst(number(count), to, number(work), number(timeout));
                answer(&"ok");
            }
            ["steady", lanes, to, pause, timeout] => {
                caller.steady(number(lanes), to, number(pause), number(timeout));
                answer(&"ok");
            }
            ["keys", keys, work, timeout] => {
                caller.keys(number(keys), number(work), number(timeout));
                answer(&"ok");
            }
            ["most"] => answer(&shards::most()),
            ["send", count, to] => answer(&caller.send(number(count), to)),
            ["large", bytes, to, timeout] => {
                caller.large(number(bytes), to, number(timeout));
                answer(&"ok");
            }
            ["block", time] => {
                answer(&"ok");
                block(Duration::from_millis(number(time)));
            }
            ["stop"] => {
                caller.stop();
                answer(&"ok");
            }
            ["summary"] => answer(&caller.summary()),
            ["outcomes"] => answer(&caller.outcomes()),
            ["members"] => answer(&views::members(&node.view())),
            ["views"] => answer(&views.so_far()),
            _ => panic!("not understood: {line}"),
        }
    }
    exit(3);
}

/// Holds up every worker of the runtime.
fn block(time: Duration) {
    let until = Instant::now() + time;
    // More than there are workers: each takes what it finds, until all are held up.
    for _ in 0..64 {
        // tidy: sleep: handlers that block their threads are what is tested
        tokio::spawn(async move { thread::sleep(until.saturating_duration_since(Instant::now())) });
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn answer<T: serde::Serialize>(value: &T) {
    println!("{}", serde_json::to_string(value).expect("text and numbers"));
}
