//! What is kept up with each change is what looking at everything would find, and costs what has changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    actor::{ServiceIdentity, ServiceState},
    directory::{
        breakers::BreakerState,
        instances::{
            Balancers, Candidates, Chance, Choice, Instance, Interest, Kept, Probing, Renewed, Selector, Terms,
        },
        records::{ClusterChange, NodeRecord, ServiceRecord},
        views::Directory,
    },
    id::{Incarnation, NodeId, NodeKey, Pid},
    message::Lane,
    rng::Rng,
};

const HERE: NodeKey = node(1, 1);
const NAMES: [&str; 3] = ["player", "bank", "desk"];
const CONTRACTS: [&str; 2] = ["Holder", "Named"];
const STATES: [ServiceState; 6] = [
    ServiceState::Starting,
    ServiceState::Running,
    ServiceState::Paused,
    ServiceState::Retiring,
    ServiceState::Stopped,
    ServiceState::Failed,
];

const fn node(id: u64, run: u64) -> NodeKey {
    NodeKey { id: NodeId(id), incarnation: Incarnation(run) }
}

fn record_of(key: NodeKey) -> NodeRecord {
    NodeRecord::new(key, format!("node {key}"), "127.0.0.1:0".parse().unwrap(), key.id.0 as u32 % 2)
}

fn one_of<T: Copy>(rng: &Rng, all: &[T]) -> T {
    all[rng.below(all.len())]
}

fn identity(rng: &Rng, pid: Pid) -> ServiceIdentity {
    // The same service is the same whenever something is said of it, most of the time.
    let mut identity = ServiceIdentity::supposed(NAMES[pid.number as usize % 3], pid.number, pid.node.id.0 as u32 % 2);
    identity.version = one_of(rng, &["1.2.3", "1.2.3", "2.0.0", "new"]).into();
    identity.tags.insert("zone".into(), one_of(rng, &["eu", "eu", "us"]).into());
    identity
}

fn service(rng: &Rng, pid: Pid) -> ServiceRecord {
    let state = if rng.below(2) == 0 { ServiceState::Running } else { one_of(rng, &STATES) };
    let contracts = CONTRACTS.iter().filter(|_| rng.below(3) > 0).map(|&it| it.to_owned()).collect();
    let weight = one_of(rng, &[None, None, None, Some(0), Some(3)]);
    ServiceRecord { contracts, weight, ..ServiceRecord::supposed(pid, identity(rng, pid), state) }
}

fn selector(rng: &Rng, pids: &[Pid]) -> Selector {
    let interest = match rng.below(2) {
        0 => Interest::Service(one_of(rng, &NAMES).into()),
        _ => Interest::Contract(one_of(rng, &CONTRACTS).into()),
    };
    let mut selector = Selector::new(interest);
    let maybe = || rng.below(5) == 0;
    selector.name = maybe().then(|| one_of(rng, &NAMES).into());
    selector.server = maybe().then(|| rng.below(2) as u32);
    selector.node = maybe().then(|| NodeId(1 + rng.below(4) as u64));
    selector.version = maybe().then(|| one_of(rng, &["^1.2", ">=2", "*"]).parse().unwrap());
    selector.pid = (maybe() && !pids.is_empty()).then(|| one_of(rng, pids));
    if maybe() {
        selector.tags.insert("zone".into(), one_of(rng, &["eu", "us"]).into());
    }
    selector.choice = match rng.below(7) {
        0 => Choice::RoundRobin,
        1 => Choice::Random,
        2 => Choice::LeastInFlight,
        3 => Choice::LocalFirst,
        4 => Choice::Named("last".into()),
        5 => Choice::LeastBusy,
        _ => Choice::ByKey(rng.u64()),
    };
    selector
}

/// What was said, and what follows from all of it, found out anew each time.
#[derive(Default)]
struct Plain {
    /// And whether they are joining yet.
    nodes: BTreeMap<NodeKey, bool>,
    services: BTreeMap<Pid, ServiceRecord>,
    local: BTreeMap<Pid, ServiceRecord>,
    suspects: BTreeSet<NodeKey>,
    late: BTreeSet<NodeKey>,
    lingering: BTreeSet<NodeKey>,
}

