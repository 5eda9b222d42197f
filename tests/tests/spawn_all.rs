//! Many services started in one go, and listed: on their node, and from another.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{sync::Arc, time::Duration};

use ember::{
    Instance, RefusedReason, ServiceState, SpawnAllError, View,
    prelude::*,
    registry::Embedded,
    testing::{Cluster, Sim},
};
use ember_tests::{cluster::refused, counting::Counting, embedded_node::private_folder, gate::Gate, wait::within};

#[service(name = "room")]
#[derive(Default)]
struct Room {
    visits: u64,
}

#[rpc]
impl Room {
    pub async fn rpc_visit(&mut self) -> u64 {
        self.visits += 1;
        self.visits
    }
}

/// Its `start` takes as long as its gate says, or fails.
#[service(name = "hall")]
struct Hall(Option<Gate>);

#[rpc]
impl Hall {
    #[on(start)]
    async fn start(&mut self) -> ember::Result<()> {
        let gate = self.0.as_ref().ok_or_else(|| ember::Error::other("no such hall"))?;
        gate.pass().await;
        Ok(())
    }

    pub async fn rpc_open(&mut self, cx: &mut Cx<'_, Self>, rooms: u32) -> (usize, usize) {
        let pids = cx.spawn_all((0..rooms).map(room)).await.expect("rooms can be opened");
        (pids.len(), cx.list::<Room>().len())
    }
}

fn room(number: u32) -> Hosted<Room> {
    Hosted::new(Room::default()).id(number.to_string()).tag("floor", (number % 2).to_string()).register()
}

fn instances(node: &Node) -> Vec<Arc<Instance>> {
    node.select::<RoomClient>().instances()
}

fn rooms(view: &View) -> usize {
    view.instances().iter().filter(|it| it.identity().name == "room").count()
}

async fn sees_rooms(node: &Node, count: usize) {
    within(&format!("{} to see {count} rooms", node.name()), node.wait_for_view(|view| rooms(view) == count)).await;
}

#[tokio::test]
async fn the_pids_come_in_the_order_of_what_was_given_and_the_list_says_who_is_there() {
    let node = Node::builder().start().await.unwrap();
    let quiet = node.spawn(Room::default()).await.unwrap();
    let pids = node.spawn_all((0..250).map(room)).await.unwrap();
    assert_eq!(pids.len(), 250);
    for (number, pid) in pids.iter().enumerate() {
        let by_id = node.select::<RoomClient>().id(number.to_string()).instances();
        assert_eq!(by_id.iter().map(|it| it.pid()).collect::<Vec<_>>(), [*pid]);
    }
    let listed = node.list::<Room>();
    assert_eq!(listed.iter().map(|it| it.pid()).collect::<Vec<_>>(), [&[quiet], &*pids].concat());
    assert!(
        listed.iter().all(|it| it.state() == ServiceState::Running && it.is_local() && it.node().name == node.name())
    );
    assert_eq!(listed[8].identity().id, "7");
    assert_eq!(instances(&node).len(), 250, "the registered ones");
    assert_eq!(node.select::<RoomClient>().tag("floor", "1").instances().len(), 125);
    assert_eq!(node.list::<Hall>().len(), 0);
    assert_eq!(node.spawn_all(Vec::<Room>::new()).await.unwrap(), []);
    node.shutdown().await.unwrap();
    assert_eq!(node.list::<Room>().len(), 0);
}

#[tokio::test]
async fn a_batch_is_one_transaction_of_the_registry() {
    let registry = Counting::default();
    let node = Node::builder().registry(registry.clone()).lease(Duration::from_secs(60)).start().await.unwrap();
    let other = Node::builder().registry(registry.clone()).lease(Duration::from_secs(60)).start().await.unwrap();
    let before = registry.writes();
    node.spawn_all((0..1_000).map(room)).await.unwrap();
    sees_rooms(&other, 1_000).await;
    assert_eq!(registry.writes() - before, 10);
    let (before, view) = (registry.writes(), node.view().number());
    node.spawn_all((0..1_000).map(|_| Room::default())).await.unwrap();
    assert_eq!((registry.writes(), node.view().number()), (before, view), "what is not registered costs nothing");
}

#[tokio::test]
async fn whoever_is_refused_is_named_with_its_place_and_the_others_run() {
    let node = Node::builder().start().await.unwrap();
    let taken = node.spawn(room(7)).await.unwrap();
    let SpawnAllError { spawned, refused } = node.spawn_all((0..300).map(room)).await.unwrap_err();
    let [(7, why)] = &*refused else { panic!("{refused:?}") };
    assert!(why.to_string().contains("already runs a service `room` with the id `7`"), "{why}");
    let places: Vec<_> = spawned.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, (0..300).filter(|place| *place != 7).collect::<Vec<_>>());
    assert_eq!(node.list::<Room>().len(), 300, "with the one that had the id first");
    let room = node.select::<RoomClient>().pid(spawned[299 - 1].1).client();
    assert_eq!(room.rpc_visit().await.unwrap(), 1);
    for (_, pid) in spawned {
        assert!(node.stop(pid));
    }
    sees_rooms(&node, 1).await;
    assert!(node.stop(taken));
}

