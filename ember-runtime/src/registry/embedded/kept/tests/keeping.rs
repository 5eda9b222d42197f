use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::timeout;

use super::{BOOT, Memory, delete, put, read, write};
use crate::{
    registry::{
        embedded::{
            kept::{Found, Keeper, OnDisk, look},
            lock::Lock,
        },
        store::{Contents, Gone, KeyRange, Query, Store},
    },
    sync::lock,
};

const LONG: Duration = Duration::from_secs(20);

fn keep(disk: &Memory) -> (Store, Keeper) {
    let (store, log) = Store::kept(&Contents::default(), 1);
    (store, Keeper::start(log, Contents::default(), BOOT.into(), Box::new(disk.clone())).unwrap())
}

async fn settled(store: &Store) {
    timeout(LONG, store.settled()).await.expect("the keeper does its work").expect("it goes on");
}

/// Waits for a fact of the keeper's thread, which tells nobody.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, wait).await.unwrap_or_else(|_| panic!("waited for {what}"));
}

#[tokio::test]
async fn what_is_settled_is_in_the_file() {
    let disk = Memory::new();
    let (store, _keeper) = keep(&disk);
    for n in 0..100 {
        let revision = write(&store, vec![put("key", &n.to_string(), 0)]);
        settled(&store).await;
        let kept = read(&disk.file().unwrap());
        assert_eq!((kept.revision, &kept.keys[&b"key"[..]].value[..]), (revision, n.to_string().as_bytes()));
    }
}

#[tokio::test]
async fn the_file_stays_small_whatever_is_written() {
    let disk = Memory::new();
    let (store, _keeper) = keep(&disk);
    let value = "x".repeat(100_000);
    for _ in 0..100 {
        write(&store, vec![put("key", &value, 0)]);
        settled(&store).await;
        let size = disk.file().unwrap().len();
        assert!(size < (1 << 20) + 300_000, "{size} bytes");
    }
    assert!(disk.replaced() > 5, "10 MB through a file of 1 MB: written anew {} times", disk.replaced());
    let revision = write(&store, vec![put("last", "", 0)]);
    settled(&store).await;
    assert_eq!(read(&disk.file().unwrap()).revision, revision);
}

#[tokio::test]
async fn while_a_disk_is_slow_leases_are_renewed_and_nothing_is_seen_that_could_be_lost() {
    let disk = Memory::new();
    let (store, _keeper) = keep(&disk);
    let lease = store.grant(None, LONG).unwrap().value;
    settled(&store).await;
    let mut watcher = store.watch(KeyRange::all(), 1);
    disk.set(|ram| ram.held = true);
    let revision = write(&store, vec![put("key", "value", lease)]);
    store.keep_alive(lease).unwrap();
    assert!(watcher.try_next().unwrap().value.is_empty(), "it is not in the file");
    assert!(timeout(Duration::from_millis(20), store.settled()).await.is_err(), "nor is it acknowledged");
    disk.set(|ram| ram.held = false);
    settled(&store).await;
    assert_eq!(watcher.try_next().unwrap().value[0].revision, revision);
}

#[tokio::test]
async fn what_waits_for_a_disk_is_bounded() {
    let disk = Memory::new();
    let (store, _keeper) = keep(&disk);
    disk.set(|ram| ram.held = true);
    let large = "x".repeat(1 << 20);
    while timeout(Duration::from_millis(1), store.room()).await.is_ok() {
        write(&store, vec![put("large", &large, 0)]);
        assert!(store.revision() < 40, "the queue has no end");
    }
    disk.set(|ram| ram.held = false);
    settled(&store).await;
    timeout(LONG, store.room()).await.unwrap().unwrap();
}

