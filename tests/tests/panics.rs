//! A panic stays where it happens.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{LostReason, prelude::*};
use ember_tests::{cluster::lost, log::Log};

#[service]
#[derive(Default)]
pub struct Fragile {
    calls: u32,
    log: Log,
    #[module]
    part: Module<Part>,
}

#[module(parent = Fragile)]
#[derive(Default)]
pub struct Part {
    calls: u32,
}

#[rpc]
impl Fragile {
    pub async fn rpc_panic(&mut self) -> u32 {
        self.calls += 1;
        panic!("call {}", self.calls);
    }

    pub async fn rpc_panic_later(&mut self) {
        self.calls += 1;
        tokio::task::yield_now().await;
        std::panic::panic_any("a str");
    }

    pub fn rpc_panic_oddly(&mut self) {
        self.calls += 1;
        std::panic::panic_any(7_u8);
    }

    pub async fn rpc_calls(&mut self) -> (u32, u32) {
        (self.calls, self.part.calls)
    }

    pub async fn rpc_callback(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<FragileClient>().rpc_calls().then(cx, |me, _, _| {
            me.log.say("callback");
            panic!("in a callback");
        });
    }

    #[every("1s")]
    async fn tick(&mut self) {
        self.log.say("tick");
        panic!("in a timer");
    }

    #[on(started)]
    async fn started(&mut self) {
        self.log.say("started");
        panic!("in a hook");
    }

    #[on(event)]
    async fn heard(&mut self, _event: &u8) {
        self.log.say("event");
        panic!("in an event handler");
    }
}

#[rpc]
impl Part {
    pub async fn rpc_panic(&mut self, cx: &mut Cx<'_, Self>) {
        self.calls += 1;
        cx.parent().calls += 10;
        tokio::task::yield_now().await;
        panic!("in a module");
    }

    pub async fn rpc_callback(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<FragileClient>().rpc_calls().then(cx, |me, cx, _| {
            me.calls += 1;
            cx.parent().log.say("callback");
            panic!("in a module's callback");
        });
    }

    pub async fn rpc_calls(&mut self) -> u32 {
        self.calls
    }
}

async fn start() -> (Node, FragileClient, Log) {
    let log = Log::default();
    let node = Node::builder().service(Fragile { log: log.clone(), ..Fragile::default() }).start().await.unwrap();
    let client = node.client::<FragileClient>();
    assert_eq!(log.until(1).await, ["started"], "and its panic did no harm");
    (node, client, log)
}

fn panicked(text: &str) -> LostReason {
    LostReason::Panicked(text.into())
}

#[tokio::test]
async fn a_panic_is_the_callers_answer_and_the_service_goes_on_with_its_state() {
    let (_node, client, _) = start().await;
    assert_eq!(lost(client.rpc_panic().await), panicked("call 1"));
    assert_eq!(lost(client.rpc_panic_later().await), panicked("a str"));
    assert_eq!(lost(client.rpc_panic_oddly().await), panicked("(no message)"));
    assert_eq!(client.rpc_calls().await, Ok((3, 0)));
}

#[tokio::test]
async fn a_panic_in_a_module_puts_the_module_back() {
    let (_node, client, _) = start().await;
    assert_eq!(lost(client.part().rpc_panic().await), panicked("in a module"));
    assert_eq!(client.part().rpc_calls().await, Ok(1));
    assert_eq!(client.rpc_calls().await, Ok((10, 1)), "the parent reaches it again");
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_callback_harms_nobody() {
    let (_node, client, log) = start().await;
    client.rpc_callback().await.unwrap();
    log.until(2).await;
    client.part().rpc_callback().await.unwrap();
    assert_eq!(log.until(3).await, ["started", "callback", "callback"]);
    assert_eq!(client.rpc_calls().await, Ok((0, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_timer_does_not_end_the_timer() {
    let (_node, client, log) = start().await;
    assert_eq!(log.until(4).await[1..], ["tick", "tick", "tick"]);
    client.rpc_calls().await.unwrap();
}

#[tokio::test]
async fn a_panic_in_an_event_handler_does_not_end_the_subscription() {
    let (node, client, log) = start().await;
    assert_eq!((node.publish(1_u8), node.publish(2_u8)), (1, 1));
    assert_eq!(log.until(3).await[1..], ["event", "event"]);
    client.rpc_calls().await.unwrap();
}