/// Pid, state, whether it is suspect and reachable, contracts, version.
type Seen = (Pid, ServiceState, [bool; 2], Vec<String>, String);

impl Plain {
    fn drop_node(&mut self, key: NodeKey) {
        self.nodes.remove(&key);
        self.lingering.remove(&key);
        self.suspects.remove(&key);
        self.late.remove(&key);
        self.services.retain(|pid, _| pid.node != key);
    }

    fn newest(&self) -> BTreeMap<NodeId, NodeKey> {
        let others = self.nodes.iter().filter(|(_, joining)| !**joining).map(|(key, _)| (key.id, *key));
        others.chain([(HERE.id, HERE)]).collect()
    }

    fn listed(&self) -> Vec<Seen> {
        let newest = self.newest();
        let remote = self.services.values().filter(|it| newest.get(&it.pid.node.id) == Some(&it.pid.node));
        let all: BTreeMap<_, _> = self.local.values().chain(remote).map(|it| (it.pid, it)).collect();
        let said = |it: &ServiceRecord| {
            let node = it.pid.node;
            let [broken, late] = [&self.suspects, &self.late].map(|of| node != HERE && of.contains(&node));
            (it.pid, it.state, [broken || late, !broken], it.contracts.clone(), it.identity.version.clone())
        };
        all.into_values().map(said).collect()
    }
}

/// Says something to both.
fn say(directory: &Directory, plain: &mut Plain, rng: &Rng) {
    let key = || node(1 + rng.below(4) as u64, 1 + rng.below(3) as u64);
    let pid = |key: NodeKey| Pid { node: key, number: 1 + rng.below(6) as u64 };
    match rng.below(14) {
        0 | 1 => {
            let (key, joining) = (key(), rng.below(4) == 0);
            if key != HERE {
                plain.nodes.insert(key, joining);
                plain.lingering.remove(&key);
            }
            let record = NodeRecord { joining, ..record_of(key) };
            directory.apply(vec![ClusterChange::Node(record.into())], &|_| false);
        }
        2..=5 => {
            let record = service(rng, pid(key()));
            if record.pid.node != HERE && plain.nodes.contains_key(&record.pid.node) {
                plain.services.insert(record.pid, record.clone());
            }
            directory.apply(vec![ClusterChange::Service(record.into())], &|_| false);
        }
        6 => {
            let pid = pid(key());
            if !plain.lingering.contains(&pid.node) {
                plain.services.remove(&pid);
            }
            directory.apply(vec![ClusterChange::ServiceGone(pid)], &|_| false);
        }
        7 => {
            let (key, is_up) = (key(), rng.below(2) == 0);
            if key != HERE && !is_up {
                plain.drop_node(key);
            } else if plain.nodes.contains_key(&key) {
                plain.lingering.insert(key);
            }
            directory.apply(vec![ClusterChange::NodeGone(key)], &|_| is_up);
        }
        8 | 9 => {
            let (key, suspect) = (key(), rng.below(2) == 0);
            let lingers = plain.lingering.contains(&key);
            let listed = plain.nodes.get(&key).is_some_and(|joining| !joining || lingers);
            if listed && plain.suspects.contains(&key) != suspect {
                plain.late.remove(&key);
                if suspect && lingers {
                    plain.drop_node(key);
                } else if suspect {
                    plain.suspects.insert(key);
                } else {
                    plain.suspects.remove(&key);
                }
            }
            directory.suspect(key, suspect);
        }
        10 | 11 => {
            let (key, is_late) = (key(), rng.below(2) == 0);
            if is_late && plain.nodes.contains_key(&key) {
                plain.late.insert(key);
            } else {
                plain.late.remove(&key);
            }
            directory.late(key, is_late);
        }
        _ => {
            let record = service(rng, pid(HERE));
            let (pid, there) = (record.pid, rng.below(4) > 0);
            let shared = record.clone().into();
            let instance = there.then(|| Arc::new(Instance::of_record(&shared, Arc::new(record_of(HERE)), None)));
            if there {
                plain.local.insert(pid, record);
            } else {
                plain.local.remove(&pid);
            }
            directory.change(|known| known.list(pid, instance));
        }
    }
}

