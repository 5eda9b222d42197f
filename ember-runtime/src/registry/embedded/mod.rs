//! The registry that needs nothing installed: the store of this crate, served over etcd's protocol by whichever process
//! of this user came first. Where it is, who serves, in which file it is kept, and the session; what keys mean, and how they are served,
//! may not be known here.

#[cfg(unix)]
mod holder;
#[cfg(unix)]
mod host;
#[cfg(unix)]
mod inherited;
#[cfg(unix)]
mod kept;
#[cfg(unix)]
mod lock;
#[cfg(unix)]
mod place;
#[cfg(unix)]
mod session;
#[cfg(unix)]
mod standby;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::future::BoxFuture;

#[cfg(all(unix, feature = "testing"))]
pub(crate) use self::kept::inputs;
use super::{
    RegistryError,
    api::{Context, Registry, Result, Session},
};

/// A registry for one machine, with nothing to install: it lives inside the processes that use it.
///
/// The user and the cluster's name determine a Unix socket. The first process that finds nobody there serves; the others
/// connect to it, and so does the server itself for what it writes, over the same protocol as to etcd. (What the nodes of the
/// serving process read, they read where it is: so hundreds of them can start at once.) When the serving process ends, however
/// it ends, another one takes over within about 200 ms, with its keys, revisions and leases; these start their time anew.
///
/// A process serves until the last of its nodes with this registry has ended: one whose start fails takes nothing from the others of
/// its process. Those of other processes learn at once when it stops, and register with whoever takes over.
///
/// - One machine and one user. Processes elsewhere cannot take part.
/// - What is acknowledged is in a file beside the socket. It outlives every process, and not the machine: nothing is synced to the disk, and
///   after a restart of the machine (`/proc/sys/kernel/random/boot_id`; where it cannot be read, nothing is kept) the registry starts empty, and says so.
///   So keys without a lease stay until then, also when all processes have ended, if the folder does: `/run/user/<uid>`, the default, goes with the
///   user's last login session (unless `loginctl enable-linger`). For what has to stay, name a folder with [`Embedded::at`].
/// - A file that is damaged or of another release's format is put aside.
/// - Writes, and reads that would see them, wait until they are in the file; renewals of leases do not. If the disk is full the registry goes on
///   in memory, with an error in the log, and whoever takes it over then starts empty; the file is tried again every 10 s.
/// - The history is not kept: after a take-over, watches of revisions before it yield [`WatchItem::Compacted`](crate::registry::WatchItem::Compacted).
/// - A serving process that is stopped (`SIGSTOP`, a debugger) still serves in name: until it goes on, operations fail as
///   [`RegistryError::Unavailable`], which names that process and what to do, and no other process takes over.
/// - Not on Windows: there, opening it is a [`RegistryError::Configuration`].
///
/// The socket is in `$XDG_RUNTIME_DIR/ember/` or, if that variable is not set or leads nowhere, in `/tmp/ember-<uid>/`. The
/// folder must belong to this user and be closed to others (mode 0700). Processes that see different values of the variable
/// do not find one another: give them all one folder, with [`Embedded::at`].
#[derive(Debug, Clone, Default)]
pub struct Embedded {
    folder: Option<PathBuf>,
    in_memory: bool,
}

impl Embedded {
    /// As the default, but in `folder`, which is created (mode 0700) if it is absent. For tests, and for processes that do
    /// not share an environment. An empty path is a [`RegistryError::Configuration`] when a node starts.
    pub fn at(folder: impl AsRef<Path>) -> Self {
        Self { folder: Some(folder.as_ref().into()), ..Self::default() }
    }

    /// Keeps nothing in a file: whoever takes over starts empty, and a file that is there is removed. For tests of what nodes do then. What the
    /// first node of a process says holds for all of its nodes with this folder and cluster; say the same in all processes.
    #[must_use]
    pub fn in_memory(self) -> Self {
        Self { in_memory: true, ..self }
    }

    /// Where `cluster` is served: `unix:///run/user/1000/ember/shop.sock`.
    ///
    /// `etcdctl --endpoints` takes it (3.4 and 3.5; see [`etcdctl`](Self::etcdctl)), and so does tonic's `Endpoint`, over which
    /// the crate `etcd-client` connects (with its feature `raw-channel`):
    ///
    /// ```no_run
    /// # async fn example(embedded: ember_runtime::registry::Embedded) -> Result<(), Box<dyn std::error::Error>> {
    /// use etcd_client::{Channel, Client};
    /// use tonic::transport::Endpoint;
    ///
    /// let channel = Endpoint::from_shared(embedded.endpoint("shop")?)?.connect().await?;
    /// let client = Client::from_channel(Channel::Tonic(channel), None).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `Client::connect` of that crate takes no Unix sockets: up to 0.21 it makes a host name of the endpoint, and reports a
    /// "dns error" at the first request.
    ///
    /// # Errors
    /// [`RegistryError::Configuration`] if the path is too long for a socket, or if there are no Unix sockets here.
    pub fn endpoint(&self, cluster: &str) -> std::result::Result<String, RegistryError> {
        #[cfg(unix)]
        return Ok(self.place(cluster)?.endpoint());
        #[cfg(not(unix))]
        Err(unsupported(cluster))
    }

    /// The beginning of a shell command that looks into `cluster`, to be followed by, say, `get --prefix ""`:
    /// `etcdctl --endpoints='unix:///run/user/1000/ember/shop.sock'`. It works in any folder; `etcdctl` 3.3 and older also
    /// want `ETCDCTL_API=3` in their environment.
    ///
    /// # Errors
    /// As [`endpoint`](Self::endpoint).
    pub fn etcdctl(&self, cluster: &str) -> std::result::Result<String, RegistryError> {
        #[cfg(unix)]
        return Ok(self.place(cluster)?.etcdctl());
        #[cfg(not(unix))]
        Err(unsupported(cluster))
    }

    #[cfg(unix)]
    fn place(&self, cluster: &str) -> Result<place::Place> {
        place::Place::find(self.folder.as_deref(), cluster)
    }
}

impl Registry for Embedded {
    fn open(&self, context: Context) -> BoxFuture<'_, Result<Arc<dyn Session>>> {
        Box::pin(async move {
            #[cfg(unix)]
            return Ok(
                Arc::new(session::EmbeddedSession::open(self.folder.as_deref(), self.in_memory, context).await?)
                    as Arc<dyn Session>,
            );
            #[cfg(not(unix))]
            Err(unsupported(&context.cluster))
        })
    }

    fn spans_machines(&self) -> bool {
        false
    }
}

#[cfg(not(unix))]
fn unsupported(cluster: &str) -> RegistryError {
    RegistryError::Configuration(format!(
        "the embedded registry of cluster `{cluster}` needs Unix sockets, which this system lacks: use `Etcd` instead"
    ))
}
