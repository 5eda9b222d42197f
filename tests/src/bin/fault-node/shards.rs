//! What is called with a key: a sharded service whose shards block their threads, and of which two are at work at once.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use ember::prelude::*;

static AT_WORK: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// How many were at work at once at most.
pub(crate) fn most() -> usize {
    MOST.load(Ordering::SeqCst)
}

/// Writes each request that it starts to execute in a file.
#[service(name = "shelf", sharded, shards = 8, workers = 2)]
pub(crate) struct Shelf {
    node: String,
    record: Arc<File>,
}

/// With the same file in each shard.
pub(crate) fn hosted(node: &str, record: &Path) -> Hosted<Shelf> {
    let record = Arc::new(File::options().create(true).append(true).open(record).expect("a file for the record"));
    let node = node.to_owned();
    Hosted::with(move || Shelf { node: node.clone(), record: Arc::clone(&record) })
}

#[rpc]
impl Shelf {
    /// Works for some milliseconds, on its thread; the name of its node.
    #[rpc(key = "key")]
    pub(crate) async fn rpc_put(&mut self, key: u64, request: String, work: u64) -> String {
        let _ = key;
        (&*self.record).write_all(format!("{request}\n").as_bytes()).expect("to write the record");
        MOST.fetch_max(AT_WORK.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // tidy: sleep: the work that a call stands for; others have threads meanwhile, so that workers alone bound them
        tokio::task::block_in_place(|| thread::sleep(Duration::from_millis(work)));
        AT_WORK.fetch_sub(1, Ordering::SeqCst);
        self.node.clone()
    }
}
