//! A selection that ends in a condition of the caller's own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ember::{ServiceState, prelude::*};

use super::{NamedClient, actor};

#[tokio::test]
async fn a_condition_decides_who_is_listed_and_who_of_all_is_called_with_each_call_anew() {
    let node = ["a", "b", "c", "d"].iter().fold(Node::builder().seed(1), |node, name| {
        node.service(actor(name).tag("size", name.len()).weight(if *name == "d" { 0 } else { 2 }))
    });
    let node = node.start().await.unwrap();
    let select = || node.select::<NamedClient>();
    let ids =
        |instances: Vec<Arc<ember::Instance>>| instances.iter().map(|it| it.identity().id.clone()).collect::<String>();
    let running = select().filter(|it| it.state() == ServiceState::Running);
    assert_eq!(ids(running.instances()), "abcd");
    assert_eq!(ids(select().id("b").filter(|_| true).instances()), "b");
    assert_eq!(
        ids(select().filter(|it| it.weight() > 0).filter(|it| it.identity().id.as_str() > "a").instances()),
        "bc"
    );
    let here = node.key().id;
    let narrowed = select().filter(|it| it.weight() > 0).tag("size", 1).node(here).id("c");
    assert_eq!(ids(narrowed.clone().instances()), "c");
    assert_eq!(ids(narrowed.version(">=99").unwrap().instances()), "");
    assert_eq!(ids(running.clone().name("nobody").instances()), "");
    assert_eq!(format!("{running:?}"), "Filtered(contract `Named`, a condition)");

    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let all = running
        .filter(move |it| {
            count.fetch_add(1, Ordering::Relaxed);
            it.identity().id != "c"
        })
        .all();
    let names = |outcomes: Vec<(ember::Pid, Result<String, CallError>)>| {
        outcomes.into_iter().map(|(_, name)| name.unwrap()).collect::<String>()
    };
    assert_eq!(names(all.rpc_name().await), "abd");
    let b = select().id("b").instances()[0].pid();
    assert!(node.pause(b));
    assert_eq!(names(all.clone().rpc_name().await), "ad");
    assert_eq!(asked.load(Ordering::Relaxed), 4 + 3);
    assert_eq!(all.rpc_name().send().sent, 2);
    assert!(select().pid(b).filter(|it| it.weight() > 7).all().rpc_name().await.is_empty());
    // Its address is data, in which there is no condition.
    assert_eq!(all.address().selector(), select().client().selector());
}
