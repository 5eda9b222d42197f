//! The spans of handlers. Each has its own, a child of the one in which its caller made the call, wherever the handler runs and
//! whoever runs it. Where nobody listens they cost one look at a number.

use std::{fmt, sync::Arc};

use tracing::{Span, level_filters::LevelFilter};

use super::named::Named;

/// A span, if there is one. It is counted, so that dropping nothing is one look, which becomes part of where it is dropped: each
/// call does so several times.
type Held = Option<Arc<Span>>;

/// The span in which a call was made; nothing if there was none, or nobody listens. It does not travel to other nodes.
#[derive(Clone, Default)]
pub(crate) struct MadeIn(Held);

impl MadeIn {
    pub(crate) const NOTHING: Self = Self(None);

    /// Whether nothing would be found here, as far as can be said without looking.
    #[inline]
    pub(crate) fn is_nowhere() -> bool {
        !is_heard()
    }

    /// The present span.
    #[inline]
    pub(crate) fn here() -> Self {
        if is_heard() { Self::look() } else { Self(None) }
    }

    #[cold]
    fn look() -> Self {
        let span = Span::current();
        Self((!span.is_none()).then(|| Arc::new(span)))
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for MadeIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MadeIn").field(&self.0.as_deref().and_then(Span::id)).finish()
    }
}

/// The span of a running handler. It closes when the handler has ended.
pub(crate) struct HandlerSpan(Held);

impl HandlerSpan {
    /// A span for a handler of `service`, whose call was made in `caller`.
    #[inline]
    pub(crate) fn open(caller: MadeIn, service: &dyn Named, method: &'static str) -> Self {
        if is_heard() { Self::make(caller, service, method) } else { Self(None) }
    }

    #[cold]
    fn make(MadeIn(caller): MadeIn, service: &dyn Named, method: &'static str) -> Self {
        let parent = caller.as_deref().and_then(Span::id);
        let (name, pid) = (service.name(), service.pid());
        let own =
            tracing::info_span!(target: "ember::handler", parent: parent, "handler", service = name, method, %pid);
        // If spans of handlers are not wanted, what is done within belongs to the caller's: as everywhere with `tracing`.
        Self(if own.is_disabled() { caller } else { Some(Arc::new(own)) })
    }

    /// Runs one step of the handler.
    #[inline]
    pub(crate) fn within<T>(&self, step: impl FnOnce() -> T) -> T {
        match &self.0 {
            None => step(),
            Some(span) => span.in_scope(step),
        }
    }
}

#[inline]
fn is_heard() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}
