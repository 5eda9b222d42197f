//! What an application has to say in between: before calls leave and handlers start, and after they have ended.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ember::{
    RefusedReason,
    hooks::{Band, CallEnd, CallHooks, Denied, HandlerEnd, HandlerHooks, IncomingCall, OutgoingCall},
    prelude::*,
};
use ember_tests::wait::eventually;
use futures_util::FutureExt;

#[service(name = "bank")]
#[derive(Default)]
pub struct Bank {
    paid: u64,
    #[module]
    vault: Module<Vault>,
}

#[module(parent = Bank)]
#[derive(Default)]
pub struct Vault;

#[rpc]
impl Vault {
    pub async fn rpc_open(&mut self) {}
}

#[rpc]
impl Bank {
    pub async fn rpc_pay(&mut self, sum: u64) -> Result<u64, String> {
        if sum == 0 {
            return Err("nothing".into());
        }
        self.paid += sum;
        Ok(self.paid)
    }

    pub async fn rpc_stamp(&mut self, cx: &mut Cx<'_, Self>) -> Option<String> {
        cx.header("stamp").map(Into::into)
    }

    pub async fn rpc_panic(&mut self) {
        panic!("robbed");
    }

    #[rpc(cancel)]
    pub async fn rpc_wait(&mut self) {
        std::future::pending::<()>().await;
    }

