//! The end of a node, step by step; and whom it waits for, for whoever reads the log.

use std::{convert::Infallible, sync::atomic::Ordering, time::Duration};

#[cfg(feature = "cluster")]
use tokio::time::sleep;
use tokio::time::{Instant, sleep_until, timeout};

use super::running::Node;
use crate::node::hosting::Late;

/// A node that ends at once has this long to tell the cluster.
#[cfg(feature = "cluster")]
const LEAVE_IN_A_HURRY: Duration = Duration::from_millis(250);
/// So long other nodes have for taking the last events of this one.
#[cfg(feature = "cluster")]
const SENT_OUT_IN: Duration = Duration::from_secs(1);
/// So long those have to be dropped that were promised by services which are cut short.
const GRACE: Duration = Duration::from_millis(10);
/// A shutdown that takes longer says whom it waits for, and again whenever it has taken twice as long.
const QUIET: Duration = Duration::from_secs(1);

/// What had not finished.
#[derive(Default)]
struct Unfinished {
    services: Late,
    /// Replies that were to come later.
    promises: Late,
    /// Offloaded work.
    offloaded: Late,
    /// Streams.
    unread: usize,
}

impl Node {
    /// Takes the node out of the choice without ending it: its services are announced as retiring, so that callers on other nodes choose
    /// others, and the offices that they hold are handed over. What it has it finishes, whoever holds a client for a certain
    /// [pid](crate::call::Select::pid) still reaches it, its timers tick. There is no way back but to start it anew: end it with
    /// [`shutdown`](Node::shutdown) when you like. Where no other instance is left, a call is `NotExecuted(Retiring)`.
    ///
    /// Where it held the only instance of an elected group, that goes on as its master, for as long as it keeps its lease; it is not elected again.
    ///
    /// Returns when the registry has it, after 1 s at the latest: a registry that is away hears it when it is back. Called again,
    /// or on a node that shuts down, it does nothing more.
    ///
    /// # Cancel safety
    /// If the future is dropped after it was polled, the node retires all the same.
    pub async fn retire(&self) {
        if !self.inner.services.router.retire() {
            return;
        }
        tracing::info!(target: "ember::node", name = self.name(), "retires: callers choose others; it goes on until it is shut down");
        self.inner.services.elections.close();
        #[cfg(feature = "cluster")]
        self.announce_retiring().await;
    }

    /// Ends it; what was late, if anything.
    pub(super) async fn end(&self) -> Option<String> {
        let deadline = Instant::now() + self.inner.drain;
        // Of one that has not begun yet they are told by whoever starts it.
        let hooks =
            if self.inner.begun.load(Ordering::Acquire) { Some(&self.inner.services.router.hooks.nodes) } else { None };
        let hooks = hooks.cloned().unwrap_or_default();
        hooks.tell_after(usize::MAX, |hook| hook.stopping(self.key()));
        self.inner.services.router.end();
        #[cfg(feature = "cluster")]
        self.inner.services.hub.hurry();
        // Others take over while this one finishes what it has.
        self.inner.services.elections.close();
        let Unfinished { services, promises, offloaded, unread } = tokio::select! {
            biased;
            unfinished = self.wind_up(deadline) => unfinished,
            never = self.say_whom() => match never {},
        };
        self.inner.abort();
        self.inner.services.publisher.pass_on();
        self.inner.closed.send_replace(true);
        let hurried = self.inner.hurry.borrow().then_some("a second signal came").map(str::to_owned);
        let late = (!services.is_empty()).then(|| format!("{services} had not finished"));
        let promised = (!promises.is_empty()).then(|| format!("deferred replies had not come: {promises}"));
        let offloaded = (!offloaded.is_empty()).then(|| format!("offloaded work still ran: {offloaded}"));
        let unread = (unread > 0).then(|| format!("other nodes had not read all streams to their ends ({unread})"));
        let why: Vec<String> = [hurried, late, promised, offloaded, unread].into_iter().flatten().collect();
        let cut_short = (!why.is_empty()).then(|| why.join(", and "));
        if let Some(why) = &cut_short {
            tracing::warn!(target: "ember::node", name = self.name(), "the shutdown was cut short: {why}");
        }
        tracing::info!(target: "ember::node", name = self.name(), "shut down");
        hooks.tell_after(usize::MAX, |hook| hook.stopped(self.key(), cut_short.as_deref()));
        cut_short
    }

