//! One process of the cluster: a node with a ledger. Its standard input says when it holds a payment, and when it lets it go on.

use std::{
    io::stdin,
    path::Path,
    process::exit,
    sync::{Arc, atomic::Ordering},
    thread,
};

use ember::prelude::*;

use crate::{
    database::Database,
    director::LEASE,
    ledger::{Ledger, Pause},
};

pub(crate) async fn run(cluster: &str, name: &str, database: &Path) -> ember::Result<()> {
    let pause = Arc::new(Pause::default());
    let database = Database::open(database).map_err(ember::Error::other)?;
    let ledger = Ledger { node: name.into(), database, pause: Arc::clone(&pause), balance: 0 };
    let node = Node::builder().name(name).cluster(cluster).registry(Embedded::default()).lease(LEASE);
    let node = node.service(ledger).start().await?;
    // A thread, not tokio's input: the runtime would wait for its end.
    thread::spawn(move || {
        for line in stdin().lines().map_while(Result::ok) {
            match line.as_str() {
                "hold" => pause.next.store(true, Ordering::Release),
                _ => pause.over.notify_one(),
            }
        }
        // The director is gone.
        exit(3);
    });
    // Until SIGTERM: then it hands its office over, and ends.
    node.run().await
}
