//! A call that has not been made yet.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{args::Args, retry::Repeat, target::Target};
use crate::{
    clock::LONGEST,
    directory::Key,
    hooks::Headers,
    message::{Beside, Extension, Method},
};

/// The time that a call may take unless something else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// A method, its arguments, where it goes, and how.
pub struct Request<M: Method> {
    pub(crate) target: Target,
    /// There until they are handed over.
    pub(crate) args: Args<M>,
    pub(crate) options: Options,
    /// Almost always none, and then it costs nothing to carry.
    pub(crate) retry: Option<Box<Repeat<M>>>,
}

/// What the caller said of a call.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) timeout: Duration,
    /// Almost always nothing, and then it costs nothing to carry, and one look to drop.
    more: Option<Arc<More>>,
}

#[derive(Debug, Clone, Default)]
struct More {
    key: Option<u64>,
    beside: Beside,
    /// Of which extension, why it cannot travel.
    problem: Option<(&'static str, String)>,
}

impl<M: Method> Request<M> {
    pub(crate) fn new(target: Target, args: M::Args) -> Self {
        let timeout = const {
            match M::INFO.timeout {
                Some(timeout) => timeout,
                None => DEFAULT_TIMEOUT,
            }
        };
        let mut options = Options { timeout: DEFAULT_TIMEOUT, more: None };
        options.set_timeout(timeout);
        Self { target, args: Args::new(Some(args)), options, retry: None }
    }
}

impl<M: Method> Request<M> {
    /// Moves what is left of it elsewhere.
    pub(crate) fn take(&mut self) -> Self {
        let Self { target, args, options, retry } = self;
        Self { target: target.clone(), args: Args::new(args.take()), options: options.clone(), retry: retry.take() }
    }
}

impl Options {
    /// When the caller stops waiting, counted from now on; `until` is when the handler that calls must have ended.
    pub(crate) fn deadline(&self, until: Option<Instant>) -> Instant {
        let own = Instant::now() + self.timeout;
        until.map_or(own, |until| until.min(own))
    }

    #[inline]
    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout.min(LONGEST);
    }

    pub(crate) fn set_key(&mut self, key: Key) {
        self.more().key = Some(key.0);
    }

    pub(crate) fn set_header(&mut self, name: String, value: String) {
        self.more().beside.headers.insert(name, value);
    }

    pub(crate) fn set_extension<E: Extension>(&mut self, extension: &E) {
        let more = self.more();
        // The last of a type counts.
        more.problem = more.problem.take().filter(|(of, _)| *of != E::NAME);
        if let Err(error) = more.beside.extend(extension) {
            more.problem = Some((E::NAME, format!("the extension `{}` could not be written: {error}", E::NAME)));
        }
    }

    fn more(&mut self) -> &mut More {
        Arc::make_mut(self.more.get_or_insert_default())
    }

    /// Whether there is nothing but the time-out.
    pub(crate) fn is_plain(&self) -> bool {
        self.more.is_none()
    }

    pub(crate) fn key(&self) -> Option<u64> {
        self.more.as_ref().and_then(|more| more.key)
    }

    /// What travels beside the arguments, if anything does, or should.
    pub(crate) fn beside(&self) -> Option<&Beside> {
        let more = self.more.as_ref()?;
        (!more.beside.is_empty() || more.problem.is_some()).then_some(&more.beside)
    }

    /// Why something of that cannot travel.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.more.as_ref()?.problem.as_ref().map(|(_, why)| why.as_str())
    }
}

impl Headers for Options {
    fn header(&self, name: &str) -> Option<&str> {
        self.beside()?.headers.get(name).map(String::as_str)
    }

    fn set_header(&mut self, name: String, value: String) {
        Self::set_header(self, name, value);
    }
}

impl<M: Method> fmt::Debug for Request<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.target.method_name::<M>();
        f.debug_struct("Request").field("method", &method).field("options", &self.options).finish_non_exhaustive()
    }
}
