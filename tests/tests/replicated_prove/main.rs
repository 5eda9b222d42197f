//! Replicated services before the judge: whatever dies, is cut off or stands still, nothing that was acknowledged is lost or made twice, each
//! reply is what the log says, nobody is shown what was not acknowledged, all members come to have one state, and the group serves again.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

mod again;
mod hasty;
mod owes;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ember::{
    LostReason, Replicated,
    prelude::*,
    testing::{
        Cluster,
        prove::{History, Outcome, Prove, User, model, prove},
    },
};
use ember_tests::simulation::scale;
use tokio::time::sleep;

/// What one entry has come to: its place in the log, from 1, and the balance after it. Callers are told this, and the log has it too.
#[message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Told {
    place: u64,
    gold: i64,
}

#[message]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    id: u64,
    told: Told,
}

#[message]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    gold: BTreeMap<u64, i64>,
    log: Vec<Line>,
}

/// An account gets so much gold, which may be less than nothing; as the call `id` wants it.
#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    id: u64,
    account: u64,
    gold: i64,
}

/// What whoever looks on has seen.
#[derive(Debug, Default)]
struct Notes {
    ids: u64,
    /// Payments with an id, by the node that has asked for them.
    asked: BTreeMap<String, Vec<Op>>,
    /// What was said to be acknowledged before an effect outside.
    settled: Vec<u64>,
    /// What any instance has shown, and where.
    shown: Vec<(Pid, Vec<Line>)>,
    /// The log at the end, when all members have one.
    last: Option<Vec<Line>>,
}

#[derive(Debug, Clone, Default)]
struct Witness(Arc<Mutex<Notes>>);

impl Witness {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_id(&self) -> u64 {
        let mut notes = self.notes();
        notes.ids += 1;
        notes.ids
    }
}

#[service(elected)]
pub struct Bank {
    witness: Witness,
}

impl Replicated for Bank {
    type State = Book;
    type Entry = Entry;
    type Output = Told;

    fn apply(state: &mut Book, &Entry { id, account, gold }: &Entry) -> Told {
        let balance = state.gold.entry(account).or_default();
        *balance += gold;
        let told = Told { place: state.log.len() as u64 + 1, gold: *balance };
        state.log.push(Line { id, told });
        told
    }
}

/// When a handler waits for something.
#[message]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    Never,
    Before,
    After,
    /// Until what it has committed is acknowledged, before it tells somebody outside.
    Settled,
}

const WAITS: [Waits; 6] = [Waits::Never, Waits::Never, Waits::Never, Waits::Before, Waits::After, Waits::Settled];

#[rpc]
impl Bank {
    pub async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, id: u64, to: u64, gold: i64, waits: Waits) -> Vec<Told> {
        if waits == Waits::Before {
            sleep(Duration::from_millis(4)).await;
        }
        let told = cx.commit(Entry { id, account: to, gold });
        match waits {
            Waits::After => sleep(Duration::from_millis(60)).await,
            Waits::Settled if cx.settled().await.is_ok() => self.witness.notes().settled.push(id),
            _ => {}
        }
        vec![told]
    }

    /// Both or neither.
    pub async fn rpc_move(&mut self, cx: &mut Cx<'_, Self>, id: u64, gold: i64) -> Vec<Told> {
        cx.commit_all([(0, -gold), (1, gold)].map(|(account, gold)| Entry { id, account, gold }))
    }

    /// The same payment, however often it is asked for.
    #[rpc(dedupe = "10m")]
    pub async fn rpc_pay_once(&mut self, cx: &mut Cx<'_, Self>, id: u64, to: u64, gold: i64) -> Vec<Told> {
        vec![cx.commit(Entry { id, account: to, gold })]
    }

    /// Of the master.
    pub async fn rpc_read(&mut self, cx: &mut Cx<'_, Self>) -> Vec<Told> {
        let Book { gold, log } = cx.state();
        let place = log.len() as u64;
        ACCOUNTS.map(|account| Told { place, gold: gold.get(&account).copied().unwrap_or_default() }).into()
    }

    /// Of any instance.
    #[rpc(read)]
    pub async fn rpc_shown(&self, cx: &mut Cx<'_, Self>) -> (Pid, Vec<Line>) {
        (cx.pid(), cx.state().log.clone())
    }
}

const ACCOUNTS: [u64; 2] = [0, 1];
const MEMBERS: [&str; 3] = ["one", "three", "two"];

/// `Once` has an id, and perhaps not for the first time.
#[derive(Debug, Clone, PartialEq)]
enum Op {
    Pay { id: u64, to: u64, gold: i64 },
    Once { id: u64, to: u64, gold: i64 },
    Move { id: u64, gold: i64 },
    Read,
}

