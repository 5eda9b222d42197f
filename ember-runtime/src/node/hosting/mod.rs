//! The services of one node: how they start, are looked after, and stop.

mod attach;
mod batch;
pub(crate) mod class;
#[cfg(feature = "cluster")]
mod entries;
mod host;
mod journals;
mod publish;
mod scaling;
mod shards;
mod started;
mod steered;
mod stop;
mod watches;

pub use self::class::{Class, Factory, Maker, NoFactory};
pub(crate) use self::{
    host::{Launch, Services, launch},
    stop::Late,
    watches::Watches,
};
