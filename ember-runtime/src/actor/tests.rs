//! What a service does with calls from other nodes that no honest node would send.

use std::{
    any::{Any, TypeId},
    convert::Infallible,
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_util::FutureExt;

use super::{
    erased::{Core, Holding},
    work::{Calls, start},
};
use crate::{
    actor::*,
    error::{Failure, RefusedReason},
    hooks::{HandlerHooks, Ordered},
    id::{CallNumber, Epoch, GroupKey, Incarnation, MethodId, NodeId, NodeKey, Pid},
    mailbox::{Aside, Limits},
    message::{
        Answer, Arrivals, Coding, Envelope, Given, Handled, Method, MethodInfo, PickStructural as _, Probe, RawCall,
        RawReply, ReplyBody, ReplyLink, Schema, Signature, Stamp, Wire, WireOf, no_error, reply_slot,
    },
    office::{BootClock, OfficeSeat, Tenure},
    panics::Each,
    replica::{InSync, Member, Replica, Terms},
    rng::Rng,
};

pub(crate) struct Vault;
struct Secret;
struct Open;

impl Unit for Vault {
    type Access = crate::actor::Alone;
    type This = Self;
    type Parent = Orphan;
    const NAME: &'static str = "Vault";
    fn describe<S: Service, L: Path<S, Unit = Self>>(table: &mut Table<S>) {
        table.method::<L, Secret>();
        table.method::<L, Open>();
    }
}

impl Specified for Vault {
    const SPEC: ServiceSpec = ServiceSpec::new("vault", "", "1.0.0", "here");
}

impl Method for Secret {
    type Args = ();
    type Value = u32;
    type Error = Infallible;
    const INFO: MethodInfo = MethodInfo::new("", "api_secret", "() -> u32").node_only();
}

impl HandledBy<Vault> for Secret {
    async fn handle(_: crate::actor::Loan<'_, Vault>, _: &mut Cx<'_, Vault>, (): ()) -> Handled<u32, Infallible> {
        panic!("an `api_` method was run for another node")
    }
}

impl Method for Open {
    type Args = (u32,);
    type Value = u32;
    type Error = Infallible;
    const INFO: MethodInfo = MethodInfo::new("", "rpc_open", "(u32) -> u32");
    fn wire() -> Option<WireOf<Self>> {
        fn args() -> Coding<(u32,)> {
            (&&&Probe::<(u32,)>::NEW).pick().coding()
        }
        let put = |value: &(u32,), out: &mut Vec<u8>| args().put(value, out);
        let get = |bytes: &[u8]| crate::message::take_all(bytes, |bytes| args().take(bytes));
        let signature = || {
            static SIGNATURE: OnceLock<Signature> = OnceLock::new();
            SIGNATURE.get_or_init(|| Signature::new(&[("it", u32::shape)], u32::shape, None))
        };
        Some(Wire::new(put, get, (&&&Probe::<u32>::NEW).pick().coding(), no_error(), signature))
    }
}

impl HandledBy<Vault> for Open {
    async fn handle(
        _: crate::actor::Loan<'_, Vault>,
        _: &mut Cx<'_, Vault>,
        (number,): (u32,),
    ) -> Handled<u32, Infallible> {
        Ok(number).into()
    }
}

/// Keeps the answers.
#[derive(Default)]
pub(super) struct Answers(pub(super) Mutex<Vec<Result<Vec<u8>, Failure>>>);

impl ReplyLink for Answers {
    fn reply(&self, _: u64, body: ReplyBody<'_>) {
        let answer = match body {
            ReplyBody::Value(put) | ReplyBody::App(put) => {
                let mut out = Vec::new();
                put(&mut out).unwrap();
                Ok(out)
            }
            ReplyBody::Failed(failure) => Err(failure),
        };
        self.0.lock().unwrap().push(answer);
    }

    fn is_unwanted(&self, _: u64) -> bool {
        false
    }

    fn poll_unwanted(&self, _: u64, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

struct NoHost(Rng, tokio::runtime::Handle);

impl Host for NoHost {
    fn replica(&self, _: Pid) -> Option<Arc<crate::replica::Replica>> {
        None
    }

    fn is_watched(&self) -> bool {
        false
    }

    fn clock(&self) -> Arc<dyn crate::clock::Clock> {
        Arc::new(crate::clock::SystemClock)
    }

    fn part(&self, _: TypeId) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    fn rng(&self) -> &Rng {
        &self.0
    }

    fn runtime(&self) -> &tokio::runtime::Handle {
        &self.1
    }

    fn handler_hooks(&self) -> &Ordered<dyn HandlerHooks> {
        static NONE: Ordered<dyn HandlerHooks> = Ordered::NONE;
        &NONE
    }

    fn has_one_of(&self, group: u64, node: NodeKey) -> bool {
        (group, node.id) == (5, NodeId(2))
    }

    fn is_ending(&self) -> bool {
        false
    }

    fn is_known(&self, _: NodeKey) -> bool {
        true
    }

    fn office(&self, _: Pid) -> Option<Arc<crate::office::OfficeSeat>> {
        None
    }

    fn restarts(&self, _: Pid) {}

    fn ended(&self, _: Pid, _: ServiceState) {}
}

/// A vault that has not been started.
pub(crate) fn vault(host: &Arc<dyn Host>) -> Arc<Cell<Vault>> {
    let pid = Pid { node: NodeKey { id: NodeId(1), incarnation: Incarnation(1) }, number: 1 };
    Cell::new(Setup {
        pid,
        particulars: Particulars { id: Some("1".into()), ..Particulars::default() },
        server: 0,
        blueprint: blueprint(|_, _| Each::default(), |_, _, _, _, _| Each::default(), (false, None)).unwrap(),
        limits: Limits::default(),
        supervision: Supervision::new(false),
        stops_alone: false,
        host: Arc::downgrade(host),
    })
}

pub(crate) fn host() -> Arc<dyn Host> {
    Arc::new(NoHost(Rng::from_seed(1), tokio::runtime::Handle::current()))
}

fn call_of(method: &str, payload: &'static [u8], answers: &Arc<Answers>) -> RawCall<'static> {
    RawCall {
        method: MethodId::of(method),
        fingerprint: None,
        payload: Bytes::from_static(payload).into(),
        stamp: Stamp::default(),
        envelope: None,
        reply: RawReply::new(Arc::clone(answers) as _, 1),
    }
}

/// The calls that a link has brought for one service: one.
struct Brought(u64, Option<RawCall<'static>>);

impl<'a> Arrivals<'a> for Brought {
    fn target(&mut self) -> Option<u64> {
        self.1.as_ref().map(|_| self.0)
    }

    fn take(&mut self) -> Option<RawCall<'a>> {
        self.1.take()
    }
}

fn deliver(cell: &Cell<Vault>, call: RawCall<'static>) {
    cell.deliver(&mut Brought(cell.pid().number, Some(call)), OnTheSpot::None, &mut Context::from_waker(Waker::noop()));
}

/// Sends a frame's call to a running vault, and one that it answers after it.
async fn answer_to(method: &str, payload: &'static [u8]) -> Result<Vec<u8>, Failure> {
    let host = host();
    let cell = vault(&host);
    cell.drive(Source::Value(Some(Vault)), None, |started| started.unwrap());
    let answers = Arc::<Answers>::default();
    deliver(&cell, call_of(method, payload, &answers));
    deliver(&cell, call_of("rpc_open", &[7], &answers));
    cell.retire();
    cell.states().wait_for(|state| *state == ServiceState::Stopped).await.unwrap();
    let mut answers = answers.0.lock().unwrap();
    assert_eq!(answers.pop(), Some(Ok(vec![7])), "the service lives on");
    answers.pop().expect("an answer")
}

#[tokio::test]
async fn a_forged_frame_that_names_an_api_method_is_refused() {
    assert_eq!(answer_to("api_secret", &[]).await, Err(RefusedReason::Private.into()));
}

#[tokio::test]
async fn a_frame_that_names_no_method_is_refused() {
    assert_eq!(answer_to("rpc_nothing", &[]).await, Err(RefusedReason::UnknownMethod.into()));
}

#[tokio::test]
async fn arguments_that_cannot_be_read_are_refused_with_the_methods_name() {
    for payload in [&[][..], &[7, 7], &[0xff; 9]] {
        let Err(Failure::NotExecuted(RefusedReason::Undecodable(text))) = answer_to("rpc_open", payload).await else {
            panic!("another answer")
        };
        assert!(text.starts_with("rpc_open"), "{text}");
    }
}

#[tokio::test]
async fn signatures_are_told_to_other_nodes_only_of_methods_that_they_may_call() {
    const OPEN: [u8; 4] = MethodId::of("rpc_open").0.to_le_bytes();
    const SECRET: [u8; 4] = MethodId::of("api_secret").0.to_le_bytes();
    assert_eq!(answer_to("ember: signature", &OPEN).await, Ok(b"(u32) -> u32".to_vec()));
    for payload in [&SECRET[..], &[], &[0; 4]] {
        assert_eq!(answer_to("ember: signature", payload).await, Err(RefusedReason::UnknownMethod.into()));
    }
}

#[tokio::test]
async fn calls_to_a_service_whose_node_goes_before_its_start_are_answered_at_once() {
    let host = host();
    let (cell, answers) = (vault(&host), Arc::<Answers>::default());
    deliver(&cell, call_of("rpc_open", &[7], &answers));
    drop(host);
    cell.drive(Source::Value(Some(Vault)), None, |_| unreachable!("it is not started"));
    deliver(&cell, call_of("rpc_open", &[7], &answers));
    assert_eq!(cell.state(), ServiceState::Failed);
    let refused = || Err(RefusedReason::Stopped.into());
    assert_eq!(*answers.0.lock().unwrap(), [refused(), refused()]);
}

#[tokio::test]
async fn a_paused_service_refuses_calls_and_goes_on_with_them_later() {
    let (host, answers) = (host(), Arc::<Answers>::default());
    let cell = vault(&host);
    cell.drive(Source::Value(Some(Vault)), None, |started| started.unwrap());
    cell.states().wait_for(|state| *state == ServiceState::Running).await.unwrap();
    cell.pause(true);
    assert_eq!(cell.state(), ServiceState::Paused);
    deliver(&cell, call_of("rpc_open", &[7], &answers));
    cell.pause(false);
    assert_eq!(cell.state(), ServiceState::Running);
    deliver(&cell, call_of("rpc_open", &[8], &answers));
    cell.retire();
    cell.states().wait_for(|state| *state == ServiceState::Stopped).await.unwrap();
    assert_eq!(*answers.0.lock().unwrap(), [Err(RefusedReason::Paused.into()), Ok(vec![8])]);
}

#[tokio::test]
async fn a_service_that_is_aborted_has_failed_whether_or_not_it_has_begun() {
    let host = host();
    let idle = vault(&host);
    idle.abort();
    assert_eq!(idle.state(), ServiceState::Failed, "nobody looks after it");
    let begun = vault(&host);
    begun.drive(Source::Value(Some(Vault)), None, |started| started.unwrap());
    begun.states().wait_for(|state| *state == ServiceState::Running).await.unwrap();
    begun.abort();
    begun.states().wait_for(|state| *state == ServiceState::Failed).await.unwrap();
}

#[test]
fn what_senders_put_in_while_memory_is_given_back_stays() {
    let mut calls = Calls::<Vault>::default();
    let put = |number| {
        let (reply, answering) = reply_slot::<Given<Open>>("open", None);
        let (args, envelope, reply) = (&mut Some((number,)), &mut None, &mut Some(reply));
        let offer = Offer { args, envelope, stamp: Stamp::default(), index: 1, reply };
        (calls.add(offer, start::<Vault, Here, Open>, "open"), answering)
    };
    let waiting: Vec<_> = (0..100).map(put).collect();
    calls.trim();
    for (number, (post, answering)) in waiting.into_iter().enumerate() {
        calls.refuse(post, RefusedReason::Stopped);
        let answer = answering.now_or_never().expect("an answer");
        let Answer::Refused(_, unused) = answer else { panic!("a call that was not refused") };
        let (given,) = *unused.downcast::<<Open as Method>::Args>().expect("its arguments");
        assert_eq!(given as usize, number);
    }
}

#[tokio::test]
async fn nobody_makes_a_call_that_a_group_owes_but_who_is_of_it() {
    const KIND: ReplicaKind = ReplicaKind {
        new: || Box::new(()),
        apply: |_, _, _| Ok(()),
        encode: |_, _| Ok(()),
        decode: |_| Ok(Box::new(())),
        fingerprints: || (1, 2),
    };
    let host = host();
    let cell = vault(&host);
    let (pid, epoch) = (cell.pid(), Epoch(1));
    let replica = Arc::new(Replica::new(pid, (1, 2), Terms::default(), 1 << 20));
    replica.elect(epoch, InSync::founded_by(Member::first(pid)));
    let seat = Arc::new(OfficeSeat::new(Arc::new(Tenure::for_ever(BootClock::new(false)))));
    let mut core = Core::new(host.clone(), cell, |_, _, _, _| ()).in_office(Some(seat));
    core.held = Some(Box::new(Holding::new(replica, KIND, host.clock())));
    core.office.as_mut().unwrap().began = Some(epoch);
    let owed = |group| {
        let by = Some((GroupKey { group, lane: 6 }, Epoch(9)));
        Envelope { call: Some(CallNumber { by, number: 1, lowest: 1 }), ..Envelope::default() }
    };
    let mut is_run = |group, node| {
        let answers = Arc::<Answers>::default();
        let from = NodeKey { id: NodeId(node), incarnation: Incarnation(1) };
        let reply = RawReply::new(Arc::clone(&answers) as _, 1);
        let back = core.begin_once(const { &Open::INFO }, (&owed(group), from), 0, reply);
        let refused = answers.0.lock().unwrap().pop();
        back.map(|reply| reply.fail(RefusedReason::Stopped)).ok_or(refused)
    };
    assert!(is_run(5, 2).is_ok());
    assert!(is_run(5, pid.node.id.0).is_ok(), "its own node is trusted");
    for (group, node) in [(5, 3), (4, 2)] {
        let Err(Some(Err(Failure::NotExecuted(RefusedReason::NotOnce(why))))) = is_run(group, node) else {
            panic!("{node} speaks for {group}")
        };
        assert!(why.contains("no instance of the group"), "{why}");
    }
}
