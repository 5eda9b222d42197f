//! Every value from the smallest to the largest means something, or is refused by name where it is given.

#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "a program of its own")]

use std::time::Duration;

use ember::{
    Breaker, CallError, Error, NodeBuilder, RefusedReason, Restart, Retry, RetryBudget, net::Endpoint, prelude::*,
    registry::InProcess,
};
use ember_tests::wait::within;

const SECOND: Duration = Duration::from_secs(1);

#[service(name = "thing")]
#[derive(Default)]
pub struct Thing {
    ticks: u32,
}

#[rpc]
impl Thing {
    #[every("200000d")]
    fn never(&mut self) {}

    pub async fn rpc_never(&mut self, cx: &mut Cx<'_, Self>) {
        cx.every(Duration::MAX, |me, _| me.ticks += 1);
        cx.after(Duration::MAX, |me, _| me.ticks += 1);
    }

    pub async fn rpc_often(&mut self, cx: &mut Cx<'_, Self>) {
        cx.every(Duration::from_nanos(1), |me, _| me.ticks += 1);
    }

    pub async fn rpc_ticks(&mut self) -> u32 {
        self.ticks
    }

    pub async fn rpc_panic(&mut self) {
        panic!("on purpose");
    }
}

fn hosted() -> Hosted<Thing> {
    Hosted::with(Thing::default)
}

fn long() -> String {
    "x".repeat(256)
}

fn longest() -> String {
    "x".repeat(255)
}

/// It is a problem of the configuration, and names what was said.
fn assert_refused(outcome: Result<(), Error>, named: &str, say: &str) {
    let error = outcome.expect_err(named);
    let text = error.to_string();
    assert!(matches!(error, Error::Configuration(_)), "{named}: {text}");
    assert!(text.contains(named) && text.contains(say), "{named}, {say}: {text}");
    assert!(text.len() < 400, "it can be read: {text}");
}

#[tokio::test]
async fn values_of_a_service_mean_something_or_are_refused_by_name() {
    type Say = fn(Hosted<Thing>) -> Hosted<Thing>;
    let node = Node::builder().start().await.expect("the node starts");
    let refused: [(Say, &str, &str); 24] = [
        (|it| it.id(""), ".id(\"\")", "empty"),
        (|it| it.id(long()), ".id(", "256 bytes"),
        (|it| it.id("a\nb"), ".id(\"a\\nb\")", "control"),
        (|it| it.kind(""), ".kind(\"\")", "empty"),
        (|it| it.kind("\0"), ".kind(", "control"),
        (|it| it.version("latest"), ".version(\"latest\")", "1.2.0"),
        (|it| it.version(""), ".version(\"\")", "1.2.0"),
        (|it| it.version("1.2"), ".version(\"1.2\")", "three numbers"),
        (|it| it.id(" "), ".id(\" \")", "blank"),
        (|it| it.kind("shop\u{202e}"), ".kind(\"shop\\u{202e}\")", "U+202E"),
        (|it| it.id("\u{3164}"), ".id(", "U+3164"),
        (|it| it.id("\u{301}\u{345}"), ".id(\"\\u{301}", "only marks"),
        (|it| it.tag("\u{fe0f}", "eu"), ".tag(", "only marks"),
        (|it| it.tag("", ""), ".tag(\"\", \"\")", "its name is empty"),
        (|it| it.tag("zone ", "eu"), ".tag(\"zone \")", "blank"),
        (|it| it.tag("zone", "\u{feff}eu"), ".tag(\"zone\", ", "U+FEFF"),
        (|it| it.tag("zone", long()), ".tag(\"zone\", ", "its value is wrong: it has 256 bytes"),
        (|it| (0..65).fold(it, |it, n| it.tag(n.to_string(), "")), ".tag(65)", "64 tags"),
        (|it| it.mailbox(0), ".mailbox(0)", "1 to 16777216"),
        (|it| it.mailbox(usize::MAX), ".mailbox(", "1 to 16777216"),
        (|it| it.mailbox((1 << 24) + 1), ".mailbox(", "1 to 16777216"),
        (|it| it.budget(10_001, Duration::from_secs(1)), ".budget(10001)", "u32::MAX"),
        (|it| it.budget(u32::MAX - 1, Duration::from_secs(1)), ".budget(", "u32::MAX"),
        (|it| it.budget(5, Duration::ZERO), ".budget(5, 0ns)", "u32::MAX"),
    ];
    for (say, named, text) in refused {
        let refusal = node.spawn(say(hosted())).await.map(drop);
        assert!(refusal.as_ref().is_err_and(|it| it.to_string().starts_with("the service `thing`: ")), "{refusal:?}");
        assert_refused(refusal, named, text);
        assert_refused(Node::builder().service(say(hosted())).start().await.map(drop), named, text);
    }
    // Without a factory it cannot be made again.
    let once: [(Say, &str, &str); 3] = [
        (|it| it.restart(Restart::OnFailure), ".restart(OnFailure)", "Hosted::with"),
        (|it| it.restart(Restart::Always), ".restart(Always)", "Hosted::with"),
        (|it| it.on_panic(OnPanic::Restart), ".on_panic(Restart)", "Hosted::with"),
    ];
    for (say, named, text) in once {
        let started = Node::builder().service(say(Hosted::new(Thing::default()))).start().await;
        assert_refused(started.map(drop), named, text);
    }
    let taken: [Say; 14] = [
        |it| it.id(longest()).kind(longest()).tag(longest(), longest()),
        |it| it.id("ein/zwei: ü 🦀 \"drei\"").tag("ü", ""),
        |it| it.version("1.0.0-rc.1+build"),
        |it| it.mailbox(1),
        |it| it.mailbox(1 << 24),
        |it| it.id("👩\u{200d}🚀 \u{645}\u{6cc}\u{200c}\u{62e}").tag("a b", " "),
        |it| it.budget(0, Duration::from_secs(1)),
        |it| it.budget(0, Duration::ZERO),
        |it| it.budget(10_000, Duration::MAX),
        |it| it.budget(u32::MAX, Duration::MAX),
        |it| it.budget(u32::MAX, Duration::ZERO),
        |it| it.back_off(Duration::ZERO, Duration::ZERO),
        |it| it.back_off(Duration::MAX, Duration::MAX),
        |it| it.back_off(Duration::MAX, Duration::ZERO),
    ];
    for (index, say) in taken.into_iter().enumerate() {
        let pid = node.spawn(say(hosted()).register()).await.unwrap_or_else(|error| panic!("{index}: {error}"));
        let thing = node.select::<ThingClient>().pid(pid).client();
        assert_eq!(thing.rpc_ticks().await, Ok(0), "{index}");
        // It fails, and is started again or not; nothing panics that is not caught.
        assert!(thing.rpc_panic().await.is_err(), "{index}");
    }
    node.shutdown().await.expect("it ends");
}

