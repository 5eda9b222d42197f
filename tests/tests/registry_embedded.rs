//! The embedded registry across processes: who serves, and what happens when that one dies, freezes or is robbed.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use ember_runtime::registry::{Embedded, Registry, RegistryError, Session, WatchItem};
use ember_tests::{
    embedded_node::{EmbeddedNode, private_folder},
    registry::{await_value, context, is_unavailable, next, open, open_ready},
    wait::{eventually, until},
};
use tokio::time::Instant;

fn node(folder: &Path) -> EmbeddedNode {
    EmbeddedNode::start(env!("CARGO_BIN_EXE_embedded-node"), folder)
}

async fn put(session: &dyn Session, key: &str, value: &str) -> Result<i64, RegistryError> {
    session.put(key.into(), value.to_owned().into(), None).await
}

async fn count(session: &dyn Session) -> Result<usize, RegistryError> {
    Ok(session.list(String::new()).await?.entries.len())
}

#[test]
fn processes_that_start_at_once_share_one_store() {
    let folder = private_folder();
    let mut nodes: Vec<_> = (0..4).map(|_| node(folder.path())).collect();
    for (number, node) in nodes.iter_mut().enumerate() {
        node.ready();
        assert_eq!(node.put(&format!("key{number}"), "v"), "ok");
    }
    for node in &mut nodes {
        for number in 0..4 {
            assert_eq!(node.get(&format!("key{number}")), "v");
        }
    }
}

// This process becomes the host, so it must go on serving while the test waits for a line of a child.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_takes_over_when_the_host_is_killed() {
    let folder = private_folder();
    let mut host = node(folder.path());
    host.ready();
    let survivor = open_ready(&Embedded::at(folder.path())).await;
    assert_eq!(host.put("a", "old"), "ok");
    await_value(&*survivor, "a", "old").await;
    let mut watch = survivor.watch("a".into(), 1).await.unwrap();
    next(&mut watch).await.unwrap();
    let lease = survivor.grant(Duration::from_secs(60)).await.unwrap();
    let revision = put(&*survivor, "b", "old").await.unwrap();

    host.kill();
    let killed = Instant::now();
    assert!(is_unavailable(&next(&mut watch).await), "the watch tells of the loss");
    let after = eventually("a write", async || put(&*survivor, "c", "new").await.ok()).await;
    let outage = killed.elapsed();
    assert!(after > revision, "revisions go on");
    for (key, value) in [("a", "old"), ("b", "old"), ("c", "new")] {
        await_value(&*survivor, key, value).await;
    }
    assert_eq!(survivor.keep_alive(lease.id).await.unwrap().id, lease.id);
    let mut late = survivor.watch("b".into(), revision).await.unwrap();
    let told = next(&mut late).await.unwrap();
    assert!(matches!(told, WatchItem::Compacted { .. }), "what it missed is not known: {told:?}");
    let mut watch = survivor.watch("c".into(), revision + 1).await.unwrap();
    let heard = next(&mut watch).await.unwrap();
    let whole = |it: &WatchItem| matches!(it, WatchItem::Events { events, .. } if !events.is_empty());
    assert!(whole(&heard), "it has seen everything that the killed one did, and goes on: {heard:?}");

    let mut late = node(folder.path());
    late.ready();
    assert_eq!(late.get("a"), "old");
    println!("measured: host of the embedded registry killed: the next write was done {outage:?} after");
}

#[test]
fn every_acknowledged_write_survives_one_host_after_another() {
    let folder = private_folder();
    let mut nodes: BTreeMap<_, _> = (0..4).map(|_| node(folder.path())).map(|node| (node.pid(), node)).collect();
    nodes.values_mut().for_each(EmbeddedNode::ready);
    let lock = folder.path().join("test.lock");
    for round in 0..3 {
        // This one is a host itself, or a client of another process.
        let writer = nodes.values_mut().next().unwrap();
        for number in 0..50 {
            let key = format!("{round}-{number}");
            until("a write", || (writer.put(&key, "v") == "ok").then_some(()));
        }
        let host: u32 = fs::read_to_string(&lock).unwrap().trim().parse().unwrap();
        nodes.remove(&host).expect("a node to be the host").kill();
        for node in nodes.values_mut() {
            until("an answer", || node.get("0-0").starts_with('v').then_some(()));
            for number in (0..50).map(|number| format!("{round}-{number}")) {
                assert_eq!(node.get(&number), "v", "{number}");
            }
        }
    }
}

