//! Keys that contracts name: whoever makes a call, and by whatever way, it goes to the same instance, and has the same key there.

#![allow(unreachable_pub, reason = "a service and the client that is made for it are as public as each other")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use ember::{
    CallKey, Choice, Key, NodeBuilder, RefusedReason,
    prelude::*,
    serde_json::{Value, json},
    testing::{Cluster, Sim},
};
use ember_tests::cluster::{Cluster as Nodes, refused, sees};

/// Who is moved.
#[message]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Mover {
    pub home_town: String,
    pub number: i32,
}

#[message]
#[derive(Debug, Clone)]
pub struct Move {
    #[serde(rename = "who")]
    pub mover: Mover,
    pub to: u32,
}

/// Where a call was answered, and its key there.
type Place = (String, Option<u64>);

#[rpc]
pub trait Room {
    #[rpc(key = "player", dedupe = "60s", idempotent)]
    async fn rpc_enter(&self, at: u32, player: u64) -> Place;
    #[rpc(key = "req.mover")]
    async fn rpc_move(&self, req: Move) -> Place;
    #[rpc(key = "req.mover.number", codec = "json")]
    async fn rpc_turn(&self, req: Move) -> Place;
    #[rpc(key = "seat.1")]
    async fn rpc_sit(&self, seat: (u8, Option<String>)) -> Place;
    async fn rpc_any(&self) -> Place;
}

/// What was told one way.
type Told = Arc<Mutex<Vec<(Place, u64)>>>;

#[service(implements(Room))]
pub struct Hall {
    name: String,
    told: Told,
}

#[rpc]
impl Room for Hall {
    async fn rpc_enter(&mut self, cx: &mut Cx<'_, Self>, _at: u32, player: u64) -> Place {
        let place = (self.name.clone(), cx.key());
        self.told.lock().unwrap().push((place.clone(), player));
        place
    }
    async fn rpc_move(&mut self, cx: &mut Cx<'_, Self>, _req: Move) -> Place {
        (self.name.clone(), cx.key())
    }
    async fn rpc_turn(&mut self, cx: &mut Cx<'_, Self>, _req: Move) -> Place {
        (self.name.clone(), cx.key())
    }
    async fn rpc_sit(&mut self, cx: &mut Cx<'_, Self>, _seat: (u8, Option<String>)) -> Place {
        (self.name.clone(), cx.key())
    }
    async fn rpc_any(&mut self, cx: &mut Cx<'_, Self>) -> Place {
        (self.name.clone(), cx.key())
    }
}

#[module]
#[derive(Default)]
pub struct Desk;

#[rpc]
impl Desk {
    #[rpc(key = "player")]
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> (u64, Option<u64>) {
        (player, cx.key())
    }
}

/// Enters on behalf of others, without waiting.
#[service]
#[derive(Default)]
pub struct Porter {
    #[module]
    desk: Module<Desk>,
}

