//! What waits for a worker in vain, and is refused: a call that waits for itself, and one that nobody needs any more where it takes the place
//! of another.

use std::time::Duration;

use tokio::time::Instant;

use super::state::{Together, Waiting};
use crate::{
    actor::{
        cell::Cell,
        hands::refusal,
        service::Service,
        work::{Calls, PendingCall, Post},
    },
    error::RefusedReason,
    message::Envelope,
};

/// So long after a full mailbox was looked through it is not looked through again, or ten times as long as that took: it costs as much as all that
/// waits.
const REST: Duration = Duration::from_millis(10);

/// No longer than this, however long it took: the thread may have been held up.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// A call with a chain has been let in where so many handlers may run at once.
#[must_use = "there may be fewer by the time it waits"]
pub(crate) struct Seen(Option<u32>);

/// What is refused when this is dropped: also where nobody is left to run it.
struct Refused<S: Service>(Vec<(Post<S>, RefusedReason)>);

impl<S: Service> Drop for Refused<S> {
    fn drop(&mut self) {
        self.0.drain(..).for_each(|(post, reason)| Calls::default().refuse_guarded(post, reason));
    }
}

impl<S: Service> Cell<S> {
    /// Whether a call with this envelope may wait for a worker. It is [seen to again](Self::see_again) when it does.
    ///
    /// # Errors
    /// It would wait for itself.
    pub(crate) fn may_wait(&self, envelope: Option<&Envelope>, index: usize) -> Result<Seen, RefusedReason> {
        let Some(together) = self.together.as_deref() else { return Ok(Seen(None)) };
        if envelope.is_none_or(|envelope| envelope.chain.is_none()) {
            return Ok(Seen(None));
        }
        let workers = together.lock().roster.limit();
        self.cycle(envelope, index, workers).map_or(Ok(Seen(Some(workers))), Err)
    }

    /// Why a call with this envelope would wait for itself, where so many handlers run at once.
    fn cycle(&self, envelope: Option<&Envelope>, index: usize, workers: u32) -> Option<RefusedReason> {
        let method = || self.blueprint.table.methods.get(index).map_or("", |entry| &*entry.name);
        refusal(self.pid, envelope, workers, || format!("{}.{}", S::SPEC.name, method()))
    }

    /// The call waits. If there are fewer workers since it was let in, whoever has made them fewer may not have found it.
    pub(crate) fn see_again(&self, Seen(workers): Seen) {
        let Some((together, before)) = self.together.as_deref().zip(workers) else { return };
        if together.lock().roster.limit() < before {
            self.refuse_cycles(together);
        }
    }

    /// There are fewer workers: refuses what waits for itself now.
    pub(super) fn refuse_cycles(&self, together: &Together<S>) {
        self.sweep(together, |call, workers| self.cycle(call.envelope, call.index, workers));
    }

    /// Puts something into the mailbox: where that is full, once more, if that [made room](Self::makes_room).
    pub(crate) fn tries(&self, mut put: impl FnMut() -> Result<(), RefusedReason>) -> Result<(), RefusedReason> {
        match put() {
            Err(full @ RefusedReason::MailboxFull { .. }) if self.makes_room(&full) => put(),
            done => done,
        }
    }

    /// Refuses calls that nobody needs any more, and of which some may have waited for long, behind others of their keys. Whether that has
    /// made room.
    ///
    /// A service that is not concurrent comes to them by itself, as soon as it comes to anything.
    #[cold]
    fn makes_room(&self, full: &RefusedReason) -> bool {
        let Some(together) = self.together.as_deref() else { return false };
        let now = Instant::now();
        {
            let rests = &mut together.lock().rests;
            if rests.is_some_and(|until| now < until) {
                return false;
            }
            *rests = Some(now + REST);
        }
        let has_swept = self.sweep(together, |call, _| {
            if call.stamp.deadline.is_some_and(|deadline| deadline <= now) {
                return Some(RefusedReason::Expired);
            }
            // Nobody hears of it, but for one who asks for the same call by its id meanwhile, and may ask again.
            call.is_unwanted.then(|| full.clone())
        });
        // It costs no more than a tenth of the time, however much waits.
        let done = Instant::now();
        together.lock().rests = Some(done + (10 * (done - now)).clamp(REST, LONGEST_REST));
        has_swept
    }

