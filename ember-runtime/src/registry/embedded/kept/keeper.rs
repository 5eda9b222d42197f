//! Writes what happens to a store into its file: one thread, so that nobody else waits for a disk.

use std::{
    io::{self, Write},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::time::Instant;

use super::{disk::Disk, encoding, frames, head, restored::LARGEST};
use crate::registry::store::{Contents, Entry, Log, Taken};

/// How large what happened since the snapshot may become, however small the snapshot is.
const SMALL: u64 = 1 << 20;
/// After what time a file that could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// A snapshot is written in pieces of about this size.
const PIECE: usize = 1 << 16;

/// Keeps a store for as long as this value lives, and then what has happened until then.
#[derive(Debug)]
pub(in super::super) struct Keeper {
    log: Arc<Log>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts to keep what `log` says, after `contents`.
    ///
    /// # Errors
    /// There could be no thread.
    pub(in super::super) fn start(
        log: Arc<Log>,
        contents: Contents,
        boot: String,
        disk: Box<dyn Disk>,
    ) -> io::Result<Self> {
        let keeping = Keeping {
            log: Arc::clone(&log),
            contents,
            boot,
            disk,
            snapshot: 0,
            since: 0,
            given_up: None,
            spoilt: false,
        };
        let thread = thread::Builder::new().name("ember-kept".into()).spawn(move || keeping.run())?;
        Ok(Self { log, thread })
    }

    /// Whether nothing is kept any more, though this value lives: there is a bug, and its thread has panicked.
    pub(in super::super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Has the file written anew: it was removed.
    pub(in super::super) fn write_anew(&self) {
        self.log.write_anew();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.log.close();
    }
}

/// The thread.
struct Keeping {
    log: Arc<Log>,
    /// What the file says. Its records are the store's own.
    contents: Contents,
    boot: String,
    disk: Box<dyn Disk>,
    /// The size of the snapshot in the file, and of what follows it.
    snapshot: u64,
    since: u64,
    /// Nothing is kept since then, or since it was tried again last.
    given_up: Option<Instant>,
    /// What happened did not follow on the contents: they are not to be believed.
    spoilt: bool,
}

impl Keeping {
    fn run(mut self) {
        // Nothing is acknowledged before this has ended.
        self.begin();
        loop {
            match self.log.take(self.given_up.map(|at| AGAIN.saturating_sub(at.elapsed()))) {
                Taken::Entries(entries, number) => {
                    self.keep(&entries);
                    self.log.kept(number, self.contents.revision);
                    self.shorten();
                }
                Taken::Anew if self.given_up.is_none() => self.begin(),
                Taken::Anew => self.try_again(),
                Taken::Nothing => {}
                Taken::Closed => return,
            }
            if self.given_up.is_some_and(|at| at.elapsed() >= AGAIN) {
                self.try_again();
            }
        }
    }

    fn keep(&mut self, entries: &[Entry]) {
        let mut bytes = Vec::new();
        let mut outcome = Ok(());
        for entry in entries {
            if let Err(what) = self.contents.apply(entry) {
                self.spoilt = true;
                outcome = Err(io::Error::other(format!("{what}: this is a bug of Ember, please report it")));
            }
            if self.given_up.is_none() && outcome.is_ok() {
                outcome = frames::add(&mut bytes, |out| encoding::entry(out, entry));
            }
        }
        if self.given_up.is_some() {
            return;
        }
        self.since += bytes.len() as u64;
        if let Err(error) = outcome.and_then(|()| self.disk.append(&bytes)) {
            self.give_up(&error);
        }
    }

    /// Writes the file anew when most of it is past.
    fn shorten(&mut self) {
        if self.given_up.is_some() || self.since <= self.snapshot.max(SMALL) {
            return;
        }
        if let Err(error) = self.replace() {
            // Nothing is lost. There may be no room for both files: perhaps later.
            if self.snapshot + self.since > LARGEST / 2 {
                return self.give_up(&error);
            }
            tracing::debug!(target: "ember::registry", %error, "the embedded registry's file could not be written anew: it grows on");
            self.snapshot = self.snapshot.max(2 * self.since);
        }
    }

    fn begin(&mut self) {
        if let Err(error) = self.replace() {
            self.give_up(&error);
        }
    }

    /// Whoever takes over must not believe a file that lacks what was acknowledged: first it goes, then the waiting do.
    fn give_up(&mut self, error: &io::Error) {
        self.discard();
        self.given_up = Some(Instant::now());
        tracing::error!(
            target: "ember::registry", %error, disk = ?self.disk,
            "the embedded registry cannot be kept in its file (is the disk full?): it goes on in memory, and whoever takes it over now starts empty. The file is tried again every {} s",
            AGAIN.as_secs()
        );
        self.log.give_up(true, self.contents.revision);
    }

    /// Also later: it could not be removed, or the lock was another's at first.
    fn discard(&mut self) {
        if let Err(left) = self.disk.discard() {
            tracing::error!(
                target: "ember::registry", error = %left, disk = ?self.disk,
                "the embedded registry's file could not be removed: remove it by hand, or a process that takes over goes on from it, though it is out of date"
            );
        }
    }

    fn try_again(&mut self) {
        self.given_up = Some(Instant::now());
        if self.spoilt {
            return self.discard();
        }
        // From here on everybody waits again until it is kept. What was acknowledged until here has to be in the file.
        self.log.give_up(false, self.contents.revision);
        let late = loop {
            match self.log.take(Some(Duration::ZERO)) {
                // That is about to be done.
                Taken::Anew => {}
                late => break late,
            }
        };
        if let Taken::Entries(entries, _) = &late {
            self.keep(entries);
        }
        if !self.spoilt && self.replace().is_ok() {
            self.given_up = None;
            tracing::info!(target: "ember::registry", disk = ?self.disk, "the embedded registry is kept in its file again");
        } else {
            self.discard();
            self.log.give_up(true, self.contents.revision);
        }
        if let Taken::Entries(_, number) = late {
            self.log.kept(number, self.contents.revision);
        }
    }

    fn replace(&mut self) -> io::Result<()> {
        let (contents, boot, mut size) = (&self.contents, &self.boot, 0);
        self.disk.replace(&mut |out| {
            size = snapshot(out, boot, contents)?;
            Ok(())
        })?;
        (self.snapshot, self.since) = (size, 0);
        Ok(())
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.log.end();
    }
}

/// Writes a whole file; its size.
pub(super) fn snapshot(out: &mut dyn Write, boot: &str, contents: &Contents) -> io::Result<u64> {
    let (mut piece, mut size) = (head::write(boot), 0);
    let mut pass = |piece: &mut Vec<u8>, least: usize| {
        if piece.len() < least {
            return Ok(());
        }
        size += piece.len() as u64;
        out.write_all(piece)?;
        piece.clear();
        io::Result::Ok(())
    };
    frames::add(&mut piece, |out| encoding::begin(out, contents))?;
    for (id, ttl) in &contents.leases {
        frames::add(&mut piece, |out| encoding::lease(out, *id, *ttl))?;
        pass(&mut piece, PIECE)?;
    }
    for record in contents.keys.values() {
        frames::add(&mut piece, |out| encoding::key(out, record))?;
        pass(&mut piece, PIECE)?;
    }
    pass(&mut piece, 0)?;
    Ok(size)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        registry::{
            embedded::kept::restored,
            store::{KeyRange, Op, Query, Store, Txn},
        },
        sync::lock,
    };

    /// A file in memory.
    #[derive(Debug, Default, Clone)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Disk for Memory {
        fn replace(&mut self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
            let mut file = Vec::new();
            write(&mut file)?;
            *lock(&self.0) = file;
            Ok(())
        }

        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            lock(&self.0).extend(bytes);
            Ok(())
        }

        fn discard(&mut self) -> io::Result<()> {
            lock(&self.0).clear();
            Ok(())
        }
    }

    #[test]
    fn what_was_acknowledged_without_a_file_is_in_the_next_one_however_often_that_is_asked_for() {
        let contents = Contents::default();
        let (store, log) = Store::kept(&contents, 1);
        let disk = Memory::default();
        let mut keeping = Keeping {
            log: Arc::clone(&log),
            contents,
            boot: "run".into(),
            disk: Box::new(disk.clone()),
            snapshot: 0,
            since: 0,
            given_up: None,
            spoilt: false,
        };
        keeping.give_up(&io::ErrorKind::StorageFull.into());
        let put = Op::Put { key: "key".into(), value: Some("told".into()), lease: Some(0) };
        store.commit(&Txn::of(put)).unwrap();
        assert_eq!(store.shown(), store.revision(), "nobody waits for a file");
        // Between the look at what is to be done and the attempt.
        log.write_anew();
        keeping.try_again();
        let file = lock(&disk.0).clone();
        let Ok(restored::Restored::Contents { contents, .. }) = restored::read(&file[..], file.len() as u64, "run")
        else {
            panic!("no file")
        };
        let told = store.range(&Query::new(KeyRange::all())).unwrap().value.records;
        assert_eq!((contents.revision, contents.keys.into_values().collect::<Vec<_>>()), (store.revision(), told));
    }
}
