//! A real etcd for the tests: where its programs come from, and one running server. No test lives here.

mod programs;
mod server;

pub(crate) use programs::{Programs, obtain};
pub(crate) use server::Server;

/// What etcd 3.4 needs in its environment: on 64-bit ARM it starts only if it is told that this is meant.
pub(crate) fn environment() -> Option<(&'static str, &'static str)> {
    cfg!(target_arch = "aarch64").then_some(("ETCD_UNSUPPORTED_ARCH", "arm64"))
}
