//! A call that has not been made yet.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{handle::Target, retry::Repeat};
use crate::{directory::Key, message::Method};

/// The time that a call may take unless something else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// A method, its arguments, where it goes, and how.
pub struct Request<M: Method> {
    pub(super) target: Target,
    pub(super) args: M::Args,
    pub(super) options: Options,
    pub(super) retry: Option<Repeat<M>>,
}

/// What the caller said of a call.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) timeout: Duration,
    pub(super) key: Option<u64>,
    pub(super) headers: BTreeMap<String, String>,
}

impl<M: Method> Request<M> {
    pub(super) fn new(target: Target, args: M::Args) -> Self {
        let timeout = M::INFO.timeout.unwrap_or(DEFAULT_TIMEOUT);
        Self { target, args, options: Options { timeout, key: None, headers: BTreeMap::new() }, retry: None }
    }
}

impl Options {
    pub(super) fn key(&mut self, key: Key) {
        self.key = Some(key.0);
    }
}

impl<M: Method> fmt::Debug for Request<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.target.method_name::<M>();
        f.debug_struct("Request").field("method", &method).field("options", &self.options).finish_non_exhaustive()
    }
}
