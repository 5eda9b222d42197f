//! Parts of the builder of a node: what it is told of one matter each, and what it checks.

#[cfg(not(feature = "cluster"))]
mod alone;
#[cfg_attr(not(feature = "telemetry"), allow(dead_code, reason = "nothing shows a node"))]
mod begun;
mod checks;
#[cfg_attr(not(feature = "telemetry"), allow(dead_code, reason = "nothing shows a node"))]
mod faces;
mod outages;
#[cfg_attr(not(feature = "telemetry"), allow(dead_code, reason = "nothing shows a node"))]
mod show;

pub(crate) use self::{
    begun::{Begun, Kept},
    faces::{Faces, Shown},
};
