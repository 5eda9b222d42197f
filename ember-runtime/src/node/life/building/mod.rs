//! Parts of the builder of a node: what it is told of one matter each, and what it checks.

#[cfg(not(feature = "cluster"))]
mod alone;
mod begun;
mod checks;
mod faces;
mod outages;
mod show;

pub(crate) use self::{
    begun::{Begun, Kept},
    faces::{Faces, Shown},
};
