//! The service alone, in one process: no registry, no network.

use counter_api::{CounterClient, CounterError};
use counter_server::CounterService;
use ember::prelude::*;

#[tokio::test]
async fn what_is_over_the_limit_changes_nothing() -> ember::Result<()> {
    let node = Node::builder().service(CounterService::new(10)).start().await?;
    let counter = node.client::<CounterClient>();
    assert_eq!(counter.rpc_add("apples".into(), 7).await, Ok(7));
    assert_eq!(counter.rpc_add("apples".into(), 4).await, Err(CallError::App(CounterError::OverTheLimit(10))));
    assert_eq!(counter.rpc_sum("apples".into()).await, Ok(7));
    assert_eq!(counter.rpc_sum("pears".into()).await, Ok(0));
    node.shutdown().await
}