#[tokio::test]
async fn on_a_full_disk_it_goes_on_in_memory_without_a_file_and_later_with_one_again() {
    let disk = Memory::new();
    let (store, keeper) = keep(&disk);
    write(&store, vec![put("kept", "1", 0)]);
    settled(&store).await;
    disk.set(|ram| ram.most = 300);
    let mut watcher = store.watch(KeyRange::all(), store.revision() + 1);
    write(&store, vec![put("large", &"x".repeat(1_000), 0)]);
    settled(&store).await;
    assert_eq!(disk.file(), None, "who has been told of what is not in it must not find it");
    assert_eq!(timeout(LONG, watcher.next()).await.unwrap().unwrap().value.len(), 1, "watchers go on");
    keeper.write_anew();
    write(&store, vec![put("memory", "2", 0)]);
    settled(&store).await;
    assert_eq!(disk.file(), None);

    disk.set(|ram| ram.most = usize::MAX);
    keeper.write_anew();
    until("a file", || disk.file().is_some()).await;
    let revision = write(&store, vec![put("again", "3", 0), delete("kept")]);
    settled(&store).await;
    let kept = read(&disk.file().unwrap());
    let keys: Vec<_> = kept.keys.keys().map(|key| String::from_utf8_lossy(key).into_owned()).collect();
    assert_eq!((kept.revision, keys), (revision, ["again", "large", "memory"].map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn a_disk_too_full_for_two_files_keeps_the_one_that_it_has() {
    let disk = Memory::new();
    let (store, _keeper) = keep(&disk);
    disk.set(|ram| ram.most_anew = 1_000);
    for n in 0..30 {
        write(&store, vec![put("key", &"x".repeat(100_000), 0), put("last", &n.to_string(), 0)]);
        settled(&store).await;
    }
    let kept = read(&disk.file().unwrap());
    assert_eq!((kept.revision, disk.replaced()), (store.revision(), 1));
}

#[tokio::test]
async fn what_happens_after_the_end_is_not_acknowledged() {
    let disk = Memory::new();
    let (store, keeper) = keep(&disk);
    let revision = write(&store, vec![put("before", "", 0)]);
    drop(keeper);
    settled(&store).await;
    assert_eq!(read(&disk.file().unwrap()).revision, revision);
    write(&store, vec![put("after", "", 0)]);
    assert!(timeout(LONG, store.settled()).await.unwrap().is_err());
    assert_eq!(read(&disk.file().unwrap()).revision, revision);
}

#[tokio::test(start_paused = true)]
async fn who_takes_over_goes_on_with_revisions_keys_and_leases_and_those_who_are_late_are_told() {
    let mut contents = Contents::default();
    let (first, log) = Store::kept(&contents, 1);
    let (lived, ttl) = (Duration::from_secs(4), Duration::from_secs(5));
    let lease = first.grant(None, ttl).unwrap().value;
    write(&first, vec![put("leased", "1", lease)]);
    let revision = write(&first, vec![put("kept", "2", 0)]);
    tokio::time::advance(lived).await;
    let crate::registry::store::Taken::Entries(entries, _) = log.take(None) else { panic!("nothing happened") };
    entries.iter().for_each(|entry| contents.apply(entry).unwrap());
    contents.take_over();

    let (second, log) = Store::kept(&contents, 2);
    assert!(second.revision() > revision);
    let records = |store: &Store| store.range(&Query::new(KeyRange::all())).unwrap().value.records;
    assert_eq!(records(&second), records(&first));
    assert_eq!(second.lease(lease).unwrap().value.remaining, ttl, "its time starts anew");
    let oldest = second.revision();
    for late in 1..=revision {
        assert_eq!(second.watch(KeyRange::all(), late).try_next(), Err(Gone { oldest }));
    }
    let as_of_then = second.range(&Query { revision: oldest, ..Query::new(KeyRange::all()) });
    assert!(as_of_then.is_ok(), "what they are told can be read: {as_of_then:?}");
    let mut watcher = second.watch(KeyRange::all(), revision + 1);
    assert!(watcher.try_next().unwrap().value.is_empty(), "who has seen everything goes on");
    let next = write(&second, vec![put("kept", "3", 0)]);
    let crate::registry::store::Taken::Entries(_, number) = log.take(None) else { panic!("nothing happened") };
    log.kept(number, next);
    assert_eq!(watcher.try_next().unwrap().value[0].revision, next);
    assert_ne!(second.grant(None, ttl).unwrap().value, lease);
    tokio::time::advance(ttl).await;
    assert_eq!(records(&second).len(), 1, "a lease that nobody renews ends with its keys");
}

#[tokio::test]
async fn whoever_lost_its_lock_leaves_the_file_of_another_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (path_of_lock, path) = (folder.path().join("c.lock"), folder.path().join("c.store"));
    let own = Arc::new(Mutex::new(Lock::try_take(&path_of_lock).unwrap().unwrap()));
    // Of one that was killed while it wrote.
    fs::write(folder.path().join("c.store-1"), "half").unwrap();
    let (store, log) = Store::kept(&Contents::default(), 1);
    let disk = OnDisk::new(&path, own);
    let keeper = Keeper::start(log, Contents::default(), BOOT.into(), Box::new(disk)).unwrap();
    let revision = write(&store, vec![put("key", "", 0)]);
    settled(&store).await;
    let found = look(&path, BOOT);
    assert!(matches!(&found, Found::Contents { contents, cut: 0 } if contents.revision == revision), "{found:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the lock and the file");

    fs::remove_file(&path_of_lock).unwrap();
    let _another = Lock::try_take(&path_of_lock).unwrap().unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "another's").unwrap();
    keeper.write_anew();
    write(&store, vec![put("key", "2", 0)]);
    settled(&store).await;
    drop(keeper);
    until("the end of the keeper", || fs::read_dir(folder.path()).unwrap().count() == 2).await;
    assert_eq!(fs::read_to_string(&path).unwrap(), "another's");
}

#[tokio::test]
async fn a_file_that_was_left_to_another_is_removed_when_the_lock_is_had_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path_of_lock, path) = (folder.path().join("c.lock"), folder.path().join("c.store"));
    let own = Arc::new(Mutex::new(Lock::try_take(&path_of_lock).unwrap().unwrap()));
    let (store, log) = Store::kept(&Contents::default(), 1);
    let disk = OnDisk::new(&path, Arc::clone(&own));
    let keeper = Keeper::start(log, Contents::default(), BOOT.into(), Box::new(disk)).unwrap();
    write(&store, vec![put("kept", "", 0)]);
    settled(&store).await;
    fs::remove_file(&path_of_lock).unwrap();
    keeper.write_anew();
    write(&store, vec![put("in memory", "", 0)]);
    settled(&store).await;
    assert!(path.exists(), "whose it is, is not known");
    // Nobody was quicker; and it cannot be written now.
    *lock(&own) = Lock::try_take(&path_of_lock).unwrap().unwrap();
    fs::create_dir(folder.path().join(format!("c.store-{}", std::process::id()))).unwrap();
    keeper.write_anew();
    until("the file to be gone", || !path.exists()).await;
}

#[tokio::test]
async fn a_keeper_that_panics_is_seen_to_have_ended_and_nothing_is_acknowledged() {
    let disk = Memory::new();
    let (store, keeper) = keep(&disk);
    let revision = write(&store, vec![put("kept", "", 0)]);
    settled(&store).await;
    assert!(!keeper.has_ended());
    disk.set(|ram| ram.broken = true);
    write(&store, vec![put("key", "", 0)]);
    assert!(timeout(LONG, store.settled()).await.unwrap().is_err());
    until("the end of the thread", || keeper.has_ended()).await;
    assert_eq!(read(&disk.file().unwrap()).revision, revision, "whoever takes over goes on from here");
}
