//! A choice of one's own: the selector names it, and the node that calls says what it does.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use ember::{
    Address, Candidates, Choice, Key, RefusedReason, Selector,
    prelude::*,
    serde_json,
    testing::{Cluster, Sim},
};
use ember_tests::cluster::refused;

#[service(name = "desk")]
#[derive(Default)]
pub struct Desk {
    number: u32,
    told: u32,
}

#[rpc]
impl Desk {
    pub async fn rpc_number(&mut self) -> u32 {
        self.number
    }

    pub async fn rpc_tell(&mut self) {
        self.told += 1;
    }

    pub async fn rpc_wait(&mut self) {
        std::future::pending::<()>().await;
    }

    #[rpc(key = "player")]
    pub async fn rpc_of(&mut self, player: u32) -> u32 {
        let _ = player;
        self.number
    }

    pub async fn rpc_told(&mut self) -> u32 {
        self.told
    }
}

fn desk(number: u32) -> Hosted<Desk> {
    Hosted::new(Desk { number, told: 0 }).id(number.to_string()).tag("rank", number.to_string())
}

fn desks(count: u32) -> NodeBuilder {
    (1..=count).fold(Node::builder().seed(1), |node, number| node.service(desk(number)))
}

/// The one of the highest rank.
fn highest(among: &Candidates<'_>) -> Option<usize> {
    (0..among.len()).max_by_key(|&place| among.at(place).map(|it| it.identity().tags["rank"].clone()))
}

fn not_chosen(outcome: Result<u32, ember::CallError>) -> String {
    match refused(outcome) {
        RefusedReason::NotChosen(text) => text,
        other => panic!("another reason: {other:?}"),
    }
}

#[tokio::test]
async fn a_balancer_is_asked_anew_for_each_call_also_one_way_and_of_one_and_not_where_there_is_no_choice() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let in_turn = move |among: &Candidates<'_>| {
        let pids: Vec<_> = among.iter().map(|it| it.pid()).collect();
        assert!(pids.is_sorted(), "{pids:?}");
        Some(count.fetch_add(1, Ordering::Relaxed) % among.len())
    };
    let node = desks(3).balancer("mine", in_turn).start().await.unwrap();
    let select = || node.select::<DeskClient>().balance("mine");
    let client = select().client();
    for number in [1, 2, 3, 1, 2, 3] {
        assert_eq!(client.rpc_number().await, Ok(number));
    }
    for _ in 0..3 {
        client.rpc_tell().send().unwrap();
    }
    for number in 1..=3 {
        let one = node.select::<DeskClient>().id(number.to_string()).client();
        assert_eq!(one.rpc_told().await, Ok(1));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 9);
    let first = select().id("1").client();
    assert_eq!((first.rpc_number().await, first.rpc_number().await), (Ok(1), Ok(1)));
    assert_eq!(asked.load(Ordering::Relaxed), 11, "of one it is asked as well");
    let pid = select().instances()[1].pid();
    assert_eq!(select().pid(pid).client().rpc_number().await, Ok(2));
    assert_eq!(select().all().rpc_number().await.len(), 3);
    assert_eq!(asked.load(Ordering::Relaxed), 11);
}

/// What a balancer was shown: of each its id, weight, calls in flight here, and load; and the key.
type Shown = (Vec<(String, u16, usize, usize)>, Option<Key>);

#[tokio::test]
async fn a_balancer_sees_weights_loads_and_the_key_of_the_contract() {
    let shown = Arc::<Mutex<Vec<Shown>>>::default();
    let told = Arc::clone(&shown);
    let looks = move |among: &Candidates<'_>| {
        let one = |it: ember::Candidate<'_>| (it.identity().id.clone(), it.weight(), it.in_flight(), it.load().total());
        told.lock().unwrap().push((among.iter().map(one).collect(), among.key()));
        among.len().checked_sub(1)
    };
    let node = Node::builder().seed(1).service(desk(1).weight(7)).service(desk(2)).service(desk(3).weight(0));
    let node = node.balancer("looks", looks).start().await.unwrap();
    let slow = tokio::spawn(node.select::<DeskClient>().id(1).client().rpc_wait().into_future());
    while node.select::<DeskClient>().id(1).instances()[0].load().running == 0 {
        tokio::task::yield_now().await;
    }
    let client = node.select::<DeskClient>().balance("looks").client();
    assert_eq!(client.rpc_number().await, Ok(2));
    assert_eq!(client.rpc_of(5).await, Ok(2));
    slow.abort();
    let one = |id: &str, weight, in_flight, load| (id.to_owned(), weight, in_flight, load);
    let seen = || vec![one("1", 7, 1, 1), one("2", 1, 0, 0)];
    assert_eq!(*shown.lock().unwrap(), [(seen(), None), (seen(), Some(Key::of(&5_u32).unwrap()))]);
}

