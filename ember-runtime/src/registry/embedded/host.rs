//! Serving the store: who holds the lock does.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use super::{holder, place::Place};
use crate::{
    net::{Endpoint, Network},
    registry::{
        server::{self, ServerHandle},
        store::Store,
    },
    rng::Rng,
};

/// This process serves the cluster's store for as long as this value lives.
pub(super) struct Host {
    place: Place,
    store: Store,
    serving: Serving,
    /// Last: only when nothing is served any more may another process begin.
    lock: Lock,
}

impl Host {
    /// Becomes the host; `None` if another process, or another session of this one, is.
    pub(super) async fn try_start(place: &Place, network: &dyn Network, rng: &Rng) -> io::Result<Option<Self>> {
        let Some(lock) = Lock::try_take(place.lock())? else { return Ok(None) };
        let store = Store::new(rng.u64());
        store.pulse();
        let serving = Serving::start(place, network, &store).await?;
        Ok(Some(Self { place: place.clone(), store, serving, lock }))
    }

    pub(super) fn store(&self) -> Store {
        self.store.clone()
    }

    /// A sign of life, for the leases.
    pub(super) fn pulse(&self) {
        self.store.pulse();
    }

    /// Looks whether it can still be found, and repairs what was removed: the data stays. `false` if the lock file was removed and
    /// another process was faster to make a new one: it serves now, so this one has to stop.
    ///
    /// # Errors
    /// What was removed could not be repaired. It serves whoever is connected, and can look again.
    pub(super) async fn check(&mut self, network: &dyn Network) -> io::Result<bool> {
        if Identity::of(self.place.lock()) != Some(self.lock.identity) {
            match Lock::try_take(self.place.lock())? {
                Some(lock) => self.lock = lock,
                None if holder::is_locked(self.place.lock()) => return Ok(false),
                // Somebody has only looked who serves, or it was removed again: the next look will tell.
                None => {}
            }
        }
        if Identity::of(self.place.socket()) != Some(self.serving.identity) {
            tracing::warn!(target: "ember::registry", socket = %self.place.socket().display(), "the registry's socket was removed: listening anew");
            self.serving = Serving::start(&self.place, network, &self.store).await?;
        }
        Ok(true)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A socket that somebody else has put there since is theirs.
        if Identity::of(self.place.socket()) == Some(self.serving.identity) {
            let _ = fs::remove_file(self.place.socket());
        }
    }
}

/// A listening socket, and its connections; dropping it cuts them.
struct Serving {
    identity: Identity,
    _server: ServerHandle,
}

impl Serving {
    /// Only the holder of the lock may call this: it takes away what is in the socket's place.
    async fn start(place: &Place, network: &dyn Network, store: &Store) -> io::Result<Self> {
        match fs::remove_file(place.socket()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = network.bind(&Endpoint::Unix(place.socket().into())).await?;
        let identity = Identity::of(place.socket()).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { identity, _server: server::serve(store.clone(), listener) })
    }
}

/// An exclusive lock, which the kernel frees when the process dies.
struct Lock {
    identity: Identity,
    _file: File,
}

impl Lock {
    fn try_take(path: &Path) -> io::Result<Option<Self>> {
        let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let identity = Identity::from(&file.metadata()?);
        // For those who wait for an answer and want to know of whom; nothing depends on it.
        let _ = file.set_len(0).and_then(|()| (&file).write_all(holder::mark().as_bytes()));
        // Removed between opening and locking: the lock is on a file that nobody else will find.
        Ok((Identity::of(path) == Some(identity)).then_some(Self { identity, _file: file }))
    }
}

/// Tells a file from another one of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path).ok().map(|found| Self::from(&found))
    }
}

impl From<&fs::Metadata> for Identity {
    fn from(found: &fs::Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }
}
