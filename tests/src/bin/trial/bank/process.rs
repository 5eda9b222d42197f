//! One of the processes: a member of the bank's group, or a user of it. It obeys lines on its input, and answers each with a line of JSON.

use std::{io::stdin, process::exit, thread};

use ember::prelude::*;
use ember_tests::faults::{Configuration, Place, Started};
use tokio::sync::mpsc;

use super::{service::Bank, user::Users};
use crate::{log, node::answer};

#[tokio::main]
pub(crate) async fn run(configuration: Configuration) -> ember::Result<()> {
    log::start();
    let Configuration { name, cluster, registry, record, lease, drain, .. } = configuration;
    let mut builder = Node::builder().name(&name).cluster(&cluster).lease(lease).drain(drain);
    builder = match registry {
        Place::Embedded(folder) => builder.registry(Embedded::at(folder)),
        Place::Etcd(endpoints) => builder.registry(Etcd::new(endpoints)),
    };
    // Users have no record.
    if record.is_some() {
        builder = builder.service(Bank);
    }
    let node = builder.start().await?;
    answer(&Started { incarnation: node.key().incarnation.to_string(), endpoint: node.endpoint().to_string() });
    tokio::spawn(obey(node.clone()));
    node.run().await
}

async fn obey(node: Node) {
    let users = Users::new(&node);
    // Not tokio's: the runtime would wait for its input to end before the process could.
    let (line, mut lines) = mpsc::channel(16);
    thread::spawn(move || stdin().lines().map_while(Result::ok).try_for_each(|text| line.blocking_send(text)));
    while let Some(line) = lines.recv().await {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["use", first, lanes] => {
                let [first, lanes] = [first, lanes].map(|it| it.parse().expect("a number"));
                answer(&users.start(first, lanes));
            }
            ["stop"] => answer(&users.stop()),
            ["counts"] => answer(&users.counts()),
            ["outcomes"] => answer(&users.outcomes()),
            // When something that was asked for after this time was done.
            ["served", since] => answer(&users.served(since.parse().expect("microseconds"))),
            ["looked"] => answer(&users.looked()),
            ["states"] => answer(&users.states().await),
            _ => panic!("not understood: {line}"),
        }
    }
    exit(3);
}