#[tokio::test]
async fn values_of_a_node_mean_something_or_are_refused_by_name_at_once() {
    type Say = fn(NodeBuilder) -> NodeBuilder;
    let builder = || Node::builder().registry(InProcess::default()).service(Thing::default());
    let tcp = |text: &str| Endpoint::Tcp(text.into());
    let addresses =
        [tcp(""), tcp("localhost"), tcp("localhost:99999"), tcp("unix:/x"), tcp("a b:1"), Endpoint::Unix("".into())];
    for address in addresses {
        let named = match &address {
            Endpoint::Tcp(text) => format!("({text:?})"),
            Endpoint::Unix(path) => format!("({path:?})"),
        };
        let listens = within("a refusal", builder().listen(address.clone()).start()).await;
        assert_refused(listens.map(drop), &format!(".listen{named}"), "; write `");
        let told = within("a refusal", builder().advertise(address).start()).await;
        assert_refused(told.map(drop), &format!(".advertise{named}"), "; write `");
    }
    let refused: [(Say, &str, &str); 28] = [
        (|it| it.advertise(Endpoint::Tcp("10.0.0.1:0".into())), ".advertise(\"10.0.0.1:0\")", "port 0"),
        (|it| it.advertise(Endpoint::Tcp("0.0.0.0:7".into())), ".advertise(\"0.0.0.0:7\")", "every interface"),
        (|it| it.advertise(Endpoint::Tcp("[::]:7".into())), ".advertise(\"[::]:7\")", "every interface"),
        (|it| it.name(""), ".name(\"\")", "empty"),
        (|it| it.name(long()), ".name(", "256 bytes"),
        (|it| it.name("a\tb"), ".name(", "control"),
        (|it| it.name(" "), ".name(\" \")", "blank"),
        (|it| it.name("a\u{2066}b"), ".name(", "U+2066"),
        (|it| it.cluster("shop\n "), ".cluster(", "blank"),
        (|it| it.cluster("\u{202e}pohs"), ".cluster(", "U+202E"),
        (|it| it.cluster(""), ".cluster(\"\")", "empty"),
        (|it| it.cluster("a/b"), "`a/b`", "`/`"),
        (|it| it.cluster(long()), ".cluster(", "256 bytes"),
        (|it| it.lease(Duration::ZERO), ".lease(0ns)", "1 s to a year"),
        (|it| it.lease(Duration::from_millis(999)), ".lease(999ms)", "1 s to a year"),
        (|it| it.lease(Duration::MAX), ".lease(", "1 s to a year"),
        (|it| it.max_message(0), ".max_message(0)", "4 KiB"),
        (|it| it.max_message(4095), ".max_message(4095)", "4 KiB"),
        (|it| it.max_message(usize::MAX), ".max_message(", "1 GiB"),
        (|it| it.breaker(Breaker::after(5).open_for(Duration::ZERO, Duration::ZERO)), ".open_for(0ns", "Breaker::off"),
        (|it| it.breaker_of("Thing", Breaker::after(5).probe_timeout(Duration::ZERO)), ".probe_timeout(0ns)", "5 s"),
        (|it| it.breaker_of("", Breaker::off()), ".breaker_of(\"\")", "empty"),
        (|it| it.breaker(Breaker::after(0)), "Breaker::after(0)", "Breaker::off()"),
        (|it| it.breaker(Breaker::after(5).open_for(10 * SECOND, SECOND)), ".open_for(10s, 1s)", "shorter one first"),
        (
            |it| it.breaker(Breaker::after(5).open_for(Duration::MAX, Duration::MAX)),
            ".open_for(1844",
            "10 s is the default",
        ),
        (|it| it.breaker_of("Thing", Breaker::after(0)), "Breaker::after(0)", "5 is the default"),
        (|it| it.retry_budget(RetryBudget::percent(101)), "RetryBudget::percent(101)", "RetryBudget::unlimited()"),
        (
            |it| it.retry_budget(RetryBudget::percent(u32::MAX).free(0)),
            "RetryBudget::percent(4294967295)",
            "100 at most",
        ),
    ];
    for (say, named, text) in refused {
        let started = within(named, say(builder()).start()).await.map(drop);
        assert_refused(started, named, text);
    }
    let taken: [Say; 12] = [
        |it| it.name(longest()).cluster(longest()),
        |it| it.name("ein/zwei: ü 🦀").cluster("ü 🦀 .."),
        |it| it.server(0),
        |it| it.server(u32::MAX).seed(u64::MAX),
        |it| it.drain(Duration::ZERO),
        |it| it.drain(Duration::MAX),
        |it| it.lease(Duration::from_secs(1)).max_message(4096),
        |it| it.lease(Duration::from_secs(365 * 24 * 60 * 60)).max_message(1 << 30),
        |it| it.breaker(Breaker::after(1).open_for(SECOND, SECOND).probe_timeout(Duration::MAX)),
        // Services that nobody has yet are no mistake.
        |it| it.breaker_of("Nobody", Breaker::after(u32::MAX - 1)).breaker(Breaker::off()),
        |it| it.retry_budget(RetryBudget::percent(100).free(0)),
        |it| it.retry_budget(RetryBudget::unlimited()),
    ];
    for (index, say) in taken.into_iter().enumerate() {
        let node = say(builder()).start().await.unwrap_or_else(|error| panic!("{index}: {error}"));
        assert_eq!(node.client::<ThingClient>().rpc_ticks().await, Ok(0), "{index}");
        let ended = within("the shutdown", node.shutdown()).await;
        assert!(matches!(ended, Ok(()) | Err(Error::CutShort(_))), "{index}: {ended:?}");
    }
}