#[tokio::test]
async fn what_one_left_is_there_for_the_next_unless_it_is_to_be_in_memory() {
    let folder = private_folder();
    let (registry, file) = (Embedded::at(folder.path()), folder.path().join("test.store"));
    let first = open_ready(&registry).await;
    let lease = first.grant(Duration::from_secs(60)).await.unwrap().id;
    first.put("leased".into(), "value".into(), Some(lease)).await.unwrap();
    let revision = put(&*first, "key", "value").await.unwrap();
    drop(first);
    let second = open_ready(&registry).await;
    let found = second.list(String::new()).await.unwrap();
    assert!(found.revision >= revision, "{found:?}");
    assert_eq!(
        found.entries.iter().map(|it| (&*it.key, it.lease)).collect::<Vec<_>>(),
        [("key", None), ("leased", Some(lease))]
    );
    second.revoke(lease).await.unwrap();
    drop(second);

    let third = open_ready(&registry.clone().in_memory()).await;
    assert_eq!((count(&*third).await.unwrap(), file.exists()), (0, false));
    put(&*third, "key", "value").await.unwrap();
    drop(third);
    assert_eq!(count(&*open_ready(&registry).await).await.unwrap(), 0, "nothing is left of it");
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_the_registry_starts_empty() {
    let folder = private_folder();
    let (registry, file) = (Embedded::at(folder.path()), folder.path().join("test.store"));
    let first = open_ready(&registry).await;
    for n in 0..10 {
        put(&*first, &format!("key{n}"), "value").await.unwrap();
    }
    drop(first);
    let lock = fs::File::options().write(true).open(folder.path().join("test.lock")).unwrap();
    eventually("the end of the first", async || lock.try_lock().ok()).await;
    let mut damaged = fs::read(&file).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&file, &damaged).unwrap();
    lock.unlock().unwrap();
    let second = open_ready(&registry).await;
    assert_eq!(count(&*second).await.unwrap(), 0);
    assert_eq!(fs::read(folder.path().join("test.refused-1")).unwrap(), damaged, "what is left of it is not lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_write_costs_with_a_file_and_without_is_measured() {
    const WRITES: u32 = 200;
    let (kept, memory) = (private_folder(), private_folder());
    let sessions =
        [open_ready(&Embedded::at(kept.path())).await, open_ready(&Embedded::at(memory.path()).in_memory()).await];
    let mut took = [Duration::ZERO; 2];
    // In turns, so that both see the same machine.
    for _ in 0..WRITES {
        for (session, took) in sessions.iter().zip(&mut took) {
            let begun = Instant::now();
            put(&**session, "key", "value").await.unwrap();
            *took += begun.elapsed();
        }
    }
    let [with, without] = took.map(|it| it / WRITES);
    println!(
        "measured: a write to the embedded registry takes {with:?} with a file, {without:?} without: {:.2}",
        with.div_duration_f64(without)
    );
    for session in &sessions {
        let written = session.list("key".into()).await.unwrap().entries.pop().unwrap();
        assert!(written.modified > i64::from(WRITES), "all were done: {written:?}");
    }
    assert!(kept.path().join("test.store").exists() && !memory.path().join("test.store").exists());
}

#[tokio::test]
async fn a_frozen_host_is_unavailable_and_keeps_its_place_and_its_data() {
    let folder = private_folder();
    let mut host = node(folder.path());
    host.ready();
    assert_eq!(host.put("a", "kept"), "ok");
    let registry = Embedded::at(folder.path());
    let other = open_ready(&registry).await;

    host.freeze();
    let outcomes = (put(&*other, "b", "x").await, count(&*other).await);
    assert!(is_unavailable(&outcomes.0), "{outcomes:?}");
    assert!(is_unavailable(&outcomes.1), "nobody takes over from a host that still has the lock: {outcomes:?}");
    let text = outcomes.1.unwrap_err().to_string();
    let (pid, socket) = (host.pid(), registry.endpoint("test").unwrap());
    assert!(text.contains(&socket) && text.contains(&format!("process {pid}, `embedded-node`")), "who? {text}");
    assert!(text.contains(&format!("`kill -CONT {pid}`")), "what to do? {text}");

    host.thaw();
    await_value(&*other, "a", "kept").await;
}

// As above: this process is the host.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_serves_until_the_last_of_its_sessions_ends_and_hands_the_place_over() {
    let folder = private_folder();
    let registry = Embedded::at(folder.path());
    let first = open_ready(&registry).await;
    let second = open_ready(&registry).await;
    let mut elsewhere = node(folder.path());
    elsewhere.ready();
    let revision = put(&*first, "a", "kept").await.unwrap();
    let mut watch = second.watch("b".into(), revision + 1).await.unwrap();
    // A node whose start fails does this, and the others go on.
    drop(first);
    assert_eq!(elsewhere.put("b", "new"), "ok");
    let heard = next(&mut watch).await;
    assert!(matches!(&heard, Ok(WatchItem::Events { events, .. }) if events.len() == 1), "{heard:?}");
    assert_eq!((elsewhere.get("a"), count(&*second).await.unwrap()), ("kept".into(), 2));
    drop(second);
    eventually("another to serve the same", async || (elsewhere.get("a") == "kept").then_some(())).await;
}

