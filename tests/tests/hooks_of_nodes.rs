//! What an application has to say of its node's life, and of its links.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::sync::{Arc, Mutex, PoisonError};

use ember::{
    Error, NodeKey,
    hooks::{Denied, LinkHooks, NodeHooks},
    prelude::*,
    testing::Cluster,
};
use ember_tests::wait::eventually;

/// Does not start.
#[service]
#[derive(Default)]
pub struct Broken;

#[rpc]
impl Broken {
    #[on(start)]
    async fn start(&mut self) -> ember::Result<()> {
        Err(Error::other("no"))
    }

    pub async fn rpc_never(&mut self) {}
}

#[service(name = "bank")]
#[derive(Default)]
pub struct Bank;

#[rpc]
impl Bank {
    pub async fn rpc_pay(&mut self) {}
}

/// What was heard, in its order.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what.into());
    }

    async fn until(&self, what: &str, is_so: impl Fn(&[String]) -> bool) {
        eventually(what, async || is_so(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).then_some(())).await;
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells of nodes and links.
struct Witness(Heard, bool);

impl NodeHooks for Witness {
    fn starting(&self, name: &str) -> Result<(), Denied> {
        self.0.note(format!("{name} is starting"));
        if self.1 { Err("not today".into()) } else { Ok(()) }
    }

    fn started(&self, _: NodeKey) {
        self.0.note("started");
    }

    fn stopping(&self, _: NodeKey) {
        self.0.note("stopping");
    }

    fn stopped(&self, _: NodeKey, late: Option<&str>) {
        self.0.note(format!("stopped {late:?}"));
    }
}

impl LinkHooks for Witness {
    fn admit(&self, _: NodeKey) -> Result<(), Denied> {
        self.0.note("admits");
        if self.1 { Err("not this one".into()) } else { Ok(()) }
    }

    fn up(&self, _: NodeKey) {
        self.0.note("up");
    }

    fn down(&self, _: NodeKey, why: &str) {
        assert!(!why.is_empty());
        self.0.note("down");
    }
}

#[tokio::test]
async fn hooks_of_a_node_hear_of_its_life_and_can_keep_it_from_starting() {
    let heard = Heard::default();
    let node = Node::builder().name("ada").node_hooks(Witness(heard.clone(), false)).start().await.expect("it starts");
    node.shutdown().await.expect("it ends");
    assert_eq!(heard.take(), ["ada is starting", "started", "stopping", "stopped None"]);
    let denied = Node::builder().name("ada").service(Bank).node_hooks(Witness(heard.clone(), true)).start().await;
    let Err(Error::Denied { by, reason }) = denied else { panic!("it does not start") };
    assert_eq!((&*by, &*reason), (std::any::type_name::<Witness>(), "not today"));
    assert_eq!(heard.take(), ["ada is starting"]);
    let twice = Node::builder().name("ada").service(Bank).node_hooks(Witness(heard.clone(), false));
    let twice = twice.balancer("one", |_: &ember::Candidates<'_>| Some(0)).service(Broken);
    let Err(error) = twice.start().await else { panic!("it does not start") };
    let ends = format!("stopped {:?}", Some(format!("it did not start: {error}")));
    assert_eq!(heard.take(), ["ada is starting", &ends], "and not that it was stopping, for it had not started");
}

#[test]
fn hooks_of_links_are_asked_on_both_sides_and_hear_of_ups_and_downs() {
    let (mine, theirs) = (Heard::default(), Heard::default());
    let (one, two) = (mine.clone(), theirs.clone());
    let cluster = Cluster::seed(1)
        .node("ada", move |node| node.link_hooks(Witness(one.clone(), false)))
        .node("one", move |node| node.service(Bank).link_hooks(Witness(two.clone(), false)));
    cluster.run(|sim| async move {
        sim.linked("ada", "one").await;
        sim.kill("one").await;
        mine.until("the link ends", |it| it.iter().any(|it| it == "down")).await;
        assert_eq!(mine.take(), ["admits", "up", "down"]);
        assert_eq!(theirs.take()[..2], ["admits", "up"]);
    });
}

#[test]
fn a_node_that_a_hook_does_not_admit_gets_no_link_and_is_told_why() {
    for here in [true, false] {
        let heard = Heard::default();
        let (mine, theirs) = (heard.clone(), heard.clone());
        let cluster = Cluster::seed(2)
            .node("ada", move |node| node.link_hooks(Witness(mine.clone(), here)))
            .node("one", move |node| node.service(Bank).link_hooks(Witness(theirs.clone(), !here)));
        cluster.run(move |sim| async move {
            sim.settled().await;
            let outcome = sim.on("ada", |node| async move { node.client::<BankClient>().rpc_pay().await }).await;
            let Ok(Err(CallError::NotExecuted(refused))) = outcome else { panic!("it is refused, not {outcome:?}") };
            assert!(refused.to_string().contains("not this one"), "{refused}");
        });
    }
}