#[tokio::test]
async fn durations_of_calls_and_timers_may_be_anything() {
    let node = Node::builder().service(hosted().restart(Restart::Never)).start().await.expect("the node starts");
    let thing = node.client::<ThingClient>();
    thing.rpc_never().await.expect("an answer");
    for timeout in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_millis(5_000)] {
        assert_eq!(
            thing.rpc_ticks().timeout(timeout).header("", "").header(long(), "🦀\0").await,
            Ok(0),
            "{timeout:?}"
        );
        let absent = node.select::<ThingClient>().id("").name(long()).client();
        for policy in [Retry::new(0), Retry::new(2).backoff(Duration::ZERO, Duration::MAX), Retry::new(u32::MAX)] {
            let policy = policy.attempt_timeout(timeout);
            assert_eq!(thing.rpc_ticks().timeout(timeout).retry(policy).await, Ok(0));
            let call = absent.rpc_ticks().timeout(Duration::from_millis(50)).retry(policy);
            assert!(matches!(call.await, Err(CallError::NotExecuted(_))));
        }
        // The pause before the second attempt may be any; doubling it must not be too much.
        let policy = Retry::new(4).backoff(Duration::MAX, Duration::MAX);
        let call = absent.rpc_ticks().timeout(Duration::from_millis(50)).retry(policy);
        assert!(matches!(call.await, Err(CallError::NotExecuted(_))));
    }
    let refused = thing.rpc_ticks().timeout(Duration::ZERO).await;
    assert!(
        matches!(&refused, Err(CallError::NotExecuted(why)) if *why.reason() == RefusedReason::Expired),
        "{refused:?}"
    );
    thing.rpc_often().await.expect("an answer");
    within("ticks of a timer that is as fast as timers are", async {
        while thing.rpc_ticks().await.expect("an answer") < 3 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    node.shutdown().await.expect("it ends");
}
