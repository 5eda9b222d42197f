use std::{fs, sync::Arc, time::Duration};

use super::{BOOT, delete, put, read, write};
use crate::{
    registry::{
        embedded::kept::{
            Found, encoding, frames,
            keeper::snapshot,
            look,
            restored::{self, LARGEST, Refused, Restored},
            set_aside,
        },
        store::{Change, Contents, Entry, Log, Record, Store, Taken},
    },
    rng::Rng,
};

/// What has happened since somebody looked.
fn taken(log: &Log) -> Vec<Entry> {
    match log.take(Some(Duration::ZERO)) {
        Taken::Entries(entries, _) => entries,
        _ => Vec::new(),
    }
}

/// A file with a snapshot of `before`, and then these.
fn file(before: &Contents, entries: &[Entry]) -> Vec<u8> {
    let mut file = Vec::new();
    let size = snapshot(&mut file, BOOT, before).unwrap();
    assert_eq!(size, file.len() as u64);
    for entry in entries {
        frames::add(&mut file, |out| encoding::entry(out, entry)).unwrap();
    }
    file
}

/// A few keys and leases, as they are after these entries.
fn small() -> (Contents, Vec<Entry>) {
    let mut contents = Contents::default();
    let (store, log) = Store::kept(&contents, 1);
    let lease = store.grant(None, Duration::from_millis(60_500)).unwrap().value;
    write(&store, vec![put("a", "1", lease), put("b", "", 0)]);
    for entry in taken(&log) {
        contents.apply(&entry).unwrap();
    }
    write(&store, vec![put("a", "2", 0), delete("b")]);
    store.grant(Some(-7), Duration::from_secs(9_000_000_000)).unwrap();
    write(&store, vec![put("c", "3", -7), put("d", "4", lease)]);
    store.revoke(lease).unwrap();
    store.grant(None, Duration::from_secs(5)).unwrap();
    (contents, taken(&log))
}

fn after(before: &Contents, entries: &[Entry]) -> Contents {
    let mut contents = before.clone();
    entries.iter().for_each(|entry| contents.apply(entry).unwrap());
    contents
}

#[tokio::test(start_paused = true)]
async fn what_is_read_is_what_the_store_holds() {
    let (rng, mut contents) = (Rng::from_seed(5), Contents::default());
    let (mut store, mut log) = Store::kept(&contents, 1);
    for round in 0..40 {
        let before = contents.clone();
        let mut entries = Vec::new();
        for n in 0..25 {
            let leases = store.leases().value;
            let lease = if leases.is_empty() || rng.below(2) == 0 { 0 } else { leases[rng.below(leases.len())] };
            let key = format!("key{}", rng.below(20));
            match rng.below(6) {
                0 => drop(store.grant(None, Duration::from_millis(rng.below(5_000) as u64)).unwrap()),
                1 if lease != 0 => drop(store.revoke(lease).unwrap()),
                2 => drop(write(&store, vec![delete(&key), put("other", "x", lease)])),
                3 => tokio::time::advance(Duration::from_millis(300)).await,
                _ => drop(write(&store, vec![put(&key, &format!("{round} {n}"), lease)])),
            }
            entries.extend(taken(&log));
        }
        contents = read(&file(&before, &entries));
        assert_eq!(contents, after(&before, &entries));
        let (revision, found) = (store.revision(), store.range(&crate::registry::store::Query::new(all())).unwrap());
        entries = taken(&log);
        contents = after(&contents, &entries);
        assert_eq!(contents.revision, revision);
        assert_eq!(contents.keys.values().cloned().collect::<Vec<Arc<_>>>(), found.value.records);
        assert_eq!(contents.leases.keys().copied().collect::<Vec<_>>(), store.leases().value);
        if round % 8 == 7 {
            contents.take_over();
            (store, log) = Store::kept(&contents, round);
        }
    }
}

fn all() -> crate::registry::store::KeyRange {
    crate::registry::store::KeyRange::all()
}

