//! What runs for events between nodes: one task that looks who is in the view, and one for each other node, which tells it what is wanted here and
//! sends it what waits for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{
    compare,
    hub::Hub,
    line::{Line, RUNS_REMEMBERED},
    lingering::Lingering,
    queue::Sent,
    wire::AT_ONCE,
};
use crate::{
    call::Question,
    directory::Departed,
    error::{Failure, RefusedReason},
    event::{
        kinds,
        local::{Followed, Wants},
    },
    id::NodeKey,
    panics::attempt,
    sync::AbortOnDrop,
};

/// The bytes of events that go at once, but for one that is larger by itself.
const BATCH: usize = 128 * 1024;
/// What this node wants is said again so often, should it have been forgotten.
const REFRESH: Duration = Duration::from_secs(30);
/// Whoever has not answered by then may have forgotten to.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a failure so long passes until the next try: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

impl Hub {
    /// Follows the view for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        let (mut changes, mut wanted) = (self.router.directory().changes(), self.bus.changes());
        let mut looks = Looks::default();
        loop {
            changes.mark_unchanged();
            wanted.mark_unchanged();
            // Nothing in it is the user's but what the log does, and what is dropped. This task is for all nodes.
            if let Err(panic) = attempt(|| self.look(&mut looks)) {
                tracing::error!(target: "ember::event", %panic, "a look at who is in the view panicked: the next change is looked at all the same");
            }
            tokio::select! {
                biased;
                changed = changes.changed() => if changed.is_err() { return },
                _ = wanted.changed() => {}
                () = self.stirred.notified() => {}
            }
        }
    }

    /// Who is in the view is looked at with each change of that, so that nothing is done where nobody has come or gone. A node of which nothing is
    /// wanted, and that wants nothing, costs nothing.
    fn look(self: &Arc<Self>, looks: &mut Looks) {
        // The ways as they are now: one that another node opens while this looks is news to the next look.
        let ways = self.lines().iter().map(|line| line.peer).collect();
        let seen = (self.router.directory().peers(), !self.bus.wants().is_empty(), ways);
        if looks.last.as_ref() == Some(&seen) {
            return;
        }
        let peers: BTreeSet<NodeKey> = seen.0.iter().copied().collect();
        // One that a panic has ended is begun again.
        looks.tasks.retain(|_, task| !task.0.is_finished());
        for peer in &peers {
            let Some(line) = (if seen.1 { Some(self.line(*peer)) } else { self.known_line(*peer) }) else { continue };
            if line.is_away() {
                self.change(|| line.arrive());
                line.link_up();
            } else {
                line.arrive();
            }
            looks.tasks.entry(*peer).or_insert_with(|| {
                let run = Arc::clone(self).serve(line);
                AbortOnDrop(self.router.runtime().spawn(run).abort_handle())
            });
        }
        looks.tasks.retain(|peer, _| peers.contains(peer));
        self.part(&peers, &mut looks.departures);
        looks.last = Some(seen);
    }

    /// Sees to those who are not in the view any more, or not yet.
    fn part(&self, peers: &BTreeSet<NodeKey>, departures: &mut u64) {
        let directory = self.router.directory();
        // The runs of a node stand beside each other, in their order.
        let after = |peer: NodeKey| peers.range((Bound::Excluded(peer), Bound::Unbounded)).next();
        let is_newer = |peer: NodeKey| after(peer).is_some_and(|next| next.id == peer.id);
        let mut away = Vec::new();
        for line in self.lines().into_iter().filter(|line| !peers.contains(&line.peer)) {
            if is_newer(line.peer) || directory.departed(line.peer) == Some(Departed::InOrder) {
                self.forget(line.peer);
                continue;
            }
            if line.is_there() {
                *departures += 1;
                let told = self.change(|| line.depart(*departures));
                line.tell(told);
            }
            away.push((line.left(), line.peer));
        }
        // Those that have left first.
        away.sort_unstable();
        for (_, peer) in away.iter().take(away.len().saturating_sub(RUNS_REMEMBERED)) {
            self.forget(*peer);
        }
        for peer in self.sources.runs().into_iter().filter(|peer| !peers.contains(peer)) {
            let (departed, is_over) = (directory.departed(peer), is_newer(peer));
            if departed == Some(Departed::Lost) || (is_over && departed.is_none()) {
                self.sources.lose(peer, (&self.bus, self.server));
            }
            if is_over || departed == Some(Departed::InOrder) {
                self.sources.forget(peer);
                self.bus.forget(peer);
            }
        }
        for peer in self.sources.prune(|peer| peers.contains(&peer)) {
            self.bus.forget(peer);
        }
    }

    /// Sees to one other node, while the view shows it.
    async fn serve(self: Arc<Self>, line: Arc<Line>) {
        let mut serving = Serving {
            wanted: Followed::of(Arc::clone(&self.bus)),
            hub: self,
            line,
            told: None,
            structures: BTreeSet::new(),
            at_once: AT_ONCE,
            too_large: false,
            repeats: false,
            lingering: Lingering::default(),
        };
        let mut pause = PAUSES.0;
        loop {
            match serving.step().await {
                Ok(()) => pause = PAUSES.0,
                Err(Later) => {
                    tokio::select! {
                        biased;
                        () = serving.line.up.notified() => {}
                        () = sleep(pause) => {}
                    }
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
    }
}

/// What was seen last.
#[derive(Default)]
struct Looks {
    /// Who is in the view, whether anything is wanted here, and which ways there are.
    last: Option<(Vec<NodeKey>, bool, Vec<NodeKey>)>,
    tasks: BTreeMap<NodeKey, AbortOnDrop>,
    /// How often somebody has left it.
    departures: u64,
}

/// Of one other node.
struct Serving {
    hub: Arc<Hub>,
    line: Arc<Line>,
    /// What is wanted here.
    wanted: Followed,
    /// What it knows of that, and since when.
    told: Option<(Arc<Wants>, Instant)>,
    /// The types whose structures it was told.
    structures: BTreeSet<u64>,
    /// So many items go at once: fewer while the other node takes only smaller messages than this one.
    at_once: usize,
    /// It was logged that what is wanted here is too large to be said.
    too_large: bool,
    /// What is wanted is said once more, also if it is what was told last.
    repeats: bool,
    lingering: Lingering,
}

/// It cannot be reached now.
struct Later;

impl Serving {
    /// Does what is to be done, or waits for that.
    async fn step(&mut self) -> Result<(), Later> {
        if self.line.take_again() {
            self.structures.clear();
            self.repeats |= self.told.as_ref().is_some_and(|(wants, _)| !wants.is_empty());
        }
        // Nobody comes any more where the node ends.
        let told = self.told.as_ref().filter(|_| !self.hub.router.is_ending()).map(|(told, _)| Arc::clone(told));
        let (wants, less_at) = self.lingering.with(self.wanted.now(), told.as_deref());
        if self.is_news(&wants) {
            let (wants, _) = self.lingering.with(self.wanted.counted(), told.as_deref());
            return self.announce(wants).await;
        }
        if let Some(sent) = self.line.next(self.hub.router.fitting(BATCH), self.at_once) {
            return self.send(&sent).await;
        }
        let refresh = self.told.as_ref().filter(|(wants, _)| !wants.is_empty()).map(|(_, at)| *at + REFRESH);
        tokio::select! {
            biased;
            () = self.line.bell.notified() => {}
            () = self.wanted.changed() => {}
            () = sleep_until(less_at.unwrap_or_else(Instant::now)), if less_at.is_some() => {}
            () = sleep_until(refresh.unwrap_or_else(Instant::now)), if refresh.is_some() => self.repeats = true,
        }
        Ok(())
    }

    /// Whether it is to be told what is wanted here. Who has never been told anything need not know that it is nothing.
    fn is_news(&self, wants: &Arc<Wants>) -> bool {
        let sorts = |wants: &Wants| wants.iter().map(|(event, want)| (*event, want.sort())).collect::<Vec<_>>();
        match &self.told {
            None => !wants.is_empty() || self.line.was_told(),
            Some((told, _)) => self.repeats || !Arc::ptr_eq(told, wants) && sorts(told) != sorts(wants),
        }
    }

    async fn announce(&mut self, wants: Arc<Wants>) -> Result<(), Later> {
        let said = self.hub.announce(&wants, &|event| self.structures.contains(&event));
        self.line.note_told();
        let heard = match self.ask(&said).await {
            Ok(heard) => heard,
            Err(failure) => {
                // It may have come, and only its answer is lost: what is wanted then is said whatever was told before.
                self.repeats = true;
                return self.failed(&failure, Some(wants));
            }
        };
        let name = self.hub.named(self.line.peer);
        for (event, theirs) in &heard.others {
            if let Some(ours) = kinds::of_id(*event).filter(|_| self.line.is_first_other(*event)) {
                compare::tell(ours.name(), &ours.structure, (self.line.peer, &name), theirs);
            }
        }
        self.structures.extend(wants.keys());
        self.is_told(wants);
        Ok(())
    }

    /// It knows what is wanted here.
    fn is_told(&mut self, wants: Arc<Wants>) {
        self.told = Some((wants, Instant::now()));
        self.repeats = false;
    }

    async fn send(&mut self, sent: &Sent) -> Result<(), Later> {
        match self.ask(&sent.batch).await {
            Ok(taken) => {
                self.hub.counts.batches.add(1);
                self.line.answered(sent, &taken);
                self.at_once = (self.at_once * 2).min(AT_ONCE);
                Ok(())
            }
            Err(Failure::NotExecuted(RefusedReason::TooLarge { .. })) if sent.batch.items.len() > 1 => {
                self.at_once = sent.batch.items.len() / 2;
                Ok(())
            }
            Err(Failure::NotExecuted(RefusedReason::TooLarge { size, limit })) => {
                let peer = self.line.peer;
                tracing::error!(
                    target: "ember::event", %peer, size, limit,
                    "an event is too large for another node: it is missed there; raise `max_message` of both nodes"
                );
                self.line.refused(sent);
                Ok(())
            }
            Err(Failure::NotExecuted(RefusedReason::Undecodable(error))) => {
                let peer = self.line.peer;
                tracing::error!(target: "ember::event", %peer, %error, "events could not be sent: they are missed there");
                self.line.refused(sent);
                Ok(())
            }
            Err(failure) => self.failed(&failure, None),
        }
    }

    /// A node of an older release does not know events between nodes: it has no part in them.
    fn failed(&mut self, failure: &Failure, wants: Option<Arc<Wants>>) -> Result<(), Later> {
        if let (Failure::NotExecuted(RefusedReason::UnknownMethod), Some(wants)) = (failure, wants) {
            self.is_told(wants);
            return Ok(());
        }
        if let Failure::NotExecuted(RefusedReason::TooLarge { size, limit }) = failure
            && !std::mem::replace(&mut self.too_large, true)
        {
            let peer = self.line.peer;
            tracing::error!(
                target: "ember::event", %peer, size, limit,
                "what events this node wants is too large to be said to another node, which sends it none: raise `max_message` of both nodes"
            );
        }
        Err(Later)
    }

    async fn ask<Q: Question>(&self, question: &Q) -> Result<Q::Answer, Failure> {
        let router = &self.hub.router;
        let gone = || Failure::NotExecuted(RefusedReason::NodeClosed);
        let peer = self.line.peer;
        let node = router.directory().node(peer.id).filter(|node| node.key == peer).ok_or_else(gone)?;
        let answer = async { router.ask_node(&node, question).await?.await };
        timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(gone()))
    }
}
