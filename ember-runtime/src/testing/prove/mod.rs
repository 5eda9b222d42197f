//! A judge for services: users at work, faults from a seed, and a check of what the users saw against what the services are meant to do.
//!
//! ```
//! # use ember_runtime::testing::{Cluster, prove::{model, prove}};
//! let report = prove(|seed| Cluster::seed(seed).node("alpha", |node| node).node("beta", |node| node))
//!     .model(model(0_u64, |count: &mut u64, add: &u64| {
//!         *count += add;
//!         *count
//!     }))
//!     .workload(|user| async move {
//!         let mut count = 0_u64;
//!         while user.turn().await {
//!             // Here would stand a call: `user.node().client::<CounterClient>().rpc_add(2)`.
//!             count += 2;
//!             user.call(2, async { Ok(count) }).await.expect("no call at all never fails");
//!         }
//!     })
//!     .clients(1)
//!     .calls(20)
//!     .only(&[ember_runtime::testing::prove::Kind::Partition])
//!     .seeds(2)
//!     .run();
//! assert_eq!(report.done, 40);
//! ```
//!
//! For each seed [`prove`] starts the cluster, lets users call while faults happen, ends the faults, and checks that
//! - no user's code panicked, and each call ended by its deadline;
//! - what the users saw is what one service alone could have answered, one call after the other ([`linearizable`]), if there is a model;
//! - the invariants hold that were given;
//! - all nodes start again, and see each other and nobody else;
//! - the services serve again, if there is a probe.
//!
//! A failure is made smaller, and told with a line that gives the same run again: `EMBER_PROVE='seed=7 …'`. `EMBER_PROVE_SEEDS=2000` tries
//! more seeds than the test says, `EMBER_PROVE_SEEDS=10` fewer. While it runs it says on stderr every five seconds how many seeds have
//! passed (`cargo test NAME -- --nocapture` shows it).
//!
//! The parts are there to be used alone: a [`History`] of calls from anywhere (real processes too) is judged by [`linearizable`], and
//! [`Faults`] are done to any [`Sim`](super::Sim).

mod campaign;
mod check;
mod drawn;
mod effects;
mod failed;
mod masters;
mod patience;
mod plan;
mod progress;
mod run;
mod setup;
mod user;

pub use self::{
    campaign::Report,
    check::{CallId, History, Model, Moment, NotLinearizable, Outcome, Recorded, Violation, linearizable, model},
    drawn::{Drawn, DrawnCall, DrawnResult},
    failed::Failed,
    plan::{Fault, Faults, Kind, TimedFault},
    setup::{Prove, prove},
    user::User,
};
