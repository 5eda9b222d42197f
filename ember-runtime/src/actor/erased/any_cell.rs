//! A service whose type is not known: what the rest of the node does with services.

use std::{any::Any, sync::Arc, task::Context};

use tokio::sync::watch;

use super::{
    Host, Workers,
    owed::{CallbackPermit, Owed, Refused, RouteFn},
};
use crate::{
    actor::{
        about::{Down, Load, Notice, ServiceIdentity, ServiceState, Shard, Watcher},
        turn::CallCounts,
    },
    error::RefusedReason,
    id::{MethodId, Pid},
    message::{Arrivals, MethodInfo, MethodRef, RawCall},
    office::Appointment,
};

/// Which calls are run on the spot, where they arrive from another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnTheSpot {
    None,
    /// Those of methods that cost less than waking somebody for them.
    Quick,
    All,
}

/// A service of any type: what the rest of the node does with it.
pub(crate) trait AnyCell: Any + Send + Sync {
    fn pid(&self) -> Pid;
    fn name(&self) -> &'static str;
    fn identity(&self) -> &Arc<ServiceIdentity>;
    /// Its state.
    fn state(&self) -> ServiceState;
    /// Its state, and a way to wait for another.
    fn states(&self) -> watch::Receiver<ServiceState>;
    /// Has `notice` called after each change of its state from now on, with the state locked.
    fn on_change(&self, notice: Notice);
    /// What it has done so far.
    fn call_counts(&self) -> CallCounts;
    /// How much it has to do now.
    fn load(&self) -> Load;
    /// Which shard of a service it is, if it is one.
    fn shard(&self) -> Option<Shard>;
    /// Whether it has shards, which are services of their own.
    fn has_shards(&self) -> bool {
        false
    }
    /// Its workers, if it has several.
    fn workers(&self) -> Option<&dyn Workers>;
    /// So many ticks of its timers were left out.
    fn overran(&self, ticks: u64);
    /// The contracts that it fulfils.
    fn contracts(&self) -> &[&'static str];
    /// Each method's id, description, full name and fingerprint.
    fn methods(&self) -> Vec<(MethodId, &'static MethodInfo, &str, u64)>;
    /// The structure of the types of a method that other nodes may call.
    fn signature(&self, id: MethodId) -> Option<&'static str>;
    /// A method that other nodes may call, as data.
    fn describe(&self, id: MethodId) -> Option<MethodRef>;
    /// Queues a call whose arguments are bytes, of the method that has this place in the table, or refuses it.
    fn accept(&self, call: RawCall<'static>, index: usize);
    /// The description of a method, its `Port<M>`, and its place in the table.
    fn port(&self, id: MethodId) -> Option<(&'static MethodInfo, &'static (dyn Any + Send + Sync), usize)>;
    /// Runs or queues those calls from another node that are for this service, or refuses them, also because they are not for
    /// other nodes.
    fn deliver(&self, calls: &mut dyn Arrivals<'_>, which: OnTheSpot, task: &mut Context<'_>);
    /// Reserves the place of a callback, also while the service takes no new work.
    ///
    /// # Errors
    /// The lane is full.
    fn reserve_callback(self: Arc<Self>, route: RouteFn, method: &'static str)
    -> Result<CallbackPermit, RefusedReason>;
    /// Queues that there are callbacks of calls that were not made, beyond the bounds, and also while the service takes no new
    /// work.
    fn owe_refusals(&self);
    /// Queues a callback of a call that was not made, behind what waits. `waiting` are those of whoever runs the service.
    fn owe_refused(&self, callback: Owed, waiting: &mut Refused);
    /// Queues a callback beyond the bounds. `false` if the service takes no new work.
    fn owe_callback(&self, callback: Owed) -> bool;
    /// Whether it has something to do: then how much waits behind that.
    fn work(&self) -> Option<usize>;
    /// Refuses user messages (`true`), or takes them again. Nothing happens to a service that is ending.
    fn pause(&self, paused: bool);
    /// Takes no new work; what waits is done, then the service stops.
    fn retire(&self);
    /// The same; if it is idle and nobody looks after it, it has stopped when this returns: `true`.
    fn retire_here(&self) -> bool;
    /// Whether it is stopped beside no other of its class when its node ends.
    fn stops_alone(&self) -> bool;
    /// Ends at once, whatever it is doing.
    fn abort(&self);
    /// Whether it goes on as it is when a handler has panicked.
    fn resumes(&self) -> bool {
        false
    }
    /// Whether it was ended so.
    fn is_cut(&self) -> bool;
    /// The service may begin its work: `started` runs, timers and subscriptions begin. Once.
    fn release(self: Arc<Self>, host: &dyn Host);
    /// Which of its lives it is in.
    fn life(&self) -> u64;
    /// Tells those of the service who watched, if it still is in this life, that another has ended. Owed: it comes beyond the
    /// mailbox's bound.
    fn down(&self, down: &Down, life: u64, watchers: &[Watcher]);
    /// Tells an instance of an elected service what its role is, in its turn. Nothing is told to one that takes no new work, or is another.
    fn appoint(&self, appointment: Appointment);
    /// Whether its service is elected.
    fn is_elected(&self) -> bool;
    /// Whether its service is replicated.
    fn is_replicated(&self) -> bool;
    /// As whom its group knows it, if it is replicated and that is not by its pid.
    fn member(&self) -> Option<Pid>;
    /// Whether a watcher has an `#[on(down)]`.
    fn hears(&self, watcher: &Watcher) -> bool;
}

impl dyn AnyCell {
    /// Each call asks for its type.
    #[inline]
    pub(crate) fn as_any(&self) -> &dyn Any {
        self
    }
}
