//! Why a call failed. These travel between nodes: variants may be added at the end, never moved or removed.

use serde::{Deserialize, Serialize};

use crate::id::Pid;

/// Why a call was certainly not executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedReason {
    /// No live instance matches the address.
    #[error("no live instance matches {0}")]
    NoTarget(String),
    /// The mailbox of the service is full.
    #[error("its mailbox is full ({limit} waiting)")]
    MailboxFull {
        /// The bound that was met: messages, or bytes of remote payload.
        limit: u64,
    },
    /// Too many bytes wait for the peer already.
    #[error("the link to its node is full ({limit} bytes waiting)")]
    LinkFull {
        /// The bound, in bytes.
        limit: u64,
    },
    /// The service is paused.
    #[error("it is paused")]
    Paused,
    /// The service, or its node, takes no new work because it is about to stop.
    #[error("it is retiring")]
    Retiring,
    /// The service has ended.
    #[error("it has stopped")]
    Stopped,
    /// The two sides were built with different signatures.
    #[error("the signatures differ: the caller has {caller}, the service has {callee}")]
    SignatureMismatch {
        /// What the caller would send: the structure of the types, and the version of the package that defines the method.
        caller: String,
        /// What the service takes, and its version.
        callee: String,
    },
    /// The call would come back to a service that is waiting for it.
    #[error("the call would wait for itself: {0}")]
    Cycle(String),
    /// The deadline passed before the method was started.
    #[error(
        "its time was over before it was started: give it more by `.timeout(…)`, each of several attempts by `attempt_timeout(…)`; calls \
         that a handler makes have what is left of the handler's own time"
    )]
    Expired,
    /// A hook of the caller's node or of the callee's has refused it.
    #[error("the hook `{by}` denies it: {reason}")]
    Denied {
        /// The type of the hook.
        by: String,
        /// Its reason.
        reason: String,
    },
    /// The module is in use further up the stack.
    #[error("the module `{0}` is already in use by a handler that waits further up")]
    ModuleBusy(String),
    /// The service has no such method.
    #[error("the service has no such method")]
    UnknownMethod,
    /// The method may be called on its own node only.
    #[error("the method is for callers on its own node only (`api_`)")]
    Private,
    /// The message is over the size limit.
    #[error(
        "the message has at least {size} bytes, over the limit of {limit}: send it in parts, or raise `max_message` of both nodes"
    )]
    TooLarge {
        /// How many bytes it has at least: it is not written further than it takes to know that it is too large.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// There is no link to the node, or it was lost before anything was sent.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// The arguments could not be encoded or decoded.
    #[error("its arguments cannot travel: {0}")]
    Undecodable(String),
    /// The caller stopped waiting before the method was started.
    #[error("the caller stopped waiting")]
    CallerGone,
    /// The node that the call was made on has shut down.
    #[error("the caller's node has shut down")]
    NodeClosed,
    /// No module stands under the key.
    #[error("there is no module `{module}` under the key {key}")]
    NoModule {
        /// The name of the module's type.
        module: String,
        /// The key, as `Debug` shows it.
        key: String,
    },
    /// The tokio runtime that the caller's node was started on has ended.
    #[error("the tokio runtime that the caller's node was started on has ended: start a node on each runtime")]
    RuntimeEnded,
    /// More is to travel beside the arguments than may: headers, for instance.
    #[error("too much is to travel beside its arguments: {0}")]
    TooMuchBeside(String),
    /// The service is about to start, for the first time or again after it has failed, and the time of the call was over before that.
    #[error("it is starting, for the first time or again, and takes no calls before that is over")]
    Starting,
    /// The choice of the caller's own, named by its selector, has chosen nobody.
    #[error("nobody was chosen: {0}")]
    NotChosen(String),
    /// The callee's node gave a reason that this release does not know.
    #[error(
        "its node, of a later release of Ember, gave a reason that this one does not know: run one release to read it"
    )]
    Unknown,
    /// The method cannot be called by [name](crate::node::Node::call): the service has none of this name, or it has no single reply.
    #[error("it cannot be called by name: {0}")]
    NotByName(String),
    /// The instance that was asked is not the master of its group, or not in the epoch for which it was asked. The runtime asks the
    /// master then; this is what is left where the caller named exactly this instance.
    #[error("{}", not_master(*.epoch, *.master))]
    NotMaster {
        /// The highest epoch that it knows; 0 if it knows of none.
        epoch: u64,
        /// The master in that epoch, if it still holds its office, as far as is known. This very instance, where it acts, and was asked for
        /// another epoch; and where it has been elected, and is about to begin. Never one that has left.
        master: Option<Pid>,
    },
    /// No instance of the group is the master now: one is about to be elected, or none can be.
    #[error("its group has no master now: {0}")]
    NoMaster(String),
    /// Each instance that could have taken the call has failed this node's calls again and again, and is left alone for a while: see
    /// [`Breaker`](crate::directory::Breaker).
    #[error("nobody is called now who could take it: {0}")]
    BreakerOpen(String),
    /// A call with an id, [`.once(…)`](crate::call::Call::once), cannot be made so: the callee's node or its method does not know what that
    /// is, or the id stands for another call there.
    #[error("it cannot be made once: {0}")]
    NotOnce(String),
    /// As many calls with an id as the service remembers run still, or wait in its mailbox.
    #[error("{limit} calls with an id run still in its service, which cannot make another once")]
    TooManyOnce {
        /// The bound.
        limit: u64,
    },
    /// As many nodes have made calls with an id as the service remembers, and all of those may call again.
    #[error("{limit} nodes have made calls with an id to its service, which cannot make one of another once")]
    TooManyCallers {
        /// The bound.
        limit: u64,
    },
    /// The instance that was asked has no state of its group that it may show: it learns one, is not in sync, or has lost its office and what it
    /// did last may not have been acknowledged; or what it has is older than what its caller has seen, or asks for, or it has not heard from its master
    /// for a lease. The runtime asks another; this is what is left where there is none, or where the caller named exactly this
    /// instance.
    #[error("it has not caught up with its group yet: ask another instance, or again a little later")]
    Behind,
    /// Fewer members of the group are in sync with its master than its service asks for, by `#[service(elected, min_in_sync = …)]`. The runtime
    /// asks again until others have caught up, or the time of the call is over.
    #[error(
        "its group has {in_sync} in sync, and needs {needed} to take calls on: see that so many of its instances run and reach the master, or \
         ask again when they have caught up"
    )]
    TooFewInSync {
        /// How many are in sync, the master among them.
        in_sync: u64,
        /// How many must be.
        needed: u64,
    },
    /// So much of what a replicated service has done is not acknowledged by its group that nothing more is begun: bytes of records, where the
    /// service was asked; one-way calls that wait for that, where it calls one way itself. The runtime asks again within the time of a call.
    #[error(
        "{limit} of what its group has not acknowledged yet wait already: it takes more when the group has caught up"
    )]
    LogFull {
        /// The bound that was met: bytes, or one-way calls.
        limit: u64,
    },
}