    /// Refuses the calls that wait for the reasons that `why` gives, to which it is told how many workers there are. Whether there was one.
    fn sweep(&self, together: &Together<S>, why: impl Fn(&PendingCall<'_>, u32) -> Option<RefusedReason>) -> bool {
        let swept = {
            let mut state = together.lock();
            state.gather(&self.mailbox);
            let (now, workers) = (Instant::now(), state.roster.limit());
            let swept = state.roster.lines.sweep(
                |waiting: &Waiting<S>| {
                    let call = waiting.post.call()?;
                    why(&call, workers).map(|reason| (reason, call.bytes))
                },
                |next| next.since = now,
            );
            for (Waiting { place: (lane, counted), .. }, (_, bytes)) in &swept {
                self.mailbox.hand_out(*lane, *counted);
                self.mailbox.bytes().discharge(*bytes);
            }
            swept
        };
        if swept.is_empty() {
            return false;
        }
        let refused = Refused(swept.into_iter().map(|(Waiting { post, .. }, (reason, _))| (post, reason)).collect());
        // Code of users runs as they are dropped, and whoever is here may hold a lock, or be in a handler.
        if let Some(host) = self.host.upgrade() {
            drop(host.runtime().spawn(async move { drop(refused) }));
        }
        // All may be done now.
        self.look(together);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        actor::{
            Orphan, Path, Service, ServiceSpec, Specified, Supervision, Table, Unit, Workers as _, blueprint,
            cell::Setup,
            hands::link,
            tests::{Answers, host},
            work::{Post, RawJob},
        },
        error::Failure,
        id::{Incarnation, MethodId, NodeId, NodeKey, Pid},
        message::{Chain, Lane, RawCall, RawReply, Stamp},
        panics::Each,
    };

    struct Yard;

    impl Unit for Yard {
        type Access = crate::actor::Together;
        type This = Self;
        type Parent = Orphan;
        const NAME: &'static str = "Yard";
        fn describe<S: Service, L: Path<S, Unit = Self>>(_: &mut Table<S>) {}
    }

    impl crate::actor::SharedByHandlers for Yard {}

    impl Specified for Yard {
        const SPEC: ServiceSpec = ServiceSpec::new("yard", "", "1.0.0", "here").concurrent(1, 2);
    }

    #[tokio::test]
    async fn a_call_that_is_let_in_before_the_workers_become_fewer_is_seen_again_where_it_waits() {
        let host = host();
        let pid = Pid { node: NodeKey { id: NodeId(1), incarnation: Incarnation(1) }, number: 1 };
        let cell = Cell::<Yard>::new(Setup {
            pid,
            particulars: crate::actor::Particulars::default(),
            server: 0,
            blueprint: blueprint(|_, _| Each::default(), |_, _, _, _, _| Each::default(), (false, None)).unwrap(),
            limits: crate::mailbox::Limits::default(),
            supervision: Supervision::new(false),
            stops_alone: false,
            host: Arc::downgrade(&host),
        });
        let answers = Arc::<Answers>::default();
        let envelope =
            || Envelope { chain: Some(Chain::here(link(pid, None), "yard", "rpc_ask", None)), ..Envelope::default() };
        let put = || {
            let call = RawCall {
                method: MethodId::of("rpc_look"),
                fingerprint: None,
                payload: bytes::Bytes::new().into(),
                stamp: Stamp::default(),
                envelope: Some(Box::new(envelope())),
                reply: RawReply::new(Arc::clone(&answers) as _, 1),
            };
            cell.put(Lane::User, |_| Post::Job(Box::new(RawJob { call, index: 0 }))).unwrap();
        };
        assert_eq!(cell.set(2), 2);
        let [early, late] = [(); 2].map(|()| cell.may_wait(Some(&envelope()), 0).unwrap());
        put();
        cell.see_again(early);
        tokio::task::yield_now().await;
        assert!(answers.0.lock().unwrap().is_empty(), "there is another worker");
        assert_eq!(cell.set(1), 1);
        let refused = |answers: &Answers| match answers.0.lock().unwrap().pop() {
            Some(Err(Failure::NotExecuted(RefusedReason::Cycle(_)))) => true,
            None => false,
            other => panic!("{other:?}"),
        };
        tokio::task::yield_now().await;
        assert!(refused(&answers), "it waited when they became fewer");
        put();
        tokio::task::yield_now().await;
        assert!(!refused(&answers), "nobody has looked for it");
        cell.see_again(late);
        tokio::task::yield_now().await;
        assert!(refused(&answers));
        assert_eq!(cell.waiting(), 0);
        assert!(cell.may_wait(Some(&envelope()), 0).is_err());
        assert!(cell.may_wait(Some(&Envelope::default()), 0).is_ok());
    }
}
