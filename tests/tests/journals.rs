//! Replicated services with a journal: what was acknowledged outlives all of their processes.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use ember::{Error, Hosted, Replicated, Role, prelude::*, registry::Embedded};
use ember_tests::{
    embedded_node::private_folder,
    wait::{eventually, within},
};
use tokio::task::JoinSet;

#[message]
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Balances(BTreeMap<u64, u64>);

#[message]
pub struct Paid {
    to: u64,
    note: String,
}

#[service(elected)]
#[derive(Default)]
pub struct Ledger;

impl Replicated for Ledger {
    type State = Balances;
    type Entry = Paid;
    type Output = u64;

    fn apply(state: &mut Balances, Paid { to, .. }: &Paid) -> u64 {
        assert!(*to != BREAKS || !BROKEN.load(Ordering::Relaxed), "an entry that this build cannot apply");
        let balance = state.0.entry(*to).or_default();
        *balance += 1;
        *balance
    }
}

/// An entry that is not applied while [`BROKEN`] is set.
const BREAKS: u64 = 13;
static BROKEN: AtomicBool = AtomicBool::new(false);

#[rpc]
impl Ledger {
    pub async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, to: u64) -> u64 {
        cx.commit(Paid { to, note: String::new() })
    }

    pub async fn rpc_pay_for(&mut self, cx: &mut Cx<'_, Self>, to: u64, note: String) -> u64 {
        cx.commit(Paid { to, note })
    }

    #[rpc(read)]
    pub async fn rpc_of(&self, cx: &mut Cx<'_, Self>, to: u64) -> u64 {
        cx.state().0.get(&to).copied().unwrap_or_default()
    }
}

#[service]
#[derive(Default)]
pub struct Plain;

#[rpc]
impl Plain {
    pub async fn rpc_nothing(&mut self) {}
}

fn kept(folder: &Path) -> Hosted<Ledger> {
    Hosted::new(Ledger).journal(folder)
}

/// A node without a registry.
async fn alone(folder: &Path) -> Node {
    Node::builder().service(kept(folder)).start().await.expect("a node")
}

fn why(refused: &Error) -> String {
    refused.to_string()
}

#[tokio::test]
async fn a_single_node_without_a_registry_goes_on_from_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("made/by/itself");
    for run in 0..3 {
        let node = alone(&journal).await;
        let ledger = node.client::<LedgerClient>();
        assert_eq!(within("a call", ledger.rpc_of(7).into_future()).await.unwrap(), run * 10);
        for paid in 1..=10 {
            assert_eq!(ledger.rpc_pay(7).await.unwrap(), run * 10 + paid);
        }
        let pid = node.view().instances().iter().find(|it| it.role() == Some(Role::Master)).unwrap().pid();
        let syncs = node.journal_syncs(pid).unwrap();
        assert!(syncs >= 10, "{syncs}: each was on the disk before the next was called for");
        node.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn calls_that_wait_share_a_wait_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let node = alone(folder.path()).await;
    let ledger = node.client::<LedgerClient>();
    ledger.rpc_pay(1).await.unwrap();
    let pid = node.view().instances().iter().find(|it| it.role() == Some(Role::Master)).unwrap().pid();
    let before = node.journal_syncs(pid).unwrap();
    let mut calls: JoinSet<_> = (0..512).map(|_| ledger.rpc_pay(1).into_future()).collect();
    while let Some(paid) = calls.join_next().await {
        paid.unwrap().unwrap();
    }
    let syncs = node.journal_syncs(pid).unwrap() - before;
    assert!(syncs < 256, "{syncs} for 512 commits");
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_journal_is_made_shorter_and_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let node = alone(folder.path()).await;
    let ledger = node.client::<LedgerClient>();
    let file = folder.path().join("journal");
    let mut paid = 0;
    let mut longest = 0;
    // It becomes longer until it is made anew.
    eventually("a shorter journal", async || {
        let note = "for this and for that ".repeat(3_000);
        let mut calls: JoinSet<_> = (0..16).map(|_| ledger.rpc_pay_for(1, note.clone()).into_future()).collect();
        while let Some(done) = calls.join_next().await {
            done.unwrap().unwrap();
            paid += 1;
        }
        let length = fs::metadata(&file).unwrap().len();
        let is_shorter = length < longest;
        longest = longest.max(length);
        is_shorter.then_some(())
    })
    .await;
    node.shutdown().await.unwrap();
    let node = alone(folder.path()).await;
    assert_eq!(node.client::<LedgerClient>().rpc_of(1).await.unwrap(), paid);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_folder_has_one_user_and_a_journal_one_group() {
    let folder = tempfile::tempdir().unwrap();
    let node = alone(folder.path()).await;
    node.client::<LedgerClient>().rpc_pay(7).await.unwrap();
    let refused = why(&node.spawn(kept(folder.path()).id("another")).await.unwrap_err());
    assert!(refused.contains("give each a folder of its own"), "{refused}");
    node.shutdown().await.unwrap();
    let refused = Node::builder().service(kept(folder.path()).id("another")).start().await;
    let refused = why(&refused.unwrap_err());
    assert!(refused.contains("Ledger/Ledger") && refused.contains("Ledger/another"), "{refused}");
    let plain = Node::builder().service(Hosted::new(Plain).journal(folder.path())).start().await;
    let refused = why(&plain.unwrap_err());
    assert!(refused.contains(".journal") && refused.contains("only replicated services"), "{refused}");
}

#[tokio::test]
async fn a_journal_that_is_damaged_where_it_was_acknowledged_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let node = alone(folder.path()).await;
    for _ in 0..3 {
        node.client::<LedgerClient>().rpc_pay(7).await.unwrap();
    }
    node.shutdown().await.unwrap();
    let file = folder.path().join("journal");
    // Its folder is free when its thread has ended.
    eventually("the journal to be closed", async || {
        let lock = fs::File::open(folder.path().join("lock")).ok()?;
        lock.try_lock().ok()
    })
    .await;
    let good = fs::read(&file).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() - 120;
    bad[middle] ^= 1;
    fs::write(&file, &bad).unwrap();
    let refused = why(&Node::builder().service(kept(folder.path())).start().await.unwrap_err());
    assert!(refused.contains("damaged at byte") && refused.contains("move the file away"), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), bad);
    // Half a record at the end was never acknowledged.
    let mut torn = good;
    torn.extend([7; 20]);
    fs::write(&file, torn).unwrap();
    let node = alone(folder.path()).await;
    assert_eq!(node.client::<LedgerClient>().rpc_of(7).await.unwrap(), 3);
    node.shutdown().await.unwrap();
}