impl RefusedReason {
    /// Whether another instance, or the same one a little later, may well accept the call: the runtime then tries again
    /// by itself, within the deadline.
    pub fn can_pass(&self) -> bool {
        use RefusedReason as R;
        matches!(
            self,
            R::Retiring
                | R::Stopped
                | R::Paused
                | R::Unreachable(_)
                | R::Starting
                | R::Behind
                | R::TooFewInSync { .. }
                | R::LogFull { .. }
        ) || self.is_of_masters()
    }

    /// Whether another is the master, or will be.
    pub(crate) fn is_of_masters(&self) -> bool {
        matches!(self, Self::NotMaster { .. } | Self::NoMaster(_))
    }

    /// One side of a [`SignatureMismatch`](Self::SignatureMismatch).
    pub(crate) fn side(signature: &str, version: &str) -> String {
        format!("`{signature}` (version {version})")
    }
}

/// Why it is not known whether a call was executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum LostReason {
    /// The deadline passed.
    #[error("no reply before the deadline")]
    Deadline,
    /// The link broke after the call had been handed to it.
    #[error("the link to its node broke: {0}")]
    LinkLost(String),
    /// The handler panicked.
    #[error("the handler panicked: {0}")]
    Panicked(String),
    /// The handler, or the service, ended without replying.
    #[error("nobody replied: the service ended, or what was to reply later was dropped")]
    NoReply,
    /// The reply is over the size limit.
    #[error(
        "the reply has at least {size} bytes, over the limit of {limit}: answer in parts, or raise `max_message` of both nodes"
    )]
    ReplyTooLarge {
        /// How many bytes it has at least: it is not written further than it takes to know that it is too large.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The reply could not be encoded or decoded.
    #[error("its reply cannot travel: {0}")]
    Undecodable(String),
    /// The tokio runtime that the caller's node was started on ended before the reply came.
    #[error("the tokio runtime of the caller's node ended before the reply came")]
    RuntimeEnded,
    /// The callee's node gave a reason that this release does not know.
    #[error(
        "its node, of a later release of Ember, gave a reason that this one does not know: run one release to read it"
    )]
    Unknown,
    /// Its service was the master of its group when the handler began, and was not any more when the reply was there: another may
    /// have acted since, and may not know what this one did.
    #[error("its service, which was the master in the epoch {epoch}, lost that role before the reply was released")]
    Deposed {
        /// The epoch in which the handler began.
        epoch: u64,
    },
    /// The id of the call, [`.once(…)`](crate::call::Call::once), is one that the service may have known and has dropped: it is not run
    /// again, and what became of it is not known any more.
    #[error(
        "its id is as old as others that the service has forgotten, or older: it was not run now, and may have been before; repeat a call \
         within the time that its method says in `dedupe`, and give ids in ascending order"
    )]
    Forgotten,
    /// The first call with the id runs still, and so many repetitions wait for its reply already.
    #[error("the first call with its id runs still, and {limit} others wait for that one's reply already")]
    TooManyRepeats {
        /// The bound.
        limit: u64,
    },
}

impl LostReason {
    /// Whether the callee has said so: it is there, whatever has become of the call.
    pub(crate) fn is_answer(&self) -> bool {
        !matches!(self, Self::Deadline | Self::LinkLost(_) | Self::RuntimeEnded)
    }
}

fn not_master(epoch: u64, master: Option<Pid>) -> String {
    let known = match (epoch, master) {
        (0, _) => "no master is known to it".to_owned(),
        (_, Some(master)) => format!("in the epoch {epoch} that is {master}"),
        (_, None) => format!("that of the epoch {epoch} has left its office"),
    };
    format!(
        "this instance is not the master of its group ({known}): name no instance, or call a method that is marked `#[rpc(read)]`"
    )
}
