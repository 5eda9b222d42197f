//! What a handler says of those that its service follows.

use std::{any::TypeId, fmt, marker::PhantomData, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

use super::asking::Asking;
use crate::{
    actor::{Cx, FollowedKind, Hears, Position, Posted, Replicated, Snapshot, Unit},
    call::{Begin, Entries, Following, Router},
    error::{Error, Result},
    id::Pid,
    message::decode,
    node::offices::learn,
    office::{GroupName, OfficeName},
    panics::attempt,
    replica::Beside,
};

/// A state that nobody has given in this time is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// When nobody has one, so long until all are asked again.
const PAUSE: Duration = Duration::from_millis(100);

impl<U: Unit> Cx<'_, U> {
    /// What this service hears of the replicated service `R`, the entries of which its `#[on(entry)]` takes: say where to begin.
    ///
    /// A service that says nothing is told what is acknowledged from when a member of the group was first reached. Say so in
    /// `#[on(start)]`, and nothing comes before that. Each life of a service begins anew: one that is started again after a failure says
    /// again where it is.
    ///
    /// The group is that of the instances of `R` that have its name, no other id, and the server id of this node, unless
    /// [`group`](Follow::group) says another.
    pub fn follow<R: Replicated>(&self) -> Follow<R>
    where
        U: Hears<Posted<R>>,
    {
        let (router, pid) = (self.core.host.get::<Router>(), self.core.pid());
        let following = router.followings.of(pid.number, TypeId::of::<R>());
        Follow { router, following, pid, life: self.core.cell.life(), group: None, of: PhantomData }
    }
}

/// What a service hears of a replicated service: see [`Cx::follow`].
#[must_use = "end with `.after(position)`, `.all()`, `.only_new()`, `.end()`, or `.snapshot().await`"]
pub struct Follow<R> {
    router: Arc<Router>,
    following: Arc<Following>,
    pid: Pid,
    life: u64,
    group: Option<GroupName>,
    of: PhantomData<fn() -> R>,
}

impl<R: Replicated> Follow<R> {
    /// Another group of `R` than the one of its name and of this node's server id. A service follows one group of each type.
    pub fn group(self, group: GroupName) -> Self {
        Self { group: Some(group), ..self }
    }

    /// Tells it all that comes after this position. What is on its way already does not come: after this returns, the next entry that the
    /// service is told of is the next after this.
    ///
    /// If nobody keeps the next one any more, `#[on(gap)]` is told, and then what there is.
    pub fn after(self, position: Position) {
        self.set(Begin::After(position));
    }

    /// Tells it all that the group has ever had: after [`Position::START`]. If that is not kept any more, there is a gap first.
    pub fn all(self) {
        self.after(Position::START);
    }

    /// Tells it what is acknowledged from when a member of the group is reached, which is as soon as there is one. The default.
    pub fn only_new(self) {
        self.set(Begin::Now);
    }

    /// Tells it nothing more, until it says something else.
    pub fn end(self) {
        self.set(Begin::Never);
    }

    /// The state of the group, and where that stands: begin there with [`after`](Self::after). All of it is acknowledged. In `#[on(gap)]` it has
    /// all that is missing.
    ///
    /// A member of the group gives it in its turn, a slave rather than the master. Asking costs it what a member costs that learns the state.
    /// Do not ask in a handler for which a handler of `R` waits.
    ///
    /// Dropped, it has asked in vain, and nothing else.
    ///
    /// # Errors
    /// No member gave it within 10 s, or the group has another `State` or `Entry` than this build.
    pub async fn snapshot(self) -> Result<Snapshot<R>> {
        let (kind, group) = (FollowedKind::of::<R>(), self.office());
        let (asking, until) =
            (Asking::new(Arc::clone(&self.router), group, (kind.types)(), self.pid), Instant::now() + PATIENCE);
        let mut why = "none of its members has it";
        while Instant::now() < until {
            let ((members, known), least) = (asking.members(), self.following.wish().least);
            // One cannot be asked in the middle of its own turn.
            for member in members.into_iter().filter(|member| *member != self.pid) {
                let learnt = async {
                    match asking.ask(member, (None, known), Some(asking.types.1)).await? {
                        Entries::Last(_) => {}
                        Entries::OtherTypes => return Some(None),
                        _ => return None,
                    }
                    learn::all(&self.router, member, least).await.map(Some)
                };
                match timeout_at(until, learnt).await {
                    Ok(Some(Some((at, bytes)))) => {
                        let read =
                            attempt(|| Beside::read(&bytes, at.index).and_then(|(_, state)| decode::<R::State>(state)));
                        let state = read.map_err(|panic| Error::other(panic.to_string()))?.map_err(Error::other)?;
                        return Ok(Snapshot::new(state, Position::new(at, 0)));
                    }
                    Ok(Some(None)) => why = "its `State` or `Entry` is not that of this build",
                    Ok(None) | Err(_) => {}
                }
            }
            sleep(PAUSE).await;
        }
        Err(Error::other(format!("the state of `{}` could not be had: {why}", asking.group)))
    }

    fn office(&self) -> OfficeName {
        let server = self.router.directory().record().server;
        self.group.as_ref().map_or_else(|| GroupName::of(R::SPEC.name).office(server), |group| group.office(server))
    }

    fn set(self, begin: Begin) {
        let office = self.office();
        self.following.set(self.life, Some(office), begin);
    }
}

impl<R: Replicated> fmt::Debug for Follow<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow").field("group", &self.office().to_string()).finish_non_exhaustive()
    }
}