#[rpc]
impl Porter {
    pub async fn rpc_carry(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> Deferred<Option<Place>> {
        let (later, replier) = cx.defer();
        cx.client::<RoomClient>().rpc_enter(1, player).then(cx, move |_, _, place| replier.reply(place.ok()));
        later
    }

    #[rpc(key = "player")]
    pub async fn api_own(&mut self, cx: &mut Cx<'_, Self>, player: String) -> (usize, Option<u64>) {
        (player.len(), cx.key())
    }

    #[rpc(key = "odd")]
    pub async fn api_odd(&mut self, cx: &mut Cx<'_, Self>, odd: Odd) -> Option<u64> {
        let _is_the_key = odd;
        cx.key()
    }
}

const HALLS: [&str; 4] = ["a", "b", "c", "d"];

/// Four halls, and two nodes that call.
fn town(seed: u64, told: &Told) -> Cluster {
    let cluster = HALLS.into_iter().fold(Cluster::seed(seed), |cluster, name| {
        let told = Arc::clone(told);
        cluster.node(name, move |node: NodeBuilder| {
            node.service(Hosted::new(Hall { name: name.into(), told: Arc::clone(&told) }).id(name))
        })
    });
    cluster.node("ann", |node| node.service(Porter::default())).node("bob", |node| node)
}

fn hash(key: &(impl CallKey + ?Sized)) -> u64 {
    Key::of(key).unwrap().0
}

fn mover(player: u64) -> Mover {
    Mover { home_town: format!("town {}", player % 7), number: -(player as i32) }
}

async fn by_name(node: &Node, method: &str, args: Value) -> Place {
    let place = node.call("Hall", method, args).await.unwrap();
    (place[0].as_str().unwrap().to_owned(), place[1].as_u64())
}

/// The places of one player by all ways of one node: of its number, its mover, its mover's number and its seat.
async fn places(node: &Node, player: u64) -> [Place; 4] {
    let room = node.client::<RoomClient>();
    let req = Move { mover: mover(player), to: 3 };
    let enters = room.rpc_enter(3, player).await.unwrap();
    let seat = (9, (!player.is_multiple_of(3)).then(|| format!("seat {player}")));
    let typed = [
        enters.clone(),
        room.rpc_move(req.clone()).await.unwrap(),
        room.rpc_turn(req).await.unwrap(),
        room.rpc_sit(seat.clone()).await.unwrap(),
    ];
    let who = json!({ "homeTown": format!("town {}", player % 7), "number": -(player as i64) });
    let req = json!({ "req": { "to": 4, "who": who } });
    let named = [
        by_name(node, "Room.rpc_enter", json!([4, player])).await,
        by_name(node, "Room.rpc_move", req.clone()).await,
        by_name(node, "Room.rpc_sit", json!({ "seat": [8, seat.1] })).await,
    ];
    assert_eq!(named, [typed[0].clone(), typed[1].clone(), typed[3].clone()], "by name");
    let error = node.call("Hall", "Room.rpc_turn", req).await.unwrap_err().to_string();
    assert!(error.contains("the key `req.mover.number` of the method cannot be taken from JSON"), "{error}");

    assert_eq!(room.rpc_enter(5, player).once(player + 1).await.unwrap(), enters, "once");
    let address: Address<RoomClient> = room.address();
    assert_eq!(address.client(node).rpc_enter(6, player).await.unwrap(), enters, "by an address");
    let again = room.rpc_enter(7, player).retry(Retry::new(2)).header("h", "v");
    assert_eq!(again.await.unwrap(), enters, "with more beside it");
    for spread in [Choice::Random, Choice::LeastInFlight, Choice::LocalFirst, Choice::RoundRobin] {
        let client = node.select::<RoomClient>().choice(spread.clone()).client();
        assert_eq!(client.rpc_enter(8, player).await.unwrap(), enters, "{spread:?}");
    }
    let same = node.select::<RoomClient>().by_key(Key::of(&player).unwrap()).client();
    assert_eq!(same.rpc_any().await.unwrap(), (enters.0.clone(), None), "a method without a key, placed by hand");
    let all = node.select::<RoomClient>().all().rpc_enter(9, player).await;
    assert_eq!(all.len(), HALLS.len());
    let keys: BTreeSet<_> = all.into_iter().map(|(_, place)| place.unwrap().1).collect();
    assert_eq!(keys, BTreeSet::from([enters.1]), "of all");
    typed
}

#[test]
fn the_same_key_finds_the_same_instance_from_every_caller_by_every_way() {
    let told = Told::default();
    let sees = Arc::clone(&told);
    town(1, &told).run(move |sim: Sim| async move {
        sim.settled().await;
        let mut used: [BTreeSet<String>; 4] = Default::default();
        for player in 0..24 {
            let [ann, bob] =
                ["ann", "bob"].map(|name| sim.on(name, move |node| async move { places(&node, player).await }));
            let (ann, bob) = (ann.await.unwrap(), bob.await.unwrap());
            assert_eq!(ann, bob);
            let seat = (player % 3 > 0).then(|| format!("seat {player}"));
            let keys = [hash(&player), hash(&mover(player)), hash(&mover(player).number), hash(&seat)];
            assert_eq!(ann.each_ref().map(|place| place.1), keys.map(Some));
            for (used, place) in std::iter::zip(&mut used, &ann) {
                used.insert(place.0.clone());
            }
            // What its service calls without waiting, and what is sent.
            let carried = sim.on("ann", move |node| async move {
                node.client::<RoomClient>().rpc_enter(10, player).send().unwrap();
                node.client::<PorterClient>().rpc_carry(player).await.unwrap()
            });
            assert_eq!(carried.await.unwrap(), Some(ann[0].clone()));
        }
        assert!(used.iter().take(3).all(|used| used.len() == HALLS.len()), "keys are spread: {used:?}");
        let mut of_player = BTreeMap::<u64, BTreeSet<Option<u64>>>::new();
        for ((_, key), player) in sees.lock().unwrap().drain(..) {
            of_player.entry(player).or_default().insert(key);
        }
        assert!(of_player.iter().all(|(player, keys)| *keys == BTreeSet::from([Some(hash(player))])), "{of_player:?}");
    });
}

#[test]
fn an_instance_that_the_caller_names_stands_and_so_does_a_key_of_its_own() {
    town(2, &Told::default()).run(|sim: Sim| async move {
        sim.settled().await;
        let named = sim.on("bob", |node| async move {
            let select = || node.select::<RoomClient>();
            let whole = select().client();
            let mut elsewhere = 0;
            for player in 0..8 {
                let home = whole.rpc_enter(1, player).await.unwrap().0;
                let mine = select().by_key("the table").client().rpc_enter(1, player).await.unwrap();
                assert_eq!(mine.1, Some(hash(&player)), "the key of the contract orders it there");
                assert_eq!(mine.0, select().by_key("the table").client().rpc_any().await.unwrap().0);
                for instance in select().instances() {
                    let by_pid = select().pid(instance.pid()).client();
                    let by_id = select().id(instance.identity().id.clone()).client();
                    let name = instance.identity().id.clone();
                    assert_eq!(by_pid.rpc_enter(1, player).await.unwrap(), (name.clone(), Some(hash(&player))));
                    assert_eq!(by_id.rpc_enter(1, player).await.unwrap().0, name);
                    elsewhere += usize::from(name != home);
                }
            }
            elsewhere
        });
        assert_eq!(named.await.unwrap(), 8 * (HALLS.len() - 1));
        let near = sim.on("a", |node| async move {
            let near = node.select::<RoomClient>().choice(Choice::LocalFirst).client();
            let mut homes = BTreeSet::new();
            for player in 0..8 {
                assert_eq!(near.rpc_any().await.unwrap().0, "a");
                let home = node.client::<RoomClient>().rpc_enter(1, player).await.unwrap().0;
                assert_eq!(near.rpc_enter(1, player).await.unwrap().0, home);
                homes.insert(home);
            }
            homes.len()
        });
        assert!(near.await.unwrap() > 1);
    });
}

#[test]
fn when_an_instance_goes_only_its_keys_move() {
    town(3, &Told::default()).run(|sim: Sim| async move {
        sim.settled().await;
        let ask = |name: &'static str| {
            sim.on(name, |node| async move {
                let room = node.client::<RoomClient>();
                let mut homes = Vec::new();
                for player in 0..32 {
                    homes.push(room.rpc_enter(1, player).await.unwrap().0);
                }
                homes
            })
        };
        let before = ask("ann").await.unwrap();
        sim.kill("b").await;
        sim.settled().await;
        let (after, other) = (ask("ann").await.unwrap(), ask("bob").await.unwrap());
        assert_eq!(after, other);
        assert!(before.iter().any(|home| home == "b") && !after.iter().any(|home| home == "b"));
        let moved = std::iter::zip(&before, &after).filter(|(before, after)| before != after);
        assert!(moved.into_iter().all(|(before, _)| before == "b"));
    });
}

