//! Nodes say how busy their services are, and callers look at that.
// tidy: virtual time

#![allow(unreachable_pub, reason = "a service and the client that is made for it are as public as each other")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use ember::{
    Candidates, Choice, Load,
    prelude::*,
    testing::{Cluster, Sim},
};
use tokio::time::{Instant, sleep};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const HOSTS: [&str; 4] = ["a", "b", "c", "d"];
const CALLERS: [&str; 8] = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"];

#[service]
pub struct Mill {
    name: &'static str,
    takes: Duration,
}

#[rpc]
impl Mill {
    pub async fn rpc_grind(&mut self) -> String {
        // tidy: sleep: it stands for work
        sleep(self.takes).await;
        self.name.into()
    }
}

/// The mills of `HOSTS`, each of which takes so many milliseconds, and `CALLERS`.
fn town(seed: u64, takes: [u64; 4]) -> Cluster {
    let least =
        |among: &Candidates<'_>| (0..among.len()).min_by_key(|&place| among.at(place).map(|it| it.load().total()));
    let cluster = CALLERS.iter().fold(Cluster::seed(seed), |cluster, name| {
        cluster.node(name, move |node| node.balancer("least reported", least))
    });
    std::iter::zip(HOSTS, takes).fold(cluster, |cluster, (name, takes)| {
        cluster.node(name, move |node| node.service(Hosted::new(Mill { name, takes: ms(takes) }).id(name)))
    })
}

/// What became of all calls: how many each mill has answered, and how long the slowest took.
#[derive(Default)]
struct Ground {
    by: BTreeMap<String, usize>,
    slowest: Duration,
}

impl Ground {
    fn share(&self, name: &str) -> f64 {
        self.by.get(name).copied().unwrap_or(0) as f64 / self.by.values().sum::<usize>() as f64
    }
}

/// For `time` each caller calls: one after the other, or every so often.
async fn grind(sim: &Sim, choice: &Choice, every: Option<Duration>, time: Duration) -> Ground {
    let ground = Arc::<Mutex<Ground>>::default();
    let callers = CALLERS.map(|caller| {
        let (ground, choice) = (Arc::clone(&ground), choice.clone());
        sim.on(caller, move |node| async move {
            let (mill, begun) = (node.select::<MillClient>().choice(choice).client(), Instant::now());
            let one = move || {
                let (ground, mill) = (Arc::clone(&ground), mill.clone());
                async move {
                    let sent = Instant::now();
                    let name = mill.rpc_grind().await.unwrap();
                    let mut ground = ground.lock().unwrap();
                    *ground.by.entry(name).or_default() += 1;
                    ground.slowest = ground.slowest.max(sent.elapsed());
                }
            };
            let mut calls = tokio::task::JoinSet::new();
            while begun.elapsed() < time {
                match every {
                    Some(every) => {
                        calls.spawn(one());
                        sleep(every).await;
                    }
                    None => one().await,
                }
            }
            while calls.join_next().await.is_some() {}
        })
    });
    for caller in callers {
        caller.await.unwrap();
    }
    Arc::try_unwrap(ground).ok().unwrap().into_inner().unwrap()
}

#[test]
fn callers_that_look_at_reports_do_not_all_go_to_one() {
    town(3, [10; 4]).run(async move |sim: Sim| {
        sim.settled().await;
        // Three quarters of what the mills can do together.
        let every = Some(Duration::from_micros(26_667));
        let busy = grind(&sim, &Choice::LeastBusy, every, ms(4_000)).await;
        for host in HOSTS {
            assert!((0.15..0.35).contains(&busy.share(host)), "{host}: {:?}", busy.by);
        }
        // Whoever goes where the last report says that least is to be done, goes where all go.
        let herd = grind(&sim, &Choice::Named("least reported".into()), every, ms(4_000)).await;
        assert!(busy.slowest * 4 < herd.slowest, "{:?}, in a herd {:?}", busy.slowest, herd.slowest);
    });
}

#[test]
fn one_that_is_slow_gets_fewer_calls_also_of_callers_that_have_none_under_way() {
    town(4, [100, 10, 10, 10]).run(async move |sim: Sim| {
        sim.settled().await;
        let blind = grind(&sim, &Choice::LeastInFlight, None, ms(6_000)).await;
        let busy = grind(&sim, &Choice::LeastBusy, None, ms(6_000)).await;
        let shares = (busy.share("a"), blind.share("a"));
        assert!(
            shares.0 < 0.6 * shares.1 && busy.by.len() == 4,
            "{shares:?}: {:?}, without reports {:?}",
            busy.by,
            blind.by
        );
        assert!(
            busy.by.values().sum::<usize>() > blind.by.values().sum(),
            "{:?}, without reports {:?}",
            busy.by,
            blind.by
        );
    });
}

/// What a node knows of the load of the mill `a`.
fn load(sim: &Sim, node: &str) -> Load {
    let view = sim.view(node).unwrap();
    view.instances().iter().find(|it| it.identity().id == "a").unwrap().load()
}

#[test]
fn a_report_is_a_second_old_at_most_and_ends_with_its_link() {
    town(5, [5_000, 10, 10, 10]).run(async move |sim: Sim| {
        sim.settled().await;
        let ask = |caller| {
            sim.on(caller, |node| async move {
                let mill = node.select::<MillClient>().id("a").client();
                let calls = [(); 3].map(|()| tokio::spawn(mill.rpc_grind().timeout(ms(60_000)).into_future()));
                for call in calls {
                    let _end = call.await;
                }
            })
        };
        let touch = |caller| {
            sim.on(caller, |node| async move {
                node.select::<MillClient>().id("a").client().rpc_grind().timeout(ms(50)).await.is_err()
            })
        };
        let asked = ask("c1");
        assert!(touch("c2").await.unwrap());
        assert_eq!(load(&sim, "c3"), Load::default(), "it has no link");
        sleep(ms(1_000)).await;
        let now = load(&sim, "a");
        assert_eq!((now.running, now.waiting), (1, 3), "the one that has gone waits until its turn");
        for caller in ["c1", "c2"] {
            assert_eq!(load(&sim, caller), now, "{caller}");
        }
        sim.partition("a", "c2");
        sleep(ms(4_000)).await;
        assert_eq!(load(&sim, "c2"), Load::default());
        sim.heal("a", "c2");
        asked.await.unwrap();
        sleep(ms(1_000)).await;
        assert_eq!([load(&sim, "a"), load(&sim, "c1"), load(&sim, "c2")], [Load::default(); 3]);
    });
}
