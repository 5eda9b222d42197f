//! What is called: a service that writes down, before anything else, that it was.

use std::{fs::File, io::Write, path::Path, time::Duration};

use ember::prelude::*;

/// Writes each request that it starts to execute in a file: what is written is not lost with the process.
#[service(name = "counter")]
pub(crate) struct Counter {
    node: String,
    record: File,
}

impl Counter {
    pub(crate) fn new(node: &str, record: &Path) -> Self {
        let record = File::options().create(true).append(true).open(record).expect("a file for the record");
        Self { node: node.into(), record }
    }

    fn executed(&mut self, request: &str) {
        self.record.write_all(format!("{request}\n").as_bytes()).expect("to write the record");
    }
}

#[rpc]
impl Counter {
    /// Works for some milliseconds; the name of its node.
    pub(crate) async fn rpc_count(&mut self, request: String, work: u64) -> String {
        self.executed(&request);
        if work > 0 {
            // tidy: sleep: the work that a call stands for
            tokio::time::sleep(Duration::from_millis(work)).await;
        }
        self.node.clone()
    }

    /// Takes something large; the name of its node.
    pub(crate) async fn rpc_take(&mut self, request: String, _large: Vec<u8>) -> String {
        self.executed(&request);
        self.node.clone()
    }

    /// For one-way calls.
    pub(crate) async fn rpc_note(&mut self, request: String) {
        self.executed(&request);
    }
}