#[tokio::test(start_paused = true)]
async fn a_file_cut_at_any_byte_is_what_was_whole_or_is_refused() {
    let (before, entries) = small();
    let whole = file(&before, &entries);
    let ends: Vec<_> = (0..=entries.len()).map(|n| file(&before, &entries[..n]).len()).collect();
    for length in 0..=whole.len() {
        let found = restored::read(&whole[..length], length as u64, BOOT);
        let Some(known) = ends.iter().rposition(|end| *end <= length) else {
            assert!(
                matches!(found, Err(Refused::Damaged { .. })),
                "in its head or its snapshot, at {length}: {found:?}"
            );
            continue;
        };
        let Ok(Restored::Contents { contents, cut }) = found else { panic!("at {length}: {found:?}") };
        assert_eq!((contents, cut), (after(&before, &entries[..known]), (length - ends[known]) as u64), "at {length}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_with_any_bit_changed_is_refused() {
    let (before, entries) = small();
    let whole = file(&before, &entries);
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let found = restored::read(&damaged[..], damaged.len() as u64, BOOT);
        match bit / 8 {
            0..8 => assert!(matches!(found, Err(Refused::Foreign)), "bit {bit}: {found:?}"),
            8..12 => assert!(matches!(found, Err(Refused::Version(_))), "bit {bit}: {found:?}"),
            _ => assert!(matches!(found, Err(Refused::Damaged { .. })), "bit {bit}: {found:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_missing_or_there_twice_is_damage() {
    let (before, entries) = small();
    for n in 0..entries.len() {
        let committed = |entry: &Entry| matches!(entry, Entry::Committed { changes, .. } if !changes.is_empty());
        let later = entries[n + 1..].iter().any(committed);
        if committed(&entries[n]) && later {
            let mut missing = entries.clone();
            missing.remove(n);
            let file = file(&before, &missing);
            let found = restored::read(&file[..], file.len() as u64, BOOT);
            assert!(matches!(found, Err(Refused::Damaged { .. })), "without {n}: {found:?}");
        }
        if committed(&entries[n]) {
            let mut twice = entries.clone();
            twice.insert(n, entries[n].clone());
            let file = file(&before, &twice);
            let found = restored::read(&file[..], file.len() as u64, BOOT);
            assert!(matches!(found, Err(Refused::Damaged { .. })), "{n} twice: {found:?}");
        }
    }
}

#[test]
fn what_is_not_this_machines_run_or_no_file_of_ours_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.store");
    assert!(matches!(look(&path, BOOT), Found::Nothing));
    fs::write(&path, file(&Contents::default(), &[])).unwrap();
    assert!(matches!(look(&path, "another"), Found::OtherBoot));
    assert!(matches!(look(&path, BOOT), Found::Contents { cut: 0, .. }));
    fs::write(&path, "").unwrap();
    assert!(matches!(look(&path, BOOT), Found::Abandoned));
    fs::write(&path, "a shopping list").unwrap();
    assert!(matches!(look(&path, BOOT), Found::Refused(Refused::Foreign)));
    fs::File::options().write(true).open(&path).unwrap().set_len(LARGEST + 1).unwrap();
    let found = look(&path, BOOT);
    assert!(matches!(found, Found::Refused(Refused::TooLarge(size)) if size == LARGEST + 1), "{found:?}");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(look(&path, BOOT), Found::Refused(_)));
}

#[test]
fn files_put_aside_stay_and_are_few() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.store");
    for n in 0..20 {
        fs::write(&path, n.to_string()).unwrap();
        let aside = set_aside(&path).unwrap();
        assert_eq!((fs::read_to_string(aside).unwrap(), path.exists()), (n.to_string(), false));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 8);
}

#[test]
fn numbers_that_no_store_has_are_damage() {
    let record = Record { key: "key".into(), value: "".into(), created: 2, modified: 2, version: 1, lease: 0 };
    let last = i64::MAX / 2 - 1;
    let reads = |contents: &Contents, entries: &[Entry]| {
        let file = file(contents, entries);
        match restored::read(&file[..], file.len() as u64, BOOT) {
            Ok(Restored::Contents { mut contents, .. }) => {
                // Whoever takes it over can go on.
                contents.take_over();
                let (store, _log) = Store::kept(&contents, 1);
                write(&store, vec![put("key", "", 0)]);
                true
            }
            Err(Refused::Damaged { .. }) => false,
            other => panic!("{other:?}"),
        }
    };
    let at = |revision| Contents { revision, ..Contents::default() };
    for (revision, is) in
        [(0, false), (-1, false), (i64::MIN, false), (last, true), (last + 1, false), (i64::MAX, false)]
    {
        assert_eq!(reads(&at(revision), &[]), is, "{revision}");
        let numbers = [
            Record { created: revision, ..record.clone() },
            Record { modified: revision, ..record.clone() },
            Record { version: revision, ..record.clone() },
        ];
        for record in numbers {
            let keys = [(record.key.clone(), Arc::new(record))].into();
            assert_eq!(reads(&Contents { keys, ..at(5) }, &[]), is, "{revision}");
        }
    }
    let next = Entry::Committed {
        revision: last + 1,
        ended: 0,
        changes: [Change::new(last + 1, "a".into(), None, None)].into(),
    };
    assert!(!reads(&at(last), &[next]));
    let longest = Duration::from_secs(9_000_000_000);
    for (lease, ttl, is) in [
        (1, longest, true),
        (-1, longest, true),
        (0, longest, false),
        (1, longest + Duration::from_nanos(1), false),
        (1, Duration::MAX, false),
    ] {
        assert_eq!(reads(&at(5), &[Entry::Granted { lease, ttl }]), is, "{lease}, {ttl:?}");
        assert_eq!(reads(&Contents { leases: [(lease, ttl)].into(), ..at(5) }, &[]), is, "{lease}, {ttl:?}");
    }
}