#[tokio::test]
async fn the_data_survives_the_removal_of_the_socket() {
    let folder = private_folder();
    let registry = Embedded::at(folder.path());
    let host = open_ready(&registry).await;
    put(&*host, "a", "kept").await.unwrap();
    let socket = registry.endpoint("test").unwrap().strip_prefix("unix://").unwrap().to_owned();
    fs::remove_file(&socket).unwrap();
    eventually("the socket to come back", async || Path::new(&socket).exists().then_some(())).await;
    let other = open_ready(&registry).await;
    await_value(&*other, "a", "kept").await;
    await_value(&*host, "a", "kept").await;
}

// One of the two who race to serve is another process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_one_store_after_the_whole_folder_was_removed() {
    let parent = private_folder();
    let folder = parent.path().join("registry");
    let session = open_ready(&Embedded::at(&folder)).await;
    let mut elsewhere = node(&folder);
    elsewhere.ready();
    fs::remove_dir_all(&folder).unwrap();
    let files = || fs::read_dir(&folder).map_or(0, Iterator::count);
    eventually("a new lock, a new socket and a new file", async || (files() == 3).then_some(())).await;
    eventually("both to see one store", async || {
        put(&*session, "a", "x").await.ok()?;
        let seen = elsewhere.get("a");
        session.delete("a".into()).await.ok()?;
        (seen == "x" && elsewhere.get("a") == "none").then_some(())
    })
    .await;
}

#[tokio::test]
async fn clusters_are_apart_whatever_their_names() {
    let folder = private_folder();
    let registry = Embedded::at(folder.path());
    let mut sessions = Vec::new();
    let names = ["a", "A", "a/b", "../a", "", "ä ö", &"n".repeat(300)];
    for name in names {
        let session = registry.open(context(name)).await.unwrap();
        assert_eq!(count(&*session).await.unwrap(), 0, "{name}");
        put(&*session, "key", name).await.unwrap();
        sessions.push(session);
        assert!(registry.endpoint(name).unwrap().starts_with("unix:///"), "{name}");
    }
    let outside = fs::read_dir(folder.path()).unwrap().count();
    assert!(outside >= names.len(), "every cluster has its files in the folder");
}

#[tokio::test]
async fn a_folder_that_others_may_enter_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = private_folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = Embedded::at(folder.path()).open(context("test")).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Configuration(text) if text.contains("chmod 700")), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_end_where_the_folder_was_opened_to_others_while_it_was_served() {
    use std::os::unix::fs::PermissionsExt;
    let folder = private_folder();
    let host = open_ready(&Embedded::at(folder.path())).await;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let lease = host.grant(Duration::from_secs(2)).await.unwrap();
    host.put("key".into(), "value".into(), Some(lease.id)).await.unwrap();
    eventually("the end of the lease", async || (count(&*host).await.ok()? == 0).then_some(())).await;
}

#[tokio::test]
async fn it_says_that_it_spans_one_machine() {
    let folder = private_folder();
    let registry = Embedded::at(folder.path());
    assert!(!registry.spans_machines());
    let first_operation = open(&registry).await.list(String::new()).await;
    assert!(first_operation.is_ok(), "the first operation works, though nobody served before: {first_operation:?}");
}
