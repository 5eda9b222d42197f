//! Serving the store: who holds the lock does.

use std::{
    fs, io,
    sync::{Arc, Mutex},
};

use tokio::task::spawn_blocking;

use super::{
    holder,
    inherited::{self, Inherited},
    kept::{Disk, Keeper, OnDisk},
    lock::{Identity, Lock, named},
    place::Place,
};
use crate::{
    net::{Endpoint, Network},
    registry::{
        server::{self, ServerHandle},
        store::Store,
    },
    rng::Rng,
    sync::lock,
};

/// This process serves the cluster's store for as long as this value lives.
pub(super) struct Host {
    place: Place,
    store: Store,
    restored: Option<Restored>,
    serving: Serving,
    kept: Option<Kept>,
    /// Last: only when nothing is served any more may another process begin, and when nothing is written: the keeper has it, too.
    lock: Arc<Mutex<Lock>>,
}

/// What a host has from an earlier one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Restored {
    pub(super) revision: i64,
    pub(super) keys: usize,
    pub(super) leases: usize,
}

/// Keeps the store.
struct Kept {
    keeper: Keeper,
    /// That of the file, if there is one.
    identity: Arc<Mutex<Option<Identity>>>,
}

impl Host {
    /// Becomes the host; `None` if another process, or another session of this one, is.
    pub(super) async fn try_start(
        place: &Place,
        in_memory: bool,
        network: &dyn Network,
        rng: &Rng,
    ) -> io::Result<Option<Self>> {
        let Some(own) = Lock::try_take(place.lock())? else { return Ok(None) };
        let own = Arc::new(Mutex::new(own));
        // Whatever becomes of this task: nobody else looks at the file before this has.
        let (file, guard) = (place.store().to_owned(), Arc::clone(&own));
        let found = spawn_blocking(move || {
            let found = inherited::find(&file, in_memory);
            drop(guard);
            found
        });
        let Inherited { contents, restored, boot } = found.await.map_err(io::Error::other)?;
        let said = Restored { revision: contents.revision, keys: contents.keys.len(), leases: contents.leases.len() };
        let (store, log) = match boot {
            Some(boot) => {
                let (store, log) = Store::kept(&contents, rng.u64());
                (store, Some((log, boot)))
            }
            None => (Store::new(rng.u64()), None),
        };
        store.pulse();
        // First: whoever cannot serve has no business with the file. What is acknowledged waits for the keeper.
        let serving = Serving::start(place, network, &store).await?;
        let kept = match log {
            Some((log, boot)) => {
                let disk = OnDisk::new(place.store(), Arc::clone(&own));
                let identity = disk.identity();
                let keeper = Keeper::start(log, contents, boot, Box::new(disk) as Box<dyn Disk>)?;
                Some(Kept { keeper, identity })
            }
            None => None,
        };
        let restored = restored.then_some(said);
        Ok(Some(Self { place: place.clone(), store, restored, serving, kept, lock: own }))
    }

    /// What it has from an earlier host; `None` if it began with an empty store.
    pub(super) fn restored(&self) -> Option<Restored> {
        self.restored
    }

    pub(super) fn store(&self) -> Store {
        self.store.clone()
    }

    /// A sign of life, for the leases.
    pub(super) fn pulse(&self) {
        self.store.pulse();
    }

    /// Whether what happens is kept, if it is to be: whoever keeps it has not ended.
    pub(super) fn is_kept(&self) -> bool {
        self.kept.as_ref().is_none_or(|kept| !kept.keeper.has_ended())
    }

    /// Looks whether it can still be found, and repairs what was removed: the data stays. `false` if the lock file was removed and
    /// another process was faster to make a new one: it serves now, so this one has to stop.
    ///
    /// # Errors
    /// What was removed could not be repaired. It serves whoever is connected, and can look again.
    pub(super) async fn check(&mut self, network: &dyn Network) -> io::Result<bool> {
        if !lock(&self.lock).is_found() {
            match Lock::try_take(self.place.lock())? {
                Some(own) => {
                    *lock(&self.lock) = own;
                    // What was tried in between may have failed.
                    if let Some(Kept { keeper, .. }) = &self.kept {
                        keeper.write_anew();
                    }
                }
                None if holder::is_locked(self.place.lock()) => return Ok(false),
                // Somebody has only looked who serves, or it was removed again: the next look will tell.
                None => {}
            }
        }
        if Identity::of(self.place.socket()) != Some(self.serving.identity) {
            tracing::warn!(target: "ember::registry", socket = %self.place.socket().display(), "the registry's socket was removed: listening anew");
            self.serving = Serving::start(&self.place, network, &self.store).await?;
        }
        if let Some(Kept { keeper, identity }) = &self.kept {
            let written = *lock(identity);
            if written.is_some() && written != Identity::of(self.place.store()) {
                keeper.write_anew();
            }
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
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(place.socket(), error)),
            _ => {}
        }
        let bound = network.bind(&Endpoint::Unix(place.socket().into())).await;
        let listener = bound.map_err(|error| named(place.socket(), error))?;
        let identity = Identity::of(place.socket()).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { identity, _server: server::serve(store.clone(), listener) })
    }
}