/// The program `kept-node`.
struct Member {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Member {
    fn start(name: &str, folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kept-node"))
            .arg(name)
            .arg(folder.join("registry"))
            .arg(folder.join(name))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("to start kept-node");
        let input = child.stdin.take().expect("its input");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, input, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("a line").expect("text")
    }

    fn ask(&mut self, text: &str) {
        writeln!(self.input, "{text}").expect("to be heard");
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // SIGKILL.
        let _it_may_have_ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[test]
fn a_group_all_of_whose_processes_are_killed_comes_back_with_all_that_was_acknowledged() {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    let folder = private_folder();
    fs::create_dir(folder.path().join("registry")).unwrap();
    #[cfg(unix)]
    fs::set_permissions(folder.path().join("registry"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let start = || {
        let mut members = NAMES.map(|name| Member::start(name, folder.path()));
        members.iter_mut().for_each(|member| assert_eq!(member.line(), "ready"));
        members
    };
    let mut members = start();
    members[0].ask("pay 16");
    let (mut acknowledged, mut unknown) = (0, 0);
    let mut count = |line: &str| match line {
        "paid" => acknowledged += 1,
        _ => unknown += 1,
    };
    (0..300).for_each(|_| count(&members[0].line()));
    // Others are in sync by now, or not: it is the same to who was told.
    members.iter_mut().rev().for_each(|member| member.child.kill().expect("to kill it"));
    let [mut first, ..] = members;
    // What it had said until then.
    first.lines.by_ref().map_while(Result::ok).for_each(|line| count(&line));
    drop(first);
    let mut members = start();
    members[2].ask("sum");
    let sum = members[2].line();
    let found: usize = sum.strip_prefix("sum ").unwrap_or_else(|| panic!("{sum}")).parse().unwrap();
    let most = acknowledged + unknown + 16;
    assert!(
        (acknowledged..=most).contains(&found),
        "{acknowledged} were acknowledged, {unknown} not, and {found} are there"
    );
    assert!(acknowledged > 100, "{acknowledged}");
}

/// Nodes of one process, over a registry that they share.
async fn three(folder: &Path) -> Vec<Node> {
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        let node = Node::builder()
            .name(name)
            .registry(Embedded::at(folder.join("registry")))
            .lease(std::time::Duration::from_secs(1))
            .service(kept(&folder.join(name)));
        nodes.push(node.start().await.expect("a node"));
    }
    nodes
}

/// Until each of the three shows that so much was paid.
async fn all_have(nodes: &[Node], paid: u64) {
    for node in nodes {
        eventually("all three to have it", async || {
            let view = node.view();
            let mut have = 0;
            for instance in view.instances().iter().filter(|it| it.role().is_some()) {
                let of = node.select::<LedgerClient>().pid(instance.pid()).client().rpc_of(7).await;
                have += usize::from(of.ok() == Some(paid));
            }
            (have == nodes.len()).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_are_started_again_all_at_once_go_on_together() {
    let folder = private_folder();
    let mut paid = 0;
    for _ in 0..2 {
        let nodes = three(folder.path()).await;
        for _ in 0..10 {
            paid += 1;
            let now = within("a payment", nodes[1].client::<LedgerClient>().rpc_pay(7).into_future()).await;
            assert_eq!(now.unwrap(), paid);
        }
        all_have(&nodes, paid).await;
        for node in nodes {
            node.shutdown().await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_instance_alone_whose_apply_panics_goes_on_without_that_record_and_its_journal_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let node = alone(folder.path()).await;
    let ledger = node.client::<LedgerClient>();
    for _ in 0..3 {
        ledger.rpc_pay(7).await.unwrap();
    }
    BROKEN.store(true, Ordering::Relaxed);
    ledger.rpc_pay(BREAKS).await.unwrap_err();
    assert_eq!(ledger.rpc_of(7).await.unwrap(), 3, "the state is made again");
    node.shutdown().await.unwrap();
    BROKEN.store(false, Ordering::Relaxed);
    let node = alone(folder.path()).await;
    assert_eq!(node.client::<LedgerClient>().rpc_of(7).await.unwrap(), 3);
    assert_eq!(node.client::<LedgerClient>().rpc_of(BREAKS).await.unwrap(), 0);
    node.shutdown().await.unwrap();
}
