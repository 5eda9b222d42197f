//! What the judge does to a cluster beside killing it, and what it looks at without a model: calls that were drawn, and what they did.
// tidy: virtual time

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{cell::Cell, rc::Rc, time::Duration};

use ember::{
    prelude::*,
    serde_json::{Value, json},
    testing::{
        Cluster, Registry, Sim,
        prove::{Drawn, DrawnCall, DrawnResult, Kind, Prove, prove},
    },
};
use ember_tests::simulation::scale;
use tokio::time::{Instant, sleep};

#[message]
#[derive(Debug, Clone, PartialEq)]
enum Order {
    Nothing,
    Some { of: String, count: u8 },
}

/// Counts, slowly; and opens shelves.
#[service]
#[derive(Debug, Default)]
struct Shop {
    sold: u64,
}

#[rpc]
impl Shop {
    pub async fn rpc_sell(&mut self, count: u8) -> u64 {
        sleep(Duration::from_millis(20)).await;
        self.sold += u64::from(count);
        self.sold
    }

    pub async fn rpc_order(&mut self, order: Order, at: Option<i32>) -> Result<usize, String> {
        match order {
            Order::Nothing => Err("nothing".into()),
            Order::Some { of, count } => Ok(of.len() + usize::from(count) + at.map_or(0, |_| 1)),
        }
    }

    /// Puts up a shelf, which is a service of its own, and takes something from it.
    pub async fn rpc_shelve(&mut self, cx: &mut Cx<'_, Self>, things: u64) -> Result<u64, String> {
        let shelf = cx.spawn(Shelf { things }).await.map_err(|error| error.to_string())?;
        let shelf = cx.select::<ShelfClient>().pid(shelf).client();
        shelf.rpc_take().await.map_err(|error| error.to_string())
    }

    /// For as long as no time passes.
    pub async fn rpc_hurry(&mut self, cx: &mut Cx<'_, Self>) {
        loop {
            let _refused = cx.client::<NowhereClient>().rpc_take().await;
        }
    }
}

#[service]
#[derive(Debug)]
struct Shelf {
    things: u64,
}

#[rpc]
impl Shelf {
    pub async fn rpc_take(&mut self) -> u64 {
        self.things = self.things.saturating_sub(1);
        self.things
    }
}

/// No node has it.
#[service]
#[derive(Debug)]
struct Nowhere;

#[rpc]
impl Nowhere {
    pub async fn rpc_take(&mut self) {}
}

fn shops(seed: u64) -> Cluster {
    Cluster::seed(seed)
        .ttl(Duration::from_secs(2))
        .tick(Duration::from_millis(10))
        .node("ada", |node| node)
        .node("bob", |node| node.service(Shop::default()))
}

fn drawn(seeds: u64, bounds: Drawn) -> Prove<DrawnCall, DrawnResult> {
    let proof = prove(shops).draw(bounds.except(&["Shop.rpc_hurry"])).seeds(seeds * scale());
    proof.clients(2).calls(25).span(Duration::from_secs(3)).faults(4)
}

#[test]
fn calls_that_nobody_wrote_are_drawn_from_the_schemas_and_judged() {
    let seen = Rc::new(Cell::new([0_usize; 4]));
    let all = Rc::clone(&seen);
    let proof = drawn(25, Drawn::default()).invariant("calls fit their methods", move |history| {
        let mut counts = all.get();
        for (call, told) in history.done() {
            let at = match (&*call.method, told) {
                ("rpc_sell", Ok(sold)) if sold.is_u64() => 0,
                ("rpc_order", Ok(length)) if call.args["order"]["Some"]["of"].is_string() && length.is_u64() => 1,
                ("rpc_order", Err(why)) if call.args["order"] == "Nothing" && why == "nothing" => 2,
                ("rpc_shelve", Ok(_)) => 3,
                other => return Err(format!("{call:?}: {other:?}")),
            };
            counts[at] += 1;
        }
        all.set(counts);
        Ok(())
    });
    let report = proof.run();
    println!("{report}; {:?}", seen.get());
    assert!(seen.get().iter().all(|count| *count > 50), "{:?}", seen.get());
    assert!(report.maybe_executed * 100 > report.done, "calls in flight are hit: {report}");
}

