//! What shows a node that runs.

use std::net::SocketAddr;

/// What a face needs until its node has ended: then it is dropped.
pub(crate) type Kept = Box<dyn Send>;

/// A face that has begun.
pub(crate) struct Begun {
    pub(super) name: &'static str,
    pub(super) address: Option<SocketAddr>,
    #[allow(dead_code, reason = "it is kept")]
    pub(super) kept: Kept,
}
