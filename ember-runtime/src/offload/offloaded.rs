//! Work that is described and not begun: where it goes from here.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tracing::Span;

use super::{
    key::Line,
    owner::{Ends, Owner},
    piece::{By, Piece, Run},
    pool::Pool,
};
use crate::{
    actor::{Cx, Loan, Unit},
    error::{OffloadError, RefusedReason},
    message::{Ambient, Unsettled},
};

/// Work for the pool of the node, made with [`Cx::offload`] or [`Cx::offload_async`]. It begins with [`then`](Self::then), or when it is
/// first polled after an `.await`.
///
/// # Cancel safety
/// Awaited, and dropped: work that has not begun is not run, a future is dropped, and blocking work that runs goes on to its end.
#[must_use = "offloaded work does nothing until `.then(cx, …)` or `.await`"]
pub struct Offloaded<T> {
    pub(super) pool: Arc<Pool>,
    /// None if there is no order to keep.
    pub(super) line: Option<Line>,
    pub(super) by: By,
    pub(super) run: Run<T>,
}

impl<T: Send + 'static> Offloaded<T> {
    /// Begins the work, at once or when it is its turn, and does not wait: when it has ended, `callback` runs in this service's own mailbox, on
    /// the unit that asked, with the state as it is then. It is told also why the work was not run, at once and in the same way: so what it
    /// has to answer with, a [`Replier`](crate::message::Replier) for example, may move into it.
    ///
    /// The place in the mailbox is reserved now: so much work can be on its way as there are places.
    ///
    /// The work belongs to its unit: to this life of the service, or to the module under a key. When that ends, or the service is started again, work that has
    /// not begun is dropped unrun, a future is dropped, and the callback is dropped too. Blocking work that runs cannot be stopped: it runs to its end, and what it comes to
    /// is dropped. A service that retires first waits for its callbacks, as for those of calls; what its `#[on(stop)]` offloads so is dropped: there, `.await` it.
    ///
    /// In a replicated service it begins when all that was committed before is acknowledged, as a call does. The callback is a
    /// handler of its own, like a tick: it may [commit](Cx::commit) if this instance is the master by then ([`role`](Cx::role)).
    pub fn then<U: Unit, F>(self, cx: &mut Cx<'_, U>, callback: F)
    where
        F: FnOnce(Loan<'_, U>, &mut Cx<'_, U>, Result<T, OffloadError>) + Send + 'static,
    {
        let (envelope, born) = (cx.ambient.envelope.unawaited(), cx.core.cell.life());
        let call = move |outcome| {
            move |unit: Loan<'_, U>, cx: &mut Cx<'_, U>| {
                // One that has waited in the mailbox since an earlier life of the service is for nobody.
                if cx.core.cell.life() == born {
                    callback(unit, cx, outcome);
                }
            }
        };
        let owner = {
            let keys = &cx.ambient.envelope.keys;
            let (module, pool, cell) = (keys.life(), &self.pool, &cx.core.cell);
            let life = module.as_ref().unwrap_or_else(|| cx.core.life());
            life.share(|| Ends::new(Some(cell), pool.weak())).owner()
        };
        let permit = match cx.core.reserve_callback(cx.ambient.method) {
            Ok(permit) => permit,
            Err((reason, refusal)) => {
                let error = match reason {
                    RefusedReason::MailboxFull { limit } => OffloadError::NoPlace { limit },
                    _ => OffloadError::Closed,
                };
                return refusal.tell(envelope, call(Err(error)));
            }
        };
        let unsettled = cx.ambient.unsettled();
        let line = self.line.and_then(Line::of_callbacks);
        self.put(owner, unsettled, move |outcome| permit.fill_in_line(envelope, line, call(outcome)));
    }

    fn put(
        self,
        owner: Arc<Owner>,
        unsettled: Option<Unsettled>,
        tell: impl FnOnce(Result<T, OffloadError>) + Send + 'static,
    ) {
        let Self { pool, line, by, run } = self;
        let piece = Piece::new(run, (owner, by, Span::current()), tell);
        match unsettled {
            None => pool.put(line, piece),
            Some(unsettled) => {
                unsettled.then(
                    move |well| {
                        if well { pool.put(line, piece) } else { piece.refuse(OffloadError::NotAcknowledged) }
                    },
                )
            }
        }
    }
}

/// Waits for the work where it is needed: the handler does not block its thread, and its service waits with it.
impl<T: Send + 'static> IntoFuture for Offloaded<T> {
    type Output = Result<T, OffloadError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let unsettled = Ambient::current(Ambient::unsettled).flatten();
            let (tell, told) = oneshot::channel();
            let ends = Ends::new(None, self.pool.weak());
            self.put(ends.owner(), unsettled, move |outcome| drop(tell.send(outcome)));
            let outcome = told.await;
            drop(ends);
            outcome.unwrap_or(Err(OffloadError::Closed))
        })
    }
}

impl<T> fmt::Debug for Offloaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offloaded").field("by", &self.by).field("line", &self.line).finish_non_exhaustive()
    }
}
