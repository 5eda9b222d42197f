//! Many nodes of one process with the embedded registry: all start.

use ember::{prelude::*, registry::Embedded};
use ember_tests::{embedded_node::private_folder, simulation::scale};
use futures_util::future::join_all;
use tokio::time::{Duration, timeout};

/// Debug builds on a busy machine.
const PATIENT: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_nodes_of_one_process_start_at_once_with_the_embedded_registry() {
    // Where the machine is busy, so many did not start; where it was idle, three hundred did not.
    let count = 200 * scale().min(2) as usize;
    let folder = private_folder();
    let start = |number| Node::builder().name(format!("node-{number}")).registry(Embedded::at(folder.path())).start();
    let nodes: Vec<_> = join_all((0..count).map(start)).await.into_iter().map(Result::unwrap).collect();
    for node in &nodes {
        let all = node.wait_for_view(|view| view.nodes().len() == count);
        timeout(PATIENT, all).await.expect("each node to see all");
    }
}
