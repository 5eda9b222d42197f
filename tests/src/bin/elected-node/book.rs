//! The elected service: it writes down who acts, and in which epoch, before it does anything.

use std::{fs::File, io::Write, path::Path, time::Duration};

use ember::prelude::*;

#[service(elected)]
pub(crate) struct Book {
    node: String,
    record: File,
    told: Vec<String>,
}

impl Book {
    pub(crate) fn new(node: &str, record: &Path) -> Self {
        let record = File::options().create(true).append(true).open(record).expect("a file for the record");
        Self { node: node.into(), record, told: Vec::new() }
    }

    fn write(&mut self, epoch: Epoch, act: &str) {
        let line = format!("{epoch} {} {act}\n", self.node);
        self.record.write_all(line.as_bytes()).expect("to write the record");
    }
}

#[rpc]
impl Book {
    #[on(master)]
    async fn lead(&mut self, epoch: Epoch) {
        self.write(epoch, "leads");
        self.told.push(format!("master {epoch}"));
    }

    #[on(slave)]
    async fn follow(&mut self, epoch: Epoch) {
        self.told.push(format!("slave {epoch}"));
    }

    /// Acts, and works for some milliseconds.
    pub(crate) async fn rpc_act(&mut self, cx: &mut Cx<'_, Self>, request: String, work: u64) -> String {
        self.write(cx.epoch().expect("only a master acts"), &request);
        if work > 0 {
            // tidy: sleep: the work that a call stands for
            tokio::time::sleep(Duration::from_millis(work)).await;
        }
        self.node.clone()
    }

    #[rpc(read)]
    pub(crate) async fn rpc_told(&self) -> Vec<String> {
        self.told.clone()
    }
}