#[tokio::test]
async fn what_a_balancer_does_wrong_costs_that_call_only_and_is_said() {
    let next = Arc::new(AtomicUsize::new(0));
    let number = Arc::clone(&next);
    let strange = move |_: &Candidates<'_>| match number.fetch_add(1, Ordering::Relaxed) % 4 {
        0 => panic!("no idea"),
        1 => Some(3),
        2 => None,
        _ => Some(2),
    };
    let node = desks(3).balancer("strange", strange).start().await.unwrap();
    let client = node.select::<DeskClient>().balance("strange").client();
    for _ in 0..2 {
        assert_eq!(not_chosen(client.rpc_number().await), "the balancer \"strange\" panicked: no idea");
        let text = not_chosen(client.rpc_number().await);
        assert_eq!(text, "the balancer \"strange\" chose the place 3 of 3: places are counted from 0");
        assert_eq!(
            not_chosen(client.rpc_number().await),
            "the balancer \"strange\" chose none of 3: it has to name a place for each call that is to be made"
        );
        assert_eq!(client.rpc_number().await, Ok(3));
    }
    let refused = client.rpc_tell().send().unwrap_err();
    assert!(refused.to_string().contains("panicked: no idea"), "{refused}");
    // What is asked may look at what it likes.
    let nobody = node.select::<DeskClient>().id("9").balance("strange").client();
    assert!(nobody.rpc_number().await.unwrap_err().to_string().contains("no live instance matches"));
}

#[tokio::test]
async fn a_name_that_a_node_does_not_know_is_refused_with_those_that_it_knows_and_given_twice_it_does_not_start() {
    let node = desks(2).balancer("highest", highest).balancer("first", |_: &Candidates<'_>| Some(0));
    let node = node.start().await.unwrap();
    let text = not_chosen(node.select::<DeskClient>().balance("mine").client().rpc_number().await);
    assert!(text.contains("no balancer \"mine\" (it has \"first\", \"highest\"): name one by `NodeBuilder"), "{text}");

    let text = not_chosen(node.select::<DeskClient>().balance("higest").client().rpc_number().await);
    assert!(
        text.contains("no balancer \"higest\": did you mean \"highest\"? (it has \"first\", \"highest\")"),
        "{text}"
    );

    let twice = desks(1).balancer("highest", highest).balancer("highest", highest).start().await.unwrap_err();
    assert!(twice.to_string().contains("`.balancer(\"highest\", …)` was given twice"), "{twice}");
    assert!(desks(1).balancer("", highest).start().await.is_err());
}

#[tokio::test]
async fn a_named_choice_is_data_and_what_was_written_before_there_were_names_is_read() {
    let node = desks(1).balancer("highest", highest).start().await.unwrap();
    let client = node.select::<DeskClient>().balance("highest").client();
    let (text, address) = (client.selector().to_string(), client.address());
    assert_eq!(text, "service `desk` balance=highest");
    let written = serde_json::to_string(&address).unwrap();
    let read: Address<DeskClient> = serde_json::from_str(&written).unwrap();
    assert!(read == address && read.selector().choice == Choice::Named("highest".into()));
    assert_eq!(read.client(&node).rpc_number().await, Ok(1));

    let plain = node.client::<DeskClient>().selector().clone();
    assert_eq!(plain.to_string(), "service `desk`");
    let before = serde_json::to_value(&plain).unwrap();
    assert_eq!(before["choice"], "RoundRobin");
    assert_eq!(serde_json::from_value::<Selector>(before).unwrap(), plain);
}

/// What a node is told that calls by an address that another has made.
async fn by_address(sim: &Sim, from: &str, written: &str) -> Result<u32, ember::CallError> {
    let address: Address<DeskClient> = serde_json::from_str(written).unwrap();
    sim.on(from, |node| async move { address.client(&node).rpc_number().await }).await.expect("it lives")
}

#[test]
fn each_node_asks_its_own_balancer_of_a_name_also_for_instances_elsewhere_and_one_without_it_says_so() {
    let any = |among: &Candidates<'_>| Some(among.random(among.len()));
    let run = move |seed| {
        let cluster = Cluster::seed(seed)
            .node("ada", move |node| node.balancer("mine", highest).balancer("any", any).service(desk(1)))
            .node("bob", |node| node.balancer("mine", |_: &Candidates<'_>| Some(0)).service(desk(2)))
            .node("eve", |node| node.service(desk(3)));
        let numbers = Arc::new(std::sync::Mutex::new(Vec::new()));
        let drawn = Arc::clone(&numbers);
        cluster.run(move |sim| async move {
            sim.settled().await;
            let written = sim.on("ada", |node| async move {
                serde_json::to_string(&node.select::<DeskClient>().balance("mine").client().address()).unwrap()
            });
            let written = written.await.expect("it lives");
            assert_eq!(by_address(&sim, "ada", &written).await, Ok(3));
            // The first by pid, whoever that is.
            let first = by_address(&sim, "bob", &written).await.unwrap();
            assert_eq!(by_address(&sim, "bob", &written).await, Ok(first));
            let text = not_chosen(by_address(&sim, "eve", &written).await);
            assert!(text.contains("no balancer \"mine\" (it has none)"), "{text}");
            let random = sim.on("ada", |node| async move {
                let client = node.select::<DeskClient>().balance("any").client();
                let mut numbers = Vec::new();
                for _ in 0..20 {
                    numbers.push(client.rpc_number().await.unwrap());
                }
                numbers
            });
            *drawn.lock().unwrap() = random.await.expect("it lives");
            // One that is gone is no candidate.
            sim.kill("eve").await;
            sim.settled().await;
            let text = by_address(&sim, "ada", &written).await;
            assert_eq!(text, Ok(2));
        });
        Arc::try_unwrap(numbers).unwrap().into_inner().unwrap()
    };
    let drawn = run(7);
    assert_eq!(drawn, run(7), "it repeats");
    assert!([1, 2, 3].iter().all(|number| drawn.contains(number)), "{drawn:?}");
}
