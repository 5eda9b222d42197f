//! Client and server on two nodes, over a real connection, in one process.

use counter_server::CounterService;
use ember::{prelude::*, registry::InProcess};

#[tokio::test]
async fn a_client_counts_on_another_node() -> ember::Result<()> {
    let registry = InProcess::default();
    let there = Node::builder().registry(registry.clone()).service(CounterService::new(10)).start().await?;
    let here = Node::builder().registry(registry).start().await?;
    let names = ["apples", "pears", "apples"].map(String::from);
    assert_eq!(counter_client::count(&here, &names).await?, 2);
    here.shutdown().await?;
    there.shutdown().await
}

#[tokio::test(start_paused = true)]
async fn a_client_that_finds_nobody_says_what_to_start() {
    let node = Node::builder().start().await.expect("a node of its own");
    let error = counter_client::count(&node, &[]).await.expect_err("nobody serves");
    assert!(error.to_string().contains("start `counter-server`"), "{error}");
}
