//! Each instance has its share of the calls, by its weight.

use std::{collections::BTreeMap, time::Duration};

use ember::{
    Candidates, Choice, Pid, RefusedReason,
    prelude::*,
    testing::{Cluster, Sim},
};
use ember_tests::cluster::refused;

use super::{NamedClient, actor, spread};

const SPREAD: [Choice; 5] =
    [Choice::RoundRobin, Choice::Random, Choice::LeastInFlight, Choice::LocalFirst, Choice::LeastBusy];

fn counts<const N: usize>(of: [(&str, usize); N]) -> BTreeMap<String, usize> {
    of.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

#[tokio::test]
async fn turns_and_chances_are_by_weight_which_code_or_a_tag_says() {
    let node = Node::builder().seed(1).service(actor("a").weight(5)).service(actor("b").tag("weight", "3"));
    let node = node.service(actor("c")).service(actor("d").tag("weight", 7).weight(1)).start().await.unwrap();
    let weights: Vec<_> = node.view().instances().iter().map(|it| it.weight()).collect();
    assert_eq!(weights, [5, 3, 1, 1]);
    let client = |choice| node.select::<NamedClient>().choice(choice).client();
    let expected = counts([("a", 25), ("b", 15), ("c", 5), ("d", 5)]);
    assert_eq!(spread(&client(Choice::RoundRobin), 50).await, expected);
    assert_eq!(spread(&client(Choice::LocalFirst), 50).await, expected);
    // Nobody of much weight has many turns in a row.
    let (one, mut row) = (client(Choice::RoundRobin), Vec::new());
    for _ in 0..40 {
        row.push(one.rpc_name().await.unwrap());
    }
    assert!(row.windows(4).all(|part| part.iter().any(|name| name != "a")), "{row:?}");
    let drawn = spread(&client(Choice::Random), 1_000).await;
    assert!((440..=560).contains(&drawn["a"]) && (250..=350).contains(&drawn["b"]), "{drawn:?}");
    // Of two that have nothing to do, the one of more weight has more to give.
    let idle = spread(&client(Choice::LeastBusy), 400).await;
    assert!(idle["a"] > idle["b"] && idle["b"] > idle["c"] + idle["d"], "{idle:?}");
}

#[tokio::test]
async fn one_of_weight_0_is_called_by_those_only_who_name_it() {
    let last = |among: &Candidates<'_>| among.len().checked_sub(1);
    let node = Node::builder().seed(1).service(actor("a")).service(actor("b").weight(0)).balancer("last", last);
    let node = node.start().await.unwrap();
    let select = || node.select::<NamedClient>();
    for choice in SPREAD.into_iter().chain([Choice::Named("last".into())]) {
        let client = select().choice(choice.clone()).client();
        assert_eq!(spread(&client, 20).await, counts([("a", 20)]), "{choice:?}");
    }
    let b = select().id("b").instances()[0].pid();
    assert_eq!(select().id("b").client().rpc_name().await.unwrap(), "b");
    assert_eq!(select().pid(b).client().rpc_name().await.unwrap(), "b");
    assert_eq!(select().all().rpc_name().await.len(), 2);
    let mut keyed = BTreeMap::new();
    for key in 0..40_u32 {
        *keyed.entry(select().by_key(key).client().rpc_name().await.unwrap()).or_insert(0) += 1;
    }
    assert!(keyed["a"] > 10 && keyed["b"] > 10, "a key keeps its place: {keyed:?}");

    // If nobody is left, that is said, and what to do.
    let a = select().id("a").instances()[0].pid();
    assert!(node.set_weight(a, 0));
    for choice in SPREAD.into_iter().chain([Choice::Named("last".into())]) {
        let RefusedReason::NoTarget(text) = refused(select().choice(choice.clone()).client().rpc_name().await) else {
            panic!("another reason")
        };
        assert!(text.contains("the weight 0") && text.contains("set_weight"), "{choice:?}: {text}");
    }
    assert!(node.set_weight(b, 2));
    assert_eq!(spread(&select().client(), 10).await, counts([("b", 10)]));
    assert!(!node.set_weight(Pid { number: 1 << 40, ..b }, 2));
}

#[tokio::test]
async fn a_tag_that_is_no_weight_is_refused_when_the_service_is_started() {
    for wrong in ["heavy", "-1", "65536", "1.5", ""] {
        let refused = Node::builder().service(actor("a").tag("weight", wrong)).start().await.unwrap_err().to_string();
        assert!(
            refused.contains("from 0 to 65535") && refused.contains(&format!("\"weight\", {wrong:?}")),
            "{refused}"
        );
    }
}

/// How often each answers when `from` calls.
async fn ask(sim: &Sim, from: &str, count: usize) -> BTreeMap<String, usize> {
    sim.on(from, move |node| async move { spread(&node.client::<NamedClient>(), count).await }).await.unwrap()
}

/// Gives the actor on `host` another weight, from `by`.
async fn weigh(sim: &Sim, (host, by): (&str, &str), weight: u16) -> bool {
    let view = sim.view(by).unwrap();
    let pid = view.instances().iter().find(|it| it.identity().id == host).unwrap().pid();
    sim.on(by, move |node| async move { node.set_weight(pid, weight) }).await.unwrap()
}

#[test]
fn a_weight_that_changes_changes_whom_all_nodes_call_and_those_that_come_later() {
    let run = || {
        let cluster = Cluster::seed(5)
            .node("ann", |node| node)
            .node("a", |node| node.service(actor("a")))
            .node("b", |node| node.service(actor("b").weight(2)));
        cluster.run(async move |sim: Sim| {
            sim.settled().await;
            assert_eq!(ask(&sim, "ann", 30).await, counts([("a", 10), ("b", 20)]));
            assert!(!weigh(&sim, ("a", "ann"), 9).await, "it is not there");
            assert!(weigh(&sim, ("a", "a"), 0).await);
            assert_eq!(ask(&sim, "a", 6).await, counts([("b", 6)]), "known there at once");
            sim.settled().await;
            assert_eq!(ask(&sim, "ann", 30).await, counts([("b", 30)]));
            // It outlives a pause, and whoever starts then learns of it.
            assert!(weigh(&sim, ("a", "a"), 8).await);
            let pause = |pause: bool| {
                sim.on("a", move |node| async move {
                    let pid = node.select::<NamedClient>().id("a").instances()[0].pid();
                    if pause { node.pause(pid) } else { node.resume(pid) }
                })
            };
            assert!(pause(true).await.unwrap() && pause(false).await.unwrap());
            sim.kill("ann").await;
            sim.start("ann").await.unwrap();
            sim.settled().await;
            assert_eq!(ask(&sim, "ann", 30).await, counts([("a", 24), ("b", 6)]));
            let weights: Vec<_> = sim.view("ann").unwrap().instances().iter().map(|it| it.weight()).collect();
            assert_eq!(weights.iter().sum::<u16>(), 10);
            // One that comes back has what its code says.
            sim.kill("a").await;
            // tidy: sleep: its lease ends meanwhile
            tokio::time::sleep(Duration::from_secs(8)).await;
            sim.start("a").await.unwrap();
            sim.settled().await;
            assert_eq!(ask(&sim, "ann", 30).await, counts([("a", 10), ("b", 20)]));
            sim.trace()
        })
    };
    assert_eq!(run(), run(), "it repeats");
}