    /// Says that it goes, waits for what is in flight, and goes.
    async fn wind_up(&self, deadline: Instant) -> Unfinished {
        #[cfg(feature = "cluster")]
        tokio::select! {
            biased;
            () = self.inner.hurried() => {}
            () = self.announce_retiring() => {}
        }
        let unfinished = self.finish(deadline).await;
        #[cfg(feature = "cluster")]
        tokio::select! {
            biased;
            () = self.leave(deadline) => {}
            () = async { self.inner.hurried().await; sleep(LEAVE_IN_A_HURRY).await } => self.cut_off(),
        }
        unfinished
    }

    /// Waits for what is in flight, until `deadline`, or until nobody wants to wait any more.
    async fn finish(&self, deadline: Instant) -> Unfinished {
        let services = self.inner.services.stop(deadline, self.inner.hurried()).await;
        self.inner.services.watches.close();
        let offloaded = self.rest(deadline).await;
        let promises = self.keep_promises(deadline).await;
        #[cfg(feature = "cluster")]
        let unread = self.read_out(deadline).await;
        #[cfg(feature = "cluster")]
        tokio::select! {
            biased;
            () = self.inner.services.hub.drained() => {}
            () = self.inner.hurried() => {}
            () = sleep_until(deadline.min(Instant::now() + SENT_OUT_IN)) => self.inner.services.hub.tell_unsent(),
        }
        #[cfg(not(feature = "cluster"))]
        let unread = 0;
        Unfinished { services, promises, offloaded, unread }
    }

    /// Waits for blocking work that nobody waits for any more; what does not end. Then the pool ends.
    async fn rest(&self, deadline: Instant) -> Late {
        let pool = &self.inner.services.pool;
        tokio::select! {
            biased;
            () = pool.at_rest() => {}
            () = self.inner.hurried() => {}
            () = sleep_until(deadline) => {}
        }
        let late = self.offloaded();
        pool.close();
        late
    }

    /// The blocking work that runs, by the methods that have offloaded it.
    fn offloaded(&self) -> Late {
        let mut offloaded = Late::of("method", "methods");
        for (service, method) in self.inner.services.pool.at_work() {
            offloaded.count(format!("{service}.{method}"));
        }
        offloaded
    }

    /// Waits for the replies that come later than their methods returned; those that do not.
    async fn keep_promises(&self, deadline: Instant) -> Late {
        let promises = &self.inner.services.promises;
        tokio::select! {
            biased;
            () = promises.kept() => return Late::default(),
            () = self.inner.hurried() => {}
            () = sleep_until(deadline) => {}
        }
        let _ = timeout(GRACE, promises.kept()).await;
        self.promised()
    }

    /// The replies that are to come later, by their methods.
    fn promised(&self) -> Late {
        let mut promised = Late::of("method", "methods");
        for (service, method) in self.inner.services.promises.awaited() {
            promised.count(format!("{service}.{method}"));
        }
        promised
    }

    /// Says again and again whom the shutdown waits for.
    async fn say_whom(&self) -> Infallible {
        let begun = Instant::now();
        let mut next = begun + QUIET;
        loop {
            sleep_until(next).await;
            let waited = begun.elapsed();
            next += waited;
            let services = self.inner.services.at_work().await;
            let (promises, offloaded) = (self.promised(), self.offloaded());
            #[cfg(feature = "cluster")]
            let unread = self.inner.services.router.streams.awaited();
            #[cfg(not(feature = "cluster"))]
            let unread = 0;
            let whom = Unfinished { services, promises, offloaded, unread };
            tracing::info!(target: "ember::node", name = self.name(), ?waited, "draining: waiting for {whom}");
        }
    }
}

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { services, promises, offloaded, unread } = self;
        let services = (!services.is_empty()).then(|| services.to_string());
        let promises = (!promises.is_empty()).then(|| format!("deferred replies ({promises})"));
        let offloaded = (!offloaded.is_empty()).then(|| format!("offloaded work ({offloaded})"));
        let unread = (*unread > 0).then(|| format!("readers of streams ({unread})"));
        let all: Vec<String> = [services, promises, offloaded, unread].into_iter().flatten().collect();
        f.write_str(if all.is_empty() { "what is on its way to other nodes, or the registry" } else { "" })?;
        f.write_str(&all.join(", and "))
    }
}
