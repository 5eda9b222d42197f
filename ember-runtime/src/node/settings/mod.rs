//! What was said of a node and of its services.

mod config;
mod hosted;
#[cfg(feature = "cluster")]
mod options;
mod several;
mod unseen;
pub(crate) mod values;

#[cfg(feature = "cluster")]
pub(crate) use self::options::Options;
pub use self::{
    config::ServiceConfig,
    hosted::{Hosted, IntoHosted},
    several::Several,
};
pub(crate) use self::{
    hosted::Kept,
    values::{instance, journal, office_lease, replicas},
};