#[test]
fn bounds_are_kept_and_a_wrong_answer_to_a_drawn_call_is_found() {
    let bounds =
        Drawn::default().only(&["Shop.rpc_order"]).among("order", &[json!({ "Some": { "of": "pie", "count": 250 } })]);
    let proof = drawn(5, bounds).only(&[]).invariant("no order is large", |history| {
        let large = history.done().find(|(_, told)| **told == Ok(Value::from(254)));
        large.map_or(Ok(()), |(call, _)| Err(format!("{call:?}")))
    });
    let failed = proof.outcome().expect_err("an order with a place is one larger");
    let text = failed.to_string();
    assert!(text.contains(r#"Shop.rpc_order({"at":"#) && text.contains(r#"{"count":250,"of":"pie"}"#), "{text}");
    let nothing = drawn(1, Drawn::default().only(&["Shop.rpc_buy"])).outcome().expect_err("there is no such method");
    assert!(nothing.to_string().contains("there is no call to draw: of [\"Shop."), "{nothing}");
}

#[test]
fn two_runs_of_a_seed_have_one_trace_with_spawned_services_in_it() {
    let run = |seed| {
        shops(seed).node("eve", |node| node.service(Shop::default())).run(|sim| async move {
            let shelve = |node: Node, things: u64| async move { node.client::<ShopClient>().rpc_shelve(things).await };
            for things in 1..30 {
                let told = sim.on("ada", move |node| shelve(node, things)).await.expect("ada runs");
                sim.note(format!("{told:?}"));
                if things == 10 {
                    sim.pause("bob");
                } else if things == 20 {
                    sim.resume("bob");
                    sim.kill("eve").await;
                }
            }
            sim.trace()
        })
    };
    let (first, second) = (run(7), run(7));
    assert_eq!(first.difference(&second), None);
    assert_eq!(first, second);
    assert!(first.events().iter().filter(|event| event.what.starts_with("Ok(")).count() > 15, "{first:?}");
    assert_ne!(first.digest(), run(8).digest());
    let proof = |seed_from| drawn(seed_from, Drawn::default().only(&["Shop.rpc_shelve"])).run();
    assert_eq!(proof(6), proof(6));
}

#[test]
fn what_never_waits_is_told_with_its_seed_and_does_not_hang() {
    let hurry = |workload: fn(Node) -> futures::Busy| {
        let proof = prove::<u8, u64>(shops).seeds(1).clients(1).calls(1).from(&["ada"]).only(&[]);
        let proof = proof.workload(move |user| async move {
            while user.turn().await {
                workload(user.node().clone()).await;
            }
        });
        proof.outcome().expect_err("it never waits").to_string()
    };
    let text = hurry(|node| {
        Box::pin(async move {
            loop {
                let _refused = node.client::<NowhereClient>().rpc_take().await;
            }
        })
    });
    assert!(
        text.contains("seed 1 failed") && text.contains("EMBER_PROVE='seed=1 clients=1 calls=1 faults=none'"),
        "{text}"
    );
    assert!(text.contains("ada has made 20000 calls at") && text.contains("must wait in between"), "{text}");
    let text = hurry(|_| {
        Box::pin(async {
            loop {
                tokio::task::yield_now().await;
            }
        })
    });
    assert!(text.contains("the workload of ada#0 has been polled 20000 times at"), "{text}");
    let text = hurry(|node| {
        Box::pin(async move {
            node.shutdown().await.unwrap();
            loop {
                let _closed = node.unique_id().await;
            }
        })
    });
    assert!(text.contains("the workload of ada#0 has been polled 20000 times at"), "{text}");
    let text = hurry(|node| {
        Box::pin(async move {
            let _hurried = node.client::<ShopClient>().rpc_hurry().await;
        })
    });
    assert!(text.contains("bob has made 20000 calls at"), "a service's own: {text}");
}

mod futures {
    pub type Busy = std::pin::Pin<Box<dyn Future<Output = ()>>>;
}

fn simulated<T: 'static, B: Future<Output = T> + 'static>(body: impl FnOnce(Sim) -> B + 'static) -> T {
    shops(1).tick(Duration::from_millis(1)).run(body)
}

async fn sell(node: Node) -> Result<u64, CallError> {
    node.client::<ShopClient>().rpc_sell(1).timeout(Duration::from_secs(30)).await
}

#[test]
fn a_host_that_stands_still_does_nothing_keeps_its_connections_and_is_late_when_it_goes_on() {
    simulated(|sim| async move {
        sim.settled().await;
        sim.linked("ada", "bob").await;
        let waited = sim.on("bob", |_| async {
            let began = Instant::now();
            sleep(Duration::from_millis(100)).await;
            began.elapsed()
        });
        sleep(Duration::from_millis(10)).await;
        let stands = sim.elapsed();
        sim.pause("bob");
        let sold = sim.on("ada", sell);
        sleep(Duration::from_millis(700)).await;
        sim.resume("bob");
        let waited = waited.await.expect("bob runs");
        assert!((700..750).contains(&(waited.as_millis() as u64)), "a timer of 100 ms fired after {waited:?}");
        assert_eq!(sold.await.expect("ada runs"), Ok(1), "over the same connection");
        let took = sim.elapsed() - stands;
        assert!((700..780).contains(&(took.as_millis() as u64)), "the call was handled after {took:?}");
        assert!(
            sim.trace().events().iter().all(|event| !event.what.contains("bob:7000: connected") || event.at < stands)
        );
    });
}

#[test]
fn a_host_that_stands_still_past_its_lease_is_gone_and_comes_back_as_the_same_process() {
    simulated(|sim| async move {
        sim.settled().await;
        let sold = sim.on("ada", sell).await.expect("ada runs");
        sim.pause("bob");
        let gone = sim.on("ada", |node| async move { node.wait_for_view(|view| view.nodes().len() == 1).await });
        gone.await.expect("ada runs");
        assert!(sim.on("ada", sell).await.expect("ada runs").is_err(), "nobody sells");
        sim.resume("bob");
        sim.settled().await;
        assert_eq!((sold, sim.on("ada", sell).await.expect("ada runs")), (Ok(1), Ok(2)), "what it had in memory");
        sim.pause("bob");
        sim.kill("bob").await;
        sim.start("bob").await.expect("a kill ends the pause");
        sim.settled().await;
    });
}

#[test]
fn a_registry_that_stands_still_or_is_put_back_to_a_backup_disturbs_no_call() {
    simulated(|sim| async move {
        sim.settled().await;
        let backup = sim.registry_backup();
        sim.kill("bob").await;
        sim.start("bob").await.expect("it starts");
        sim.settled().await;
        sim.pause("registry");
        for _ in 0..50 {
            sim.on("ada", sell).await.expect("ada runs").expect("bob sells");
            sleep(Duration::from_millis(60)).await;
        }
        sim.resume("registry");
        sim.settled().await;
        // It knows bob's earlier run, and not the one that lives.
        sim.registry_restore(&backup);
        sleep(Duration::from_millis(500)).await;
        sim.on("ada", sell).await.expect("ada runs").expect("bob sells");
        sim.settled().await;
        sim.registry_down();
        sim.registry_restore(&backup);
        sim.registry_up(Registry::Kept);
        sim.settled().await;
        sim.on("ada", sell).await.expect("ada runs").expect("bob sells");
    });
}

#[test]
fn a_node_whose_lease_ends_while_it_lives_is_registered_again() {
    simulated(|sim| async move {
        sim.settled().await;
        let before = sim.view("ada").expect("it runs");
        sim.expire_lease("bob");
        let gone = sim.on("ada", |node| async move { node.wait_for_view(|view| view.nodes().len() == 1).await });
        tokio::time::timeout(Duration::from_secs(1), gone).await.expect("ada hears of it").expect("ada runs");
        sim.settled().await;
        let after = sim.view("ada").expect("it runs");
        assert_eq!(before.instances().len(), after.instances().len());
        sim.on("ada", sell).await.expect("ada runs").expect("bob sells");
    });
}

#[test]
fn a_clock_that_jumps_moves_what_follows_the_calendar_and_nothing_else() {
    simulated(|sim| async move {
        sim.settled().await;
        let hour = 60 * 60 * 1_000;
        for millis in [hour, -hour, 0] {
            sim.set_clock("bob", millis);
            let began = sim.elapsed();
            sim.on("ada", sell).await.expect("ada runs").expect("bob sells");
            sleep(Duration::from_secs(5)).await;
            assert!(sim.elapsed() - began < Duration::from_secs(6));
            sim.settled().await;
        }
        let key = || sim.on("bob", |node| async move { node.key() });
        let first = key().await.expect("bob runs");
        // The next run has a lower number than this one.
        sim.set_clock("bob", -hour);
        sim.kill("bob").await;
        sim.start("bob").await.expect("it starts");
        sim.settled().await;
        let second = key().await.expect("bob runs");
        assert_ne!(first, second);
        sim.on("ada", sell).await.expect("ada runs").expect("bob sells");
    });
}

#[test]
fn each_kind_of_fault_alone_disturbs_a_cluster_and_does_not_break_it() {
    for kind in Kind::ALL {
        let report = drawn(3, Drawn::default()).only(&[kind]).run();
        assert!(report.faults >= 3 && report.done > 30, "{kind:?}: {report}");
    }
}