/// How many lines, the balances, and what was told to those with an id.
type Alone = (u64, [i64; 2], BTreeMap<u64, Told>);

/// What one bank would do to which nothing happens.
fn alone(book: &mut Alone, op: &Op) -> Vec<Told> {
    let mut line = |account: u64, gold: i64| {
        book.0 += 1;
        book.1[account as usize] += gold;
        Told { place: book.0, gold: book.1[account as usize] }
    };
    match *op {
        Op::Pay { to, gold, .. } => vec![line(to, gold)],
        Op::Once { id, to, gold } => {
            let told = book.2.get(&id).copied().unwrap_or_else(|| line(to, gold));
            book.2.insert(id, told);
            vec![told]
        }
        Op::Move { gold, .. } => vec![line(0, -gold), line(1, gold)],
        Op::Read => book.1.map(|gold| Told { place: book.0, gold }).into(),
    }
}

type Banker = User<Op, Vec<Told>>;

async fn pay(user: &Banker, id: u64) {
    let (to, gold, waits) = (user.below(2) as u64, 1 + user.below(3) as i64, *user.pick(&WAITS));
    let call = user.node().client::<BankClient>().rpc_pay(id, to, gold, waits);
    let _told = user.call(Op::Pay { id, to, gold }, call).await;
}

async fn read(user: &Banker) -> Result<Vec<Told>, CallError> {
    user.call(Op::Read, user.node().client::<BankClient>().rpc_read()).await
}

async fn banks(user: Banker, witness: Witness) {
    while user.turn().await {
        match user.below(8) {
            0 => {
                let (id, gold) = (witness.next_id(), 1 + user.below(3) as i64);
                let call = user.node().client::<BankClient>().rpc_move(id, gold);
                let _told = user.call(Op::Move { id, gold }, call).await;
            }
            1 => _ = read(&user).await,
            2 | 3 => {
                let any = user.node().select::<BankClient>().include_slaves().client();
                if let Ok(shown) = any.rpc_shown().await {
                    witness.notes().shown.push(shown);
                }
            }
            _ => pay(&user, witness.next_id()).await,
        }
    }
}

/// The group serves, and all its members have one state.
async fn well(user: Banker, witness: Witness) -> Result<(), String> {
    let read = read(&user).await.map_err(|error| error.to_string())?;
    let all = user.node().select::<BankClient>().include_slaves().instances();
    let mut logs = Vec::new();
    for instance in all {
        let one = user.node().select::<BankClient>().include_slaves().pid(instance.pid()).client();
        logs.push(one.rpc_shown().await.map_err(|error| error.to_string())?.1);
    }
    let whole = |log: &Vec<Line>| read.iter().all(|told| told.place == log.len() as u64);
    if logs.len() != MEMBERS.len() || !logs.iter().all(whole) || logs.iter().any(|log| *log != logs[0]) {
        return Err(format!("the master has read {read:?}, and its instances have {logs:?}"));
    }
    witness.notes().last = logs.pop();
    Ok(())
}

/// What must be so, by the log at the end.
fn holds(history: &History<Op, Vec<Told>>, notes: &Notes) -> Result<(), String> {
    let Some(log) = &notes.last else { return Ok(()) };
    let of = |id: u64| log.iter().filter(|line| line.id == id).map(|line| line.told).collect::<Vec<_>>();
    for call in history.calls() {
        let (id, lines) = match call.op {
            Op::Pay { id, .. } => (id, 1),
            Op::Once { id, .. } => (id, 1),
            Op::Move { id, .. } => (id, 2),
            Op::Read => continue,
        };
        let (entered, is_once) = (of(id), matches!(call.op, Op::Once { .. }));
        let fits = match &call.outcome {
            Outcome::Done(told) => entered == *told,
            // Another call with its id may have been.
            Outcome::NotExecuted(_) => entered.is_empty() || (is_once && entered.len() == 1),
            Outcome::MaybeExecuted(why) if *why == LostReason::NothingCommitted.to_string() => entered.is_empty(),
            Outcome::MaybeExecuted(why) if *why == LostReason::Unfinished.to_string() => entered.len() == lines,
            Outcome::MaybeExecuted(_) => entered.is_empty() || entered.len() == lines,
        };
        if !fits {
            return Err(format!("of {:?} by {} the log has {entered:?}: {:?}", call.op, call.client, call.outcome));
        }
    }
    if let Some(lost) = notes.settled.iter().find(|id| of(**id).len() != 1) {
        return Err(format!("{lost} was said to be acknowledged, and the log has {:?}", of(*lost)));
    }
    let wrong = notes.shown.iter().find(|(_, shown)| !log.starts_with(shown));
    wrong.map_or(Ok(()), |(pid, shown)| Err(format!("{pid} has shown {shown:?}, and the log is {log:?}")))
}