#[tokio::test]
async fn starts_of_a_batch_go_on_side_by_side_and_one_that_fails_is_named() {
    let node = Node::builder().start().await.unwrap();
    let gate = Gate::default();
    let halls = (0..150).map({
        let gate = gate.clone();
        move |number| Hall((number != 120).then(|| gate.clone()))
    });
    let starting = tokio::spawn({
        let node = node.clone();
        async move { node.spawn_all(halls).await }
    });
    for _ in 0..100 {
        gate.reached().await;
    }
    assert_eq!(node.list::<Hall>().len(), 100, "the next ones wait until these have started");
    (0..149).for_each(|_| gate.open());
    let error = within("the starts", starting).await.unwrap().unwrap_err();
    assert_eq!((error.spawned.len(), error.refused.len()), (149, 1));
    let text = ember::Error::from(error).to_string();
    assert!(
        text.starts_with("1 of 150 services were not started (the others run): number 120, counted from 0: "),
        "{text}"
    );
    assert!(text.contains("`hall`") && text.contains("no such hall"), "{text}");
    node.shutdown().await.unwrap();
    let closed = node.spawn_all([Room::default(), Room::default()]).await.unwrap_err();
    assert!(closed.refused.iter().all(|(_, why)| matches!(why, ember::Error::Closed)), "{closed}");
    assert_eq!(closed.refused.len(), 2);
}

#[tokio::test]
async fn what_has_begun_when_nobody_waits_any_more_is_started_and_the_rest_is_not() {
    let node = Node::builder().start().await.unwrap();
    let gate = Gate::default();
    let halls = (0..150).map(|_| Hall(Some(gate.clone())));
    let mut starting = Box::pin(node.spawn_all(halls));
    tokio::select! {
        biased;
        _ = &mut starting => panic!("nothing has been started"),
        () = gate.reached() => {}
    }
    drop(starting);
    (0..150).for_each(|_| gate.open());
    let runs = async {
        while node.list::<Hall>().iter().filter(|it| it.state() == ServiceState::Running).count() < 100 {
            tokio::task::yield_now().await;
        }
    };
    within("those of the batch", runs).await;
    assert_eq!(node.list::<Hall>().len(), 100);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_handler_starts_and_lists_them_too() {
    let gate = Gate::default();
    gate.open();
    let node = Node::builder().service(Hall(Some(gate))).start().await.unwrap();
    assert_eq!(node.client::<HallClient>().rpc_open(220).await, Ok((220, 220)));
    node.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_lists_them_until_they_stop_or_their_node_is_lost() {
    let folder = private_folder();
    let node = |name: &str| {
        Node::builder().name(name).registry(Embedded::at(folder.path())).lease(Duration::from_secs(2)).start()
    };
    // The first one has the registry; it is not the one that is lost.
    let (a, b, c) = (node("a").await.unwrap(), node("b").await.unwrap(), node("c").await.unwrap());
    let pids = b.spawn_all((0..500).map(room)).await.unwrap();
    assert_eq!((b.list::<Room>().len(), instances(&b).len()), (500, 500), "at once on the node itself");
    for other in [&a, &c] {
        sees_rooms(other, 500).await;
        let listed = instances(other);
        assert_eq!((listed.len(), other.list::<Room>().len()), (500, 0));
        assert!(listed.iter().all(|it| it.node().name == "b" && !it.is_local()));
        let seen: Vec<_> = listed.iter().map(|it| (it.pid(), it.identity().id.clone())).collect();
        let expected: Vec<_> = pids.iter().enumerate().map(|(number, pid)| (*pid, number.to_string())).collect();
        assert_eq!(seen, expected);
    }
    assert_eq!(c.select::<RoomClient>().pid(pids[499]).client().rpc_visit().await, Ok(1));

    assert!(b.stop(pids[3]));
    for node in [&a, &b, &c] {
        sees_rooms(node, 499).await;
        assert_eq!(instances(node).len(), 499);
    }
    assert_eq!(b.list::<Room>().len(), 499);

    let more = c.spawn_all((500..510).map(room)).await.unwrap();
    sees_rooms(&a, 509).await;
    drop(b); // as if its process had been killed: its lease ends
    sees_rooms(&a, 10).await;
    assert_eq!(instances(&a).iter().map(|it| it.pid()).collect::<Vec<_>>(), more);
    let gone = a.select::<RoomClient>().pid(pids[0]).client().rpc_visit().await;
    assert!(!matches!(refused(gone), RefusedReason::Paused));
    c.shutdown().await.unwrap();
    sees_rooms(&a, 0).await;
    a.shutdown().await.unwrap();
}

/// How many rooms `name` sees.
async fn count(sim: &Sim, name: &str) -> usize {
    sim.on(name, |node| async move { instances(&node).len() }).await.expect("it lives")
}

#[test]
fn in_a_simulation_those_of_a_node_that_is_killed_disappear_everywhere() {
    for seed in 0..5 {
        let cluster =
            ["ada", "one", "two"].into_iter().fold(Cluster::seed(seed), |it, name| it.node(name, |node| node));
        cluster.run(|sim| async move {
            sim.settled().await;
            for name in ["one", "two"] {
                let spawned = sim.on(name, |node| async move { node.spawn_all((0..500).map(room)).await });
                assert_eq!(spawned.await.expect("it lives").unwrap().len(), 500);
            }
            for name in ["ada", "two"] {
                let all = sim.on(name, |node| async move { sees_rooms(&node, 1_000).await });
                all.await.expect("it lives");
                assert_eq!(count(&sim, name).await, 1_000);
            }
            sim.kill("one").await;
            let left = sim.on("ada", |node| async move { sees_rooms(&node, 500).await });
            left.await.expect("it lives");
            let whose = sim.on("ada", |node| async move { instances(&node).iter().all(|it| it.node().name == "two") });
            assert!(whose.await.expect("it lives"));
        });
    }
}