/// Opens, half-opens or closes the breaker of one that is listed.
fn turn_breaker(directory: &Directory, rng: &Rng) {
    let view = directory.view();
    let Some(instance) = view.instances().get(rng.below(view.instances().len())) else { return };
    instance.in_flight.begin().circuit.turn();
    directory.mark_breaker(instance.pid);
}

#[test]
fn what_is_kept_up_is_what_looking_at_everything_finds() {
    let mut balancers = Balancers::default();
    balancers.add("last".into(), Box::new(|among: &Candidates<'_>| among.len().checked_sub(1)));
    for seed in 0..60 {
        let rng = Rng::from_seed(seed);
        let (directory, mut plain) = (Directory::new(record_of(HERE)), Plain::default());
        // Whether the contract of its calls names a key.
        let mut kept: Vec<(Selector, Lane, bool, Kept<()>)> = Vec::new();
        for step in 0..300 {
            for _ in 0..rng.below(4) {
                say(&directory, &mut plain, &rng);
            }
            turn_breaker(&directory, &rng);
            let view = directory.view();
            let said = |it: &Arc<Instance>| {
                let marks = [it.suspect, it.is_reachable()];
                (it.pid, it.state, marks, it.published.contracts.to_vec(), it.identity().version.clone())
            };
            let listed: Vec<_> = view.instances().iter().map(said).collect();
            assert_eq!(listed, plain.listed(), "seed {seed}, step {step}");
            let nodes: Vec<_> = view.nodes().map(|it| it.key).collect();
            assert_eq!(nodes, plain.newest().into_values().collect::<Vec<_>>(), "seed {seed}, step {step}");

            let pids: Vec<_> = view.instances().iter().map(|it| it.pid).collect();
            if kept.len() < 20 {
                let (selector, lane) = (selector(&rng, &pids), one_of(&rng, &[Lane::User, Lane::System]));
                let keyed = rng.below(3) == 0;
                let terms = Terms { selector: &selector, lane, here: HERE.id, key: keyed.then_some(0) };
                let new = Kept::new(directory.group(&selector.interest), &terms);
                kept.push((selector, lane, keyed, new));
            }
            // Some are behind for a while.
            for (selector, lane, keyed, kept) in kept.iter_mut().filter(|_| rng.below(3) > 0) {
                let key = keyed.then(|| rng.u64());
                let terms = Terms { selector, lane: *lane, here: HERE.id, key };
                if !kept.is_current() {
                    kept.renew(&terms);
                }
                let (turn, draws) = (rng.below(100), rng.u64());
                let (rng, balancers, probing) = (&Rng::from_seed(draws), &balancers, Probing::Pass);
                let by = Chance { excluded: &[], turn, probing, rng, balancers };
                let chosen = directory.choose(&terms, &by).ok().map(|(it, _)| it.pid);
                let group = directory.group(&selector.interest).matching(selector);
                if selector.balancer().is_some() {
                    let takes = |it: &&Arc<Instance>| {
                        terms.takes(it) && it.breaker() != BreakerState::Open && !terms.passes_over(it)
                    };
                    let last = |suspect| group.iter().filter(takes).rfind(|it| it.suspect == suspect);
                    let expected = last(false).or_else(|| last(true)).map(|it| it.pid);
                    assert_eq!(chosen, expected, "seed {seed}, step {step}: {selector} {lane:?}");
                    continue;
                }
                let choice = selector.choice.for_key(key);
                let picked = kept.pick(&choice, || turn, &Rng::from_seed(draws)).map(|it| it.instance.pid);
                // Who is its probe, is found out elsewhere; whom chance has chosen is remembered for that.
                let drawn = kept.take_drawn().map(|it| it.pid);
                assert!(drawn.is_none() || drawn == chosen, "seed {seed}, step {step}: {selector} {lane:?}");
                let mut half_open = group.iter().filter(|it| it.breaker() == BreakerState::HalfOpen);
                let chosen = chosen.filter(|pid| !half_open.any(|it| it.pid == *pid));
                assert_eq!(picked, chosen, "seed {seed}, step {step}: {selector} {lane:?} of {:?}", view.instances());
            }
        }
    }
}

/// A service of this node.
fn put(directory: &Directory, name: &str, number: u64) {
    let pid = Pid { node: HERE, number };
    let identity = Arc::new(ServiceIdentity::supposed(name, number, 0));
    let instance = Instance::new(pid, identity, Arc::new(record_of(HERE)), ServiceState::Running);
    directory.change(|known| known.list(pid, Some(Arc::new(instance))));
}

#[test]
fn a_change_costs_what_has_changed_and_leaves_what_is_kept_of_others() {
    let directory = Directory::new(record_of(HERE));
    put(&directory, "bank", 1);
    let selectors = ["bank", "player"].map(|name| Selector::new(Interest::Service(name.into())));
    let terms =
        [&selectors[0], &selectors[1]].map(|selector| Terms { selector, lane: Lane::User, here: HERE.id, key: None });
    let [bank, mut players] = terms.map(|terms| Kept::<()>::new(directory.group(&terms.selector.interest), &terms));
    let before = directory.view();
    for number in 2..5_002 {
        put(&directory, "player", number);
        assert!(bank.is_current(), "nothing has changed there");
        assert_eq!(players.renew(&terms[1]), Renewed::Changes(1));
        let last = players.pick(&Choice::RoundRobin, || number as usize - 2, &Rng::from_seed(0)).unwrap();
        assert_eq!(last.instance.pid.number, number);
    }
    // The same again is no change.
    put(&directory, "player", 7);
    assert!(!players.is_current());
    players.renew(&terms[1]);
    let view = directory.view();
    assert_eq!((before.instances().len(), view.instances().len()), (1, 5_001));
    assert_eq!(view.number() - before.number(), 5_001);
    assert!(Arc::ptr_eq(&view, &directory.view()), "a view is made once");
}

#[test]
fn what_is_said_again_changes_nothing() {
    let directory = Directory::new(record_of(HERE));
    let rng = Rng::from_seed(1);
    let there = node(2, 1);
    let record = service(&rng, Pid { node: there, number: 1 });
    let say = || {
        let changes = vec![ClusterChange::Node(record_of(there).into()), ClusterChange::Service(record.clone().into())];
        directory.apply(changes, &|_| false);
    };
    say();
    let (number, group) =
        (directory.view().number(), directory.group(&Interest::Service(record.identity.name.clone().into())));
    let version = group.version();
    say();
    assert_eq!((directory.view().number(), group.version()), (number, version));
}

#[test]
fn who_is_far_behind_looks_at_all() {
    let directory = Directory::new(record_of(HERE));
    let selector = Selector::new(Interest::Service("player".into()));
    let terms = Terms { selector: &selector, lane: Lane::User, here: HERE.id, key: None };
    let mut kept = Kept::<()>::new(directory.group(&selector.interest), &terms);
    (1..=1_000).for_each(|number| put(&directory, "player", number));
    assert_eq!(kept.renew(&terms), Renewed::All);
    assert_eq!(kept.pick(&Choice::RoundRobin, || 999, &Rng::from_seed(0)).unwrap().instance.pid.number, 1_000);
}

#[test]
fn of_a_directory_that_was_closed_nothing_is_kept() {
    let directory = Directory::new(record_of(HERE));
    put(&directory, "player", 1);
    let selector = Selector::new(Interest::Service("player".into()));
    let terms = Terms { selector: &selector, lane: Lane::User, here: HERE.id, key: None };
    let mut kept = Kept::<()>::new(directory.group(&selector.interest), &terms);
    assert!(kept.is_current());
    let number = directory.view().number();
    directory.close();
    assert!(!kept.is_current() && directory.view().number() > number);
    kept.renew(&terms);
    put(&directory, "player", 2);
    assert!(!kept.is_current() && !Kept::<()>::new(directory.group(&selector.interest), &terms).is_current());
    let other = directory.group(&Interest::Contract("Named".into()));
    assert!(!Kept::<()>::new(other, &terms).is_current());
}
