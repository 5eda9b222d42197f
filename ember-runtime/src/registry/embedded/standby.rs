//! Stands ready to serve whenever nobody else does: one task for all sessions of a process, so that what one of them serves lives
//! until the last of them ends. A node whose start fails takes the registry of no other node of its process with it.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex, Weak},
    time::Duration,
};

use rustix::process::Pid;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::sleep,
};

use super::{
    holder,
    host::{Host, Restored},
    place::Place,
};
use crate::{
    net::{Network, REGISTRY},
    registry::{api::Context, store::Store},
    rng::Rng,
    sync::{AbortOnDrop, lock},
};

/// How often it looks whether somebody serves: every 150 to 250 ms, so that many do not do so at once.
const LOOK: Duration = Duration::from_millis(150);
const JITTER: Duration = Duration::from_millis(100);

/// By socket. Those that nobody has are taken out when another begins.
static STANDBYS: LazyLock<Mutex<BTreeMap<PathBuf, Weak<Standby>>>> = LazyLock::new(Mutex::default);

/// Serves, if nobody else does, until it is dropped.
#[derive(Debug)]
pub(super) struct Standby {
    refused: Arc<Notify>,
    served: watch::Receiver<Option<Store>>,
    _task: AbortOnDrop,
}

impl Standby {
    /// That of this process for this place. Where a network ties what it makes to one runtime, each session has its own.
    pub(super) fn of(place: &Place, in_memory: bool, context: &Context) -> Arc<Self> {
        // Other processes are served, too, while a handler blocks every worker of this one.
        let Some(thread) = context.network.works_anywhere().then(|| REGISTRY.handle()).flatten() else {
            return Arc::new(Self::start(place, in_memory, context, |standby| tokio::spawn(standby.run())));
        };
        let mut standbys = lock(&STANDBYS);
        if let Some(standby) = standbys.get(place.socket()).and_then(Weak::upgrade) {
            return standby;
        }
        standbys.retain(|_, standby| standby.strong_count() > 0);
        let standby = Arc::new(Self::start(place, in_memory, context, |standby| thread.spawn(standby.run())));
        standbys.insert(place.socket().into(), Arc::downgrade(&standby));
        standby
    }

    fn start(place: &Place, in_memory: bool, context: &Context, spawn: impl FnOnce(Running) -> JoinHandle<()>) -> Self {
        let (refused, (serves, served)) = (Arc::<Notify>::default(), watch::channel(None));
        let task = spawn(Running {
            host: None,
            place: place.clone(),
            in_memory,
            network: Arc::clone(&context.network),
            refused: Arc::clone(&refused),
            serves,
            rng: context.rng.clone(),
            complained: false,
            other: None,
        });
        Self { refused, served, _task: AbortOnDrop(task.abort_handle()) }
    }

    /// To be notified when nobody answers: then it looks at once.
    pub(super) fn refused(&self) -> Arc<Notify> {
        Arc::clone(&self.refused)
    }

    /// What this process serves, if it does.
    pub(super) fn store(&self) -> Option<Store> {
        // Without its task it serves nothing.
        if self.served.has_changed().is_err() { None } else { self.served.borrow().clone() }
    }

    /// Waits until this process serves `store` no more.
    pub(super) fn stopped(&self, store: &Store) -> impl Future<Output = ()> + Send + use<> {
        let (mut served, store) = (self.served.clone(), store.clone());
        async move {
            let _ended = served.wait_for(|served| !served.as_ref().is_some_and(|it| it.is(&store))).await;
        }
    }
}

/// The task.
struct Running {
    host: Option<Host>,
    place: Place,
    in_memory: bool,
    network: Arc<dyn Network>,
    refused: Arc<Notify>,
    serves: watch::Sender<Option<Store>>,
    rng: Rng,
    complained: bool,
    /// Another process that serves, as far as is known; and what it was called when it did.
    other: Option<(Pid, String)>,
}

impl Running {
    async fn run(mut self) {
        loop {
            let outcome = self.step().await;
            if let Err(error) = &outcome
                && !self.complained
            {
                tracing::error!(target: "ember::registry", socket = %self.place.socket().display(), %error, "the embedded registry cannot be served");
            }
            self.complained = outcome.is_err();
            tokio::select! {
                biased;
                () = self.refused.notified() => {}
                () = sleep(LOOK + self.rng.jitter(JITTER)) => {}
            }
        }
    }

    /// Another serves: says who, when that is news.
    fn name_other(&mut self) {
        let known = self.other.as_ref().map(|(other, _)| *other);
        let Some(other) = holder::living(self.place.lock()).filter(|other| known != Some(*other)) else { return };
        let (by, socket) = (holder::name(other), self.place.socket().display());
        match self.other.replace((other, by.clone())) {
            Some((_, from)) => tracing::info!(
                target: "ember::registry", %socket, by, from,
                "another process took the embedded registry over: this one uses that"
            ),
            None => tracing::info!(
                target: "ember::registry", %socket, by,
                "another process serves the embedded registry: this one uses that, and stands ready to take it over"
            ),
        }
    }

    async fn step(&mut self) -> io::Result<()> {
        if let Some(host) = &self.host {
            // Whatever has become of the folder: leases end by the signs of life of whoever serves.
            host.pulse();
            if !host.is_kept() {
                tracing::error!(
                    target: "ember::registry", socket = %self.place.socket().display(),
                    "this process stops serving the embedded registry, as the thread that keeps it in its file has panicked: this is a bug of Ember, please report it. Whoever takes it over goes on from the file"
                );
                self.serves.send_replace(None);
                self.host = None;
                return Ok(());
            }
        }
        // Somebody may have cleaned up.
        self.place.prepare().map_err(io::Error::other)?;
        if let Some(host) = &mut self.host {
            if !host.check(&*self.network).await? {
                tracing::warn!(
                    target: "ember::registry", socket = %self.place.socket().display(),
                    "this process stops serving the embedded registry: its lock file was removed, and another has taken its place"
                );
                self.serves.send_replace(None);
                self.host = None;
            }
        } else {
            self.host = Host::try_start(&self.place, self.in_memory, &*self.network, &self.rng).await?;
            if let Some(host) = &self.host {
                self.serves.send_replace(Some(host.store()));
                say(&self.place, host, self.other.take());
            } else {
                self.name_other();
            }
        }
        Ok(())
    }
}

/// What this process serves now, and from whom it has it.
fn say(place: &Place, host: &Host, other: Option<(Pid, String)>) {
    let (socket, restored) = (place.socket().display(), host.restored());
    let from = other.map_or_else(|| "an earlier process".to_owned(), |(_, name)| name);
    match restored {
        Some(Restored { revision, keys, leases }) => tracing::info!(
            target: "ember::registry", %socket, from, revision, keys, leases,
            "this process serves the embedded registry: it took it over, with all that was in it"
        ),
        None => {
            tracing::info!(target: "ember::registry", %socket, "this process serves the embedded registry, which is empty")
        }
    }
}
