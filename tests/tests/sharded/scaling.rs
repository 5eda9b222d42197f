//! Workers that follow the load: decided in virtual time, told as events, and replayed.
// tidy: virtual time

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ember::{
    Error, Node, Pid,
    prelude::*,
    scale::{Decision, Reading, Scaled, Verdict},
};
use ember_tests::logged::Logged;
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[service(sharded, shards = 32, workers = 2..=16)]
#[derive(Default)]
pub struct Kitchen;

#[rpc]
impl Kitchen {
    #[rpc(key = "dish")]
    pub async fn rpc_cook(&mut self, dish: u64) -> u64 {
        dish
    }
}

/// Writes down what it is told.
#[service]
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Vec<Scaled>>>);

#[rpc]
impl Ledger {
    #[on(event)]
    async fn scaled(&mut self, scaled: &Scaled) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scaled.clone());
    }
}

impl Ledger {
    fn decisions(&self) -> Vec<Decision> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|scaled| scaled.decision.clone()).collect()
    }
}

/// More for as long as this is more than 0, fewer at 0.
fn wanted(demand: &Arc<AtomicU64>) -> Scale {
    let demand = Arc::clone(demand);
    Scale::by(move |reading: &Reading| match demand.load(Ordering::SeqCst) {
        0 => Verdict::shrink(format!("nobody is hungry, at {:?}", reading.at)),
        guests => Verdict::grow(format!("{guests} guests")),
    })
}

async fn kitchen(scale: Scale) -> (Node, Pid, Ledger) {
    let ledger = Ledger::default();
    let hosted = Hosted::with(Kitchen::default).scale(scale);
    let node = Node::builder().seed(1).service(ledger.clone()).service(hosted).start().await.unwrap();
    let pid = node.select::<KitchenClient>().instances()[0].pid();
    (node, pid, ledger)
}

fn sizes(decisions: &[Decision]) -> Vec<u32> {
    decisions.iter().map(|decision| decision.to).collect()
}