/// With few records in half of the runs: then a member that comes back learns the state, and not the records.
fn cluster(seed: u64) -> Cluster {
    let kept = if seed.is_multiple_of(2) { 4 } else { 65_536 };
    Cluster::seed(seed).ttl(Duration::from_secs(2)).tick(Duration::from_millis(5)).kept_records(kept)
}

fn replicated<W: Future<Output = ()> + 'static>(
    others: &'static [&str],
    workload: impl Fn(Banker, Witness) -> W + 'static,
) -> Prove<Op, Vec<Told>> {
    let last = Rc::new(RefCell::new(Witness::default()));
    let [this, probed, seen] = [Rc::clone(&last), Rc::clone(&last), Rc::clone(&last)];
    let proof = prove(move |seed| {
        let witness = Witness::default();
        *last.borrow_mut() = witness.clone();
        let cluster = others.iter().fold(cluster(seed), |cluster, name| cluster.node(name, |node| node));
        MEMBERS.into_iter().fold(cluster, |cluster, name| {
            let witness = witness.clone();
            cluster.node(name, move |node| {
                let witness = witness.clone();
                node.service(Hosted::with(move || Bank { witness: witness.clone() }))
            })
        })
    });
    proof
        .model(model((0, [0; 2], BTreeMap::new()), alone))
        .invariant("the log has what was told", move |history| holds(history, &seen.borrow().notes()))
        .workload(move |user| workload(user, this.borrow().clone()))
        .probe(move |user| well(user, probed.borrow().clone()))
        .around_masters()
        .recovers_within(Duration::from_secs(20))
}

/// Users elsewhere, two on each node.
fn from_elsewhere() -> Prove<Op, Vec<Told>> {
    replicated(&["ada", "bob"], banks).from(&["ada", "bob"]).clients(4).calls(20).span(Duration::from_secs(8))
}

/// Users beside the members, who see what these see.
fn from_beside() -> Prove<Op, Vec<Told>> {
    replicated(&[], banks).from(&MEMBERS).clients(6).calls(14).span(Duration::from_secs(6))
}

#[test]
fn what_was_acknowledged_is_kept_and_whoever_called_was_told_the_truth() {
    let report = from_elsewhere().seeds(16 * scale()).run();
    println!("{report}");
    assert!(report.done > 600 && report.faults > 30, "{report}");
}

#[test]
fn users_beside_the_members_see_no_more_and_no_less() {
    let report = from_beside().seeds(8 * scale()).run();
    println!("{report}");
    assert!(report.done > 200 && report.faults > 15, "{report}");
}

#[test]
fn master_that_shuts_down_and_reaches_nobody_takes_nothing_away() {
    let cut_off = "seed=12 clients=3 calls=7 faults=partition(three,one)@3268!+2161;restart(one)@3714!+8131;oneway(two,one)@4401!+374";
    assert!(from_beside().replay(cut_off).run().done > 5);
}

#[test]
fn a_registry_that_forgets_while_a_member_in_sync_is_gone_takes_nothing_away() {
    let wiped = "seed=1 clients=4 calls=12 faults=registry(empty)@4471+2918;kill(*master)@3915+3246";
    assert!(from_elsewhere().replay(wiped).run().done > 10);
}

/// The members learn while the registry hears their master late: of the set that names them it does not live to hear, and the registry loses it.
#[test]
fn an_older_record_that_names_only_who_is_gone_is_an_operators_and_takes_nothing_away() {
    let unheard = "seed=417 clients=3 calls=14 faults=kill(*master)@672!+181;latency(registry,*master,678)@1281+1934;registry(older)@2735+3427;registry(kept)@4489+958";
    assert!(from_beside().replay(unheard).run().done > 5);
}

#[test]
fn spare_instances_need_not_be_in_sync() {
    let cluster = |seed| {
        let cluster = Cluster::seed(seed).ttl(Duration::from_secs(2)).tick(Duration::from_millis(5));
        MEMBERS.into_iter().fold(cluster, |cluster, name| {
            cluster.node(name, |node| node.service(Hosted::with(|| Bank { witness: Witness::default() }).replicas(2)))
        })
    };
    let pays = |user: Banker| async move {
        while user.turn().await {
            pay(&user, 1).await;
        }
    };
    let proof = prove(cluster).workload(pays).recovers_within(Duration::from_secs(20));
    assert!(proof.replay("seed=1 clients=2 calls=8 faults=kill(*master)@4000+500").run().done > 4);
}

#[test]
fn runs_with_replicated_state_are_the_same_again() {
    let (first, second) = (from_elsewhere().seeds(2).run(), from_elsewhere().seeds(2).run());
    assert_eq!(first, second, "outcomes and traces");
}