#[tokio::test]
async fn modules_and_methods_of_ones_own_node_have_keys_too() {
    let node = Node::builder().service(Porter::default()).start().await.unwrap();
    let asked = node.client::<PorterClient>().desk().rpc_ask(7).await.unwrap();
    assert_eq!(asked, (7, Some(hash(&7_u64))));
    let own = node.local::<Porter>().api_own("ann".into()).await.unwrap();
    assert_eq!(own, (3, Some(hash("ann"))));
    node.shutdown().await.unwrap();
}

/// A key that is not always written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Odd(u32);

impl serde::Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(self.0 != 14, "no fourteen");
        if self.0 == 13 { Err(serde::ser::Error::custom("no thirteen")) } else { serializer.serialize_u32(self.0) }
    }
}

#[tokio::test]
async fn a_call_whose_key_cannot_be_written_is_refused_whoever_panics() {
    let node = Node::builder().service(Porter::default()).start().await.unwrap();
    let porter = node.local::<Porter>();
    assert_eq!(porter.api_odd(Odd(300)).await.unwrap(), Some(hash(&300_u32)));
    for (number, why) in [(13, "no thirteen"), (14, "it panicked: no fourteen")] {
        let refusals = [
            refused(porter.api_odd(Odd(number)).await),
            porter.api_odd(Odd(number)).send().unwrap_err().refused.reason().clone(),
        ];
        for reason in refusals {
            let RefusedReason::Undecodable(text) = reason else { panic!("another reason: {reason:?}") };
            assert!(text.starts_with("the key of `api_odd` cannot be written: ") && text.contains(why), "{text}");
        }
    }
    node.shutdown().await.unwrap();
}

/// The contract as a caller knows it that takes another argument for the key.
mod older {
    use super::*;

    #[rpc(name = "Room")]
    pub trait Lobby {
        #[rpc(key = "at", dedupe = "60s", idempotent)]
        async fn rpc_enter(&self, at: u32, player: u64) -> Place;
        async fn rpc_any(&self) -> Place;
    }
}

#[tokio::test]
async fn a_caller_that_knows_another_key_is_refused_before_anything_is_sent() {
    let cluster = Nodes::default();
    let hall = Hall { name: "a".into(), told: Told::default() };
    let here = cluster.node("here").service(hall).start().await.unwrap();
    let there = cluster.node("there").start().await.unwrap();
    sees(&there, "Hall", 1).await;
    for node in [&here, &there] {
        let lobby = node.client::<older::LobbyClient>();
        let RefusedReason::SignatureMismatch { caller, callee } = refused(lobby.rpc_enter(1, 2).await) else {
            panic!("another reason")
        };
        assert!(caller.contains(" by at: u32") && callee.contains(" by player: u64"), "{caller} {callee}");
    }
    assert_eq!(there.client::<older::LobbyClient>().rpc_any().await.unwrap(), ("a".into(), None));
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
}