#[tokio::test(start_paused = true)]
async fn bounds_are_reached_exactly_in_virtual_time_and_the_same_comes_of_what_was_recorded() {
    let demand = Arc::new(AtomicU64::new(7));
    let scale = wanted(&demand);
    let (node, pid, ledger) = kitchen(scale.clone()).await;
    sleep(75 * SECOND).await;
    assert_eq!(sizes(&ledger.decisions()), [3, 5, 8, 12, 16, 16, 16]);
    assert_eq!(node.workers(pid).unwrap().now, 16);
    demand.store(0, Ordering::SeqCst);
    sleep(50 * SECOND).await;
    let decisions = ledger.decisions();
    assert_eq!(sizes(&decisions)[7..], [8, 4, 2, 2, 2]);
    let counts = node.workers(pid).unwrap();
    assert_eq!((counts.least, counts.now, counts.most), (2, 2, 16));
    let seconds: Vec<u64> = decisions.iter().map(|decision| decision.at.as_secs()).collect();
    assert_eq!(seconds, (1..=12).map(|look| look * 10).collect::<Vec<_>>());
    assert_eq!((&*decisions[0].why, &*decisions[6].why), ("7 guests", "7 guests, but there are not to be more"));
    let told = ledger.0.lock().unwrap_or_else(PoisonError::into_inner)[0].clone();
    assert_eq!((told.pid, told.service), (pid, "Kitchen"));
    let Reading { workers, busy, cpu, .. } = decisions[3].reading;
    assert!(workers == 8 && busy == 0.0 && cpu.is_some() == cfg!(target_os = "linux"), "{:?}", decisions[3].reading);
    let recorded: Vec<Reading> = decisions[..7].iter().map(|decision| decision.reading).collect();
    demand.store(7, Ordering::SeqCst);
    assert_eq!(scale.replay(2..=16, recorded).unwrap(), decisions[..7]);
    assert_eq!(node.set_workers(pid, 12), Some(12));
    sleep(10 * SECOND).await;
    assert_eq!(
        (ledger.decisions()[12].from, node.workers(pid).unwrap().now),
        (12, 16),
        "from where it was set to by hand"
    );
    assert!(node.stop(pid));
    node.wait_for_view(|view| view.instances().len() == 1).await;
    let looks = ledger.decisions().len();
    advance(100 * SECOND).await;
    sleep(SECOND).await;
    assert_eq!(ledger.decisions().len(), looks, "it has ended, and is looked at no more");
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_strategy_that_panics_is_told_once_until_it_does_not() {
    let logged = Logged::here();
    let calm = |reading: &Reading| (35..45).contains(&reading.at.as_secs());
    let own = Scale::by(move |reading: &Reading| match calm(reading) {
        true => Verdict::hold("calm"),
        false => panic!("of fear"),
    });
    let (node, pid, ledger) = kitchen(Scale::any([Scale::queue_depth(10), own])).await;
    let told = || logged.lines().into_iter().filter(|line| line.contains("`Scale::by` panics")).collect::<Vec<_>>();
    sleep(35 * SECOND).await;
    let first = told().join(", and ");
    assert_eq!(told().len(), 1, "{first}");
    assert!(first.starts_with("WARN") && first.contains("Kitchen") && first.contains("of fear"), "{first}");
    assert!(first.contains(&pid.to_string()), "{first}");
    sleep(10 * SECOND).await;
    assert_eq!(told().len(), 1, "it was calm");
    sleep(30 * SECOND).await;
    assert_eq!((told().len(), ledger.decisions().len()), (2, 7));
    node.shutdown().await.unwrap();
}

/// One that a file of recorded readings was written for: a morning with a rush, and a lull.
#[test]
fn a_recorded_morning_gives_the_decisions_that_it_gave() {
    let readings: Vec<Reading> = ember::serde_json::from_str(include_str!("morning.json")).unwrap();
    let scale = Scale::any([Scale::queue_depth(10), Scale::cpu(0.2..=0.8), Scale::wait_p99(Duration::from_millis(5))])
        .grow(1.5)
        .shrink(0.5)
        .cool_down(15 * SECOND);
    let decisions = scale.replay(2..=16, readings).unwrap();
    let told: Vec<String> = decisions
        .iter()
        .map(|it| format!("{:>3} s  {:>2} → {:>2}  {}", it.at.as_secs(), it.from, it.to, it.why))
        .collect();
    assert_eq!(told.join("\n"), include_str!("morning.txt").trim_end());
}

#[service(sharded, shards = 8)]
#[derive(Default)]
pub struct Endless;

#[rpc]
impl Endless {
    #[rpc(key = "dish")]
    pub async fn rpc_cook(&mut self, dish: u64) -> u64 {
        dish
    }
}

#[service(sharded, shards = 8, workers = 4)]
#[derive(Default)]
pub struct Fixed;

#[rpc]
impl Fixed {
    #[rpc(key = "dish")]
    pub async fn rpc_cook(&mut self, dish: u64) -> u64 {
        dish
    }
}

#[service(sharded, shards = 1, workers = 1)]
#[derive(Default)]
pub struct Single;

#[rpc]
impl Single {
    #[rpc(key = "dish")]
    pub async fn rpc_cook(&mut self, dish: u64) -> u64 {
        dish
    }
}

#[tokio::test]
async fn what_has_nothing_to_scale_is_refused_with_what_to_write() {
    let depth = || Scale::queue_depth(10);
    let builders = [
        (
            Node::builder().service(Hosted::with(Endless::default).scale(depth())),
            // There are no more shards than that.
            "each of its 8 shards has a worker of its own, always; write from how many to how many there are, as in `workers = 1..=8`, or",
        ),
        (Node::builder().service(Hosted::with(Fixed::default).scale(depth())), "`workers = 1..=4`"),
        (Node::builder().service(Hosted::with(Single::default).scale(depth())), "write more `shards`"),
        (
            Node::builder().service(Hosted::with(Ledger::default).scale(depth())),
            "it has no workers whose number could change; write `#[service(concurrent, workers = 2..=16)]`",
        ),
        (Node::builder().service(Hosted::with(Kitchen::default).scale(depth().grow(0.5))), "`Kitchen`: `.grow(0.5)`"),
    ];
    for (builder, expected) in builders {
        let Err(Error::Configuration(why)) = builder.start().await else { panic!("it started: {expected}") };
        assert!(why.contains(expected), "{why}");
    }
    let node = Node::builder().start().await.unwrap();
    assert!(node.spawn(Hosted::with(Fixed::default).scale(depth())).await.is_err());
    let fixed = node.spawn(Hosted::with(Fixed::default)).await.unwrap();
    assert_eq!(node.workers(fixed).unwrap().now, 4);
    let endless = node.spawn(Hosted::with(Endless::default)).await.unwrap();
    assert_eq!(node.workers(endless), None);
    node.shutdown().await.unwrap();
}