    pub async fn rpc_later(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u8> {
        let (deferred, replier) = cx.defer();
        replier.reply(1);
        deferred
    }
}

/// What was heard, in its order.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what.into());
    }

    async fn until(&self, what: &str, is_so: impl Fn(&[String]) -> bool) {
        eventually(what, async || is_so(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).then_some(())).await;
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Notes everything.
struct Notes(Heard, &'static str, Band);

impl CallHooks for Notes {
    fn before(&self, call: &mut OutgoingCall<'_>) -> Result<(), Denied> {
        let one_way = if call.is_one_way() { " one way" } else { "" };
        self.0.note(format!("{}: {} leaves for {}{one_way}", self.1, call.method(), call.to()));
        Ok(())
    }

    fn after(&self, call: &OutgoingCall<'_>, end: &CallEnd<'_>, took: Option<Duration>) {
        assert_eq!(took, None, "it wants no times");
        let end = match end {
            CallEnd::NotExecuted(refused) => format!("not executed ({})", refused.reason()),
            CallEnd::MaybeExecuted(lost) => format!("maybe ({})", lost.reason()),
            end => format!("{end:?}"),
        };
        self.0.note(format!("{}: {} ends: {end}", self.1, call.method()));
    }

    fn band(&self) -> Band {
        self.2
    }
}

impl HandlerHooks for Notes {
    fn before(&self, call: &IncomingCall<'_>) -> Result<(), Denied> {
        self.0.note(format!("{}: {} begins {}", self.1, call.service(), call.method()));
        Ok(())
    }

    fn after(&self, call: &IncomingCall<'_>, end: &HandlerEnd<'_>, took: Option<Duration>) {
        assert_eq!(took, None, "it wants no times");
        self.0.note(format!("{}: {} ends: {end:?}", self.1, call.method()));
    }

    fn band(&self) -> Band {
        self.2
    }
}

fn notes(heard: &Heard, name: &'static str) -> Notes {
    Notes(heard.clone(), name, Band::Middle)
}

/// Refuses large payments, by a header, and panics at calls that say so.
struct Guard;

impl CallHooks for Guard {
    fn before(&self, call: &mut OutgoingCall<'_>) -> Result<(), Denied> {
        match call.header("with") {
            Some("panic") => panic!("asked to"),
            Some("nothing") => Err("it has nothing with it".into()),
            _ => {
                call.set_header("stamp", "by the guard");
                Ok(())
            }
        }
    }
}

impl HandlerHooks for Guard {
    fn before(&self, call: &IncomingCall<'_>) -> Result<(), Denied> {
        match call.header("at the door") {
            Some("panic") => panic!("asked to"),
            Some("in silence") => Err(Denied::new(" ")),
            Some("at length") => Err("x".repeat(30_000_000).into()),
            Some("denied") => Err(Denied::new(format!("{} of {} is closed", call.method(), call.service()))),
            _ => Ok(()),
        }
    }

    fn after(&self, call: &IncomingCall<'_>, _: &HandlerEnd<'_>, _: Option<Duration>) {
        assert!(call.header("at the end") != Some("panic"), "asked to");
    }
}

async fn bank(heard: &Heard) -> Node {
    let node = Node::builder().service(Bank::default()).call_hooks(notes(heard, "call"));
    node.handler_hooks(notes(heard, "handler")).start().await.expect("it starts")
}

fn denied(outcome: Result<impl std::fmt::Debug, CallError<impl std::fmt::Debug>>) -> (String, String) {
    match outcome {
        Err(CallError::NotExecuted(refused)) => match refused.reason() {
            RefusedReason::Denied { by, reason } => (by.clone(), reason.clone()),
            other => panic!("it is denied, not {other}"),
        },
        other => panic!("it is denied, not {other:?}"),
    }
}

#[tokio::test]
async fn hooks_see_a_call_leave_and_its_handler_begin_and_how_both_end() {
    let heard = Heard::default();
    let node = bank(&heard).await;
    let client = node.client::<BankClient>();
    assert_eq!(client.rpc_pay(5).await, Ok(5));
    let seen = [
        "call: rpc_pay leaves for service `bank`",
        "handler: bank begins rpc_pay",
        "handler: rpc_pay ends: Value",
        "call: rpc_pay ends: Value",
    ];
    assert_eq!(heard.take(), seen);
    assert_eq!(client.rpc_pay(0).await, Err(CallError::App("nothing".into())));
    assert_eq!(heard.take()[2..], ["handler: rpc_pay ends: AppError", "call: rpc_pay ends: AppError"]);
    client.rpc_panic().await.unwrap_err();
    let ends = ["handler: rpc_panic ends: Panicked", "call: rpc_panic ends: maybe (the handler panicked: robbed)"];
    assert_eq!(heard.take()[2..], ends);
    assert_eq!(client.rpc_later().await, Ok(1));
    assert_eq!(heard.take()[2..], ["handler: rpc_later ends: Later", "call: rpc_later ends: Value"]);
    client.vault().rpc_open().await.expect("there is a vault");
    assert_eq!(
        heard.take()[..2],
        ["call: vault.rpc_open leaves for service `bank`", "handler: bank begins vault.rpc_open"]
    );
}

#[tokio::test]
async fn what_is_dropped_is_told_as_dropped() {
    let heard = Heard::default();
    let node = bank(&heard).await;
    let client = node.client::<BankClient>();
    let mut call = client.rpc_wait();
    assert!((&mut call).now_or_never().is_none());
    heard.until("the handler begins", |it| it.len() == 2).await;
    heard.take();
    drop(call);
    assert_eq!(heard.take(), ["call: rpc_wait ends: Dropped"]);
    heard.until("the handler is dropped", |it| !it.is_empty()).await;
    assert_eq!(heard.take(), ["handler: rpc_wait ends: Dropped"]);
    drop(client.rpc_pay(1));
    assert!(heard.take().is_empty(), "a call that was never made has not left");
}

#[tokio::test]
async fn calls_leave_by_one_exit_whatever_way_they_take() {
    let heard = Heard::default();
    let node = bank(&heard).await;
    let client = node.client::<BankClient>();
    client.rpc_pay(1).send().expect("it is sent");
    assert_eq!(heard.take()[0], "call: rpc_pay leaves for service `bank` one way");
    heard.until("it is handled", |it| it.iter().any(|it| it.starts_with("handler: rpc_pay ends"))).await;
    heard.take();
    let paid = node.call("bank", "rpc_pay", ember::serde_json::json!({ "sum": 2 })).await;
    assert_eq!(paid, Ok(3.into()));
    let by_name = ["call: rpc_pay leaves for service `bank`", "call: rpc_pay ends: Value"];
    assert_eq!(heard.take().iter().filter(|it| it.starts_with("call:")).collect::<Vec<_>>(), by_name);
    for (service, method, args) in [("bank", "rpc_pay", "{}"), ("bank", "rpc_none", "null"), ("none", "rpc_pay", "[1]")]
    {
        let args = ember::serde_json::from_str(args).expect("it is JSON");
        node.call(service, method, args).await.expect_err("it does not exist, or takes something else");
        let said = heard.take();
        assert_eq!(said[0], format!("call: {method} leaves for service `{service}`"));
        assert!(said[1].starts_with(&format!("call: {method} ends: not executed")) && said.len() == 2, "{said:?}");
    }
    assert_eq!(node.select::<BankClient>().all().rpc_pay(3).await.len(), 1);
    let (first, last) = (heard.take(), 4);
    assert_eq!(first.len(), last, "{first:?}");
    assert!(first[0].starts_with("call: rpc_pay leaves for service `bank`"), "{first:?}");
}

#[tokio::test]
async fn a_hook_that_decides_refuses_the_call_with_its_reason_and_its_name() {
    let heard = Heard::default();
    let node = Node::builder().service(Bank::default()).call_hooks(notes(&heard, "call")).call_hooks(Guard);
    let node = node.handler_hooks(Guard).handler_hooks(notes(&heard, "handler")).start().await.expect("it starts");
    let client = node.client::<BankClient>();
    let name = std::any::type_name::<Guard>();
    let (by, reason) = denied(client.rpc_pay(1).header("with", "nothing").await);
    assert_eq!((&*by, &*reason), (name, "it has nothing with it"));
    let ends = format!("call: rpc_pay ends: not executed (the hook `{name}` denies it: it has nothing with it)");
    assert_eq!(
        heard.take(),
        ["call: rpc_pay leaves for service `bank`", &ends],
        "who was asked before hears of it; nobody else is asked"
    );
    let (by, reason) = denied(client.rpc_pay(1).header("at the door", "denied").await);
    assert_eq!((&*by, &*reason), (name, "rpc_pay of bank is closed"));
    let (_, reason) = denied(client.rpc_pay(1).header("at the door", "in silence").await);
    assert_eq!(reason, "it gives no reason");
    let (_, reason) = denied(client.rpc_pay(1).header("at the door", "at length").await);
    assert_eq!(reason.len(), 1024, "what is longer is cut off, so that it travels");
    let error = client.rpc_pay(1).header("with", "nothing").send().unwrap_err();
    assert_eq!(error.args, (1,), "the arguments come back");
    assert_eq!(client.rpc_stamp().await, Ok(Some("by the guard".into())), "a header that a hook has set");
    assert_eq!(client.rpc_pay(1).await, Ok(1), "nothing was paid before");
}

#[tokio::test]
async fn a_hook_that_panics_costs_that_call_and_nothing_else() {
    let node = Node::builder().service(Bank::default()).call_hooks(Guard).handler_hooks(Guard).start().await;
    let node = node.expect("it starts");
    let client = node.client::<BankClient>();
    for header in ["with", "at the door"] {
        let (by, reason) = denied(client.rpc_pay(1).header(header, "panic").await);
        assert_eq!((&*by, &*reason), (std::any::type_name::<Guard>(), "it panicked: asked to"));
    }
    assert_eq!(client.rpc_pay(1).header("at the end", "panic").await, Ok(1), "what has become of the call stands");
    client.rpc_panic().header("at the end", "panic").await.unwrap_err();
    assert_eq!(client.rpc_pay(1).await, Ok(2), "the service goes on");
}

/// Wants times.
struct Watch(Heard);

impl CallHooks for Watch {
    fn after(&self, _: &OutgoingCall<'_>, _: &CallEnd<'_>, took: Option<Duration>) {
        self.0.note(format!("call {}", took.is_some()));
    }

    fn wants_times(&self) -> bool {
        true
    }
}

impl HandlerHooks for Watch {
    fn after(&self, _: &IncomingCall<'_>, _: &HandlerEnd<'_>, took: Option<Duration>) {
        self.0.note(format!("handler {}", took.is_some()));
    }

    fn wants_times(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn times_are_told_to_those_who_want_them_only() {
    let heard = Heard::default();
    // The others assert that they get none.
    let node =
        Node::builder().service(Bank::default()).call_hooks(Watch(heard.clone())).handler_hooks(Watch(heard.clone()));
    let others = Heard::default();
    let node = node.call_hooks(notes(&others, "call")).handler_hooks(notes(&others, "handler"));
    let node = node.start().await.expect("it starts");
    assert_eq!(node.client::<BankClient>().rpc_pay(1).await, Ok(1));
    assert_eq!(heard.take(), ["handler true", "call true"]);
    assert_eq!(others.take().len(), 4);
}

#[tokio::test]
async fn bands_are_asked_from_the_outer_to_the_inner_and_told_in_reverse() {
    let heard = Heard::default();
    let at = |name, band| Notes(heard.clone(), name, band);
    let node = Node::builder().service(Bank::default());
    let node = node.call_hooks(at("inner", Band::Inner)).call_hooks(at("outer", Band::Outer));
    let node = node.call_hooks(at("first", Band::Middle)).call_hooks(at("second", Band::Middle));
    let node = node.start().await.expect("it starts");
    node.client::<BankClient>().rpc_pay(1).await.expect("it is paid");
    let names: Vec<_> = heard.take().iter().map(|it| it.split(':').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(names, ["outer", "first", "second", "inner", "inner", "second", "first", "outer"]);
}
