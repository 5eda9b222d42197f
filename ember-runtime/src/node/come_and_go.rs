//! Tests: nodes that come and go, and what is kept of them.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::{node::life::Node, registry::InProcess};

async fn start(registry: &InProcess, name: String) -> Node {
    // A short lease: that is how long a crashed node stays in the view.
    Node::builder().name(name).registry(registry.clone()).lease(Duration::from_secs(2)).start().await.unwrap()
}

/// How many entries the links of `node` have for others, and how many of them are up.
fn kept(node: &Node) -> (usize, usize) {
    node.inner.membership.get().unwrap().links.kept()
}

#[tokio::test]
async fn a_node_keeps_nothing_of_those_that_have_left_or_crashed() {
    let registry = InProcess::default();
    let (here, stays) = (start(&registry, "here".into()).await, start(&registry, "stays".into()).await);
    timeout(Duration::from_secs(20), stays.linked("here")).await.expect("a link in time");
    for round in 0..30 {
        let name = format!("guest-{round}");
        let guest = start(&registry, name.clone()).await;
        let (from, to) = if round % 2 == 0 { (&here, &*name) } else { (&guest, "here") };
        timeout(Duration::from_secs(20), from.linked(to)).await.expect("a link in time");
        // A shutdown takes the entry out of the registry before the link ends.
        if round % 3 > 0 {
            guest.shutdown().await.unwrap();
        }
        drop(guest);
    }
    let gone = here.wait_for_view(|view| view.nodes().len() == 2);
    timeout(Duration::from_secs(30), gone).await.expect("the view to have the living ones only");
    let given_back = async {
        while kept(&here) != (1, 1) {
            // tidy: sleep: it looks again and again, for a fact that nobody announces
            sleep(Duration::from_millis(5)).await;
        }
    };
    let late = timeout(Duration::from_secs(20), given_back).await.is_err();
    assert!(!late, "it keeps entries and links: {:?}", kept(&here));
}
