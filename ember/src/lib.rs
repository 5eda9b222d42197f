//! Distributed actor services: write a struct with methods, get a service that is registered in a cluster and called from
//! any node through a typed client that the compiler checks.
//!
//! # Features
//! None is on by default: services in one process.
//! - `cluster`: links between nodes.
//! - `prost`: arguments, values and errors that implement `prost::Message` travel as protocol buffers.
//! - `cron`: `#[cron("0 */5 * * * *", tz = "Europe/Berlin")]`, timers that follow the calendar.
//! - `embedded`: clusters of several processes on one machine, with the registry that needs nothing installed; with it comes
//!   `cluster`.
//! - `etcd`: clusters on many machines, with etcd as the registry; with it comes `embedded`. Its build runs `protoc`: install it
//!   (Debian: `protobuf-compiler`), or point the environment variable `PROTOC` at one. No other feature needs it.
//! - `telemetry`: figures for Prometheus, and health, over HTTP.
//! - `testing`: clusters in a simulation, for tests: a dev-dependency; with it comes `embedded`.

pub use ember_macros::{message, module, rpc, service};
#[cfg(feature = "prost")]
pub use ember_runtime::message::Prost;
pub use ember_runtime::serde_json;
pub use ember_runtime::{
    actor::{
        CallCounts, Cx, Down, DownReason, EntryGap, EventSource, GapReason, Load, Missed, MissedReason, MissedTicks,
        OnPanic, Position, Posted, Replicated, Restart, Scope, Service, ServiceIdentity, ServiceState, Shard, Sharded,
        Snapshot, Tick, Unit,
    },
    call::{
        Address, Call, CallByName, CallMany, Client, Filtered, KeyOf, Local, LocalCalls, Many, ModulesClient, Once,
        One, Origin, Retry, RetryBudget, RetryMaybeExecuted, RetryPolicy, Select, Sent,
    },
    clock::{Clock, SystemClock},
    directory::{
        Among, Balance, Breaker, BreakerState, Candidate, Candidates, Choice, Instance, Interest, Key, NodeRecord,
        Selector, View,
    },
    error::{
        CallError, Error, InsertError, LossRefused, Lost, LostReason, NoUniqueId, OffloadError, Refused, RefusedReason,
        Result, SendError, SpawnAllError,
    },
    event::{Confirmed, Event, EventCounts, EventReach, Receipt, Unconfirmed, UnconfirmedReason},
    hooks,
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid, UniqueId, UniqueIdError},
    message::{
        CallKey, Caller, Codec, CodecError, Deduped, Deferred, Extension, Idempotent, Json, Message, MethodRef, Reads,
        Replier, Schema, StreamError, StreamSender, Streaming, TraceContext, Unsent, schema,
    },
    module::{Module, ModuleKey, Modules},
    net,
    node::{Follow, Hosted, Node, NodeBuilder, ServiceConfig, UniqueIds},
    office::{Fence, GroupName, Role},
    offload::{Offload, OffloadCounts, OffloadKey, Offloaded, Unordered},
    registry,
    scale::{self, Scale},
    timer::TimerHandle,
};

#[cfg(feature = "telemetry")]
pub use ember_runtime::telemetry;
#[cfg(feature = "testing")]
pub use ember_runtime::testing;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct ReadMe;

// The pages use several nodes, so that links are needed.
#[cfg(all(doctest, feature = "etcd"))]
mod guide;

/// What the author of a service types daily.
pub mod prelude {
    pub use crate::{
        Address, Breaker, CallError, Client as _, Cx, Deferred, Down, DownReason, Epoch, EventSource, Hosted, Local,
        Missed, MissedReason, Module, Modules, Node, NodeBuilder, Offload, OffloadError, OnPanic, Pid, Receipt,
        Replicated, Replier, Restart, Retry, RetryBudget, Scale, Scope, Shard, Sharded, StreamSender, Streaming,
        UniqueId, Unordered, message, module, rpc, service,
    };
    pub use ember_runtime::registry::{Embedded, Etcd};
}

/// What the attributes ask of types. The compiler names these where a type is not what is asked; there is nothing to write or to implement
/// here: what to do instead, each error says.
pub mod asked {
    pub use ember_runtime::{
        actor::{
            ByMut, ByRef, DeclaresParent, Hears, HookError, HookResult, InGroup, IsDown, IsGap, IsMissed, IsPosted,
            OnlyOneRpcBlockPerType, Orphan, Replicable, RootOf, SharedByHandlers, ToldTheEpoch,
        },
        call::{ChoosesOne, HasLocalClient, OnThisNode, OnceId, OneWayOnce, Reached},
        message::{
            ErrorOfOnesOwn, ErrorThatTravels, Handled, Method, Part, ResultType, Returned, TimeForAll, TravelsBeside,
            Unkeyed, ValueThatIsNoStream, ValueThatIsThere, coding_by, part,
        },
        module::{Field, MountIn, Mounted},
        node::{IntoHosted, Several},
    };
}

/// What generated code uses. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use std::{
        boxed::Box,
        clone::Clone,
        convert::{From, Infallible},
        fmt::Debug,
        future::Future,
        option::Option,
        result::Result,
        string::String,
        sync::OnceLock,
        time::Duration,
        vec::Vec,
    };

    pub use ember_macros::Travels;
    #[cfg(feature = "cron")]
    pub use ember_runtime::actor::{Cron, Gap, Overlap};
    pub use ember_runtime::{
        actor::{
            Alone, Cx, Down, HandledBy, Hears, Here, HookError, HookKind, HookOf, HookResult, Lent, Loan, Missed,
            MissedTicks, ModuleBusy, NoRpcBlock, NotReplicated, NotSharded, OnEvent, OnlyOneRpcBlockPerType, Orphan,
            Path, Replica, ReplicaKind, RpcBlock, Schedule, ScopeKind, Service, ServiceSpec, Sharding,
            SharedByHandlers, Specified, Table, Takes, TaskOf, Tick, Together, ToldTheEpoch, Unit, Whole, by_mut,
            by_ref, says,
        },
        call::{Address, Client, Handle, HasClient, HasLocalClient, Kind, Local, OnThisNode, One, Reached},
        directory::Interest,
        error,
        event::{Event, EventKind, only_event},
        id::Epoch,
        inventory,
        message::{
            AnyCodec, AnyOrder, CodecError, Coding, Deduped, Depth, Handled, Idempotent, Itself, Json, Message, Method,
            MethodInfo, Order, Ordered, Probe, Reads, ResultType, Returned, Schema, Signature, StreamOf, Unkeyed,
            Unread, Wire, WireOf, answered, at_end, coding_by, key_hash, never_read, no_error, part, put_all, refuse,
            schema, shape_by, stream_coding, stream_shape,
        },
        module::{Field, Module, MountIn, Mounted, SharedField},
        node::{Class, Factory, NoFactory},
        office::Role,
        serde,
    };

    /// In scope where the coding of a type is picked.
    pub mod pick {
        #[cfg(feature = "prost")]
        pub use ember_runtime::message::PickProst as _;
        pub use ember_runtime::message::{PickMisplaced as _, PickNominal as _, PickStructural as _};
    }

    /// In scope where it is asked what the structure of a type is.
    pub mod shape {
        pub use ember_runtime::message::{ShapeNominal as _, ShapeStructural as _};
    }
}
