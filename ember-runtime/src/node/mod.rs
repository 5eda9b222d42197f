//! A node: the parts put together, from the builder to the shutdown.

#[cfg(all(test, feature = "testing"))]
mod come_and_go;
mod follow;
#[cfg(all(test, feature = "cluster"))]
mod held_up;
mod hosting;
mod life;
mod offices;
mod process;
mod settings;
mod slot;

#[cfg_attr(not(feature = "telemetry"), allow(unused_imports, reason = "nobody shows it"))]
pub(crate) use self::life::{Kept, Shown};
pub use self::{
    follow::Follow,
    hosting::{Class, Factory, Maker, NoFactory},
    life::{Node, NodeBuilder},
    settings::{Hosted, IntoHosted, ServiceConfig, Several},
    slot::UniqueIds,
};
