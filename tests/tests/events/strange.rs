//! What another node cannot make sense of.
// tidy: virtual time

use ember::{
    MissedReason,
    prelude::*,
    schema::{Shape, Types},
    testing::Cluster,
};

use super::listeners::{Ears, Heard, judge, known, ms, publish, until};

/// An event of the same name whose bytes are others, as of a build that nobody has compared.
#[derive(serde::Serialize, serde::Deserialize)]
struct Broken;

impl ember::Schema for Broken {
    fn shape(types: &mut Types) -> Shape {
        u64::shape(types)
    }
}

impl ember::Event for Broken {
    const NAME: &'static str = "reading";
}

#[test]
fn what_cannot_be_read_is_told_and_what_follows_comes() {
    let ears = Ears::default();
    let heard = ears.clone();
    let cluster = Cluster::seed(1).limit(ms(60_000)).node("ada", |node| node);
    let cluster = cluster.node("bob", move |node| node.service(ears.listener("bob", 100)));
    cluster.run(move |sim| async move {
        known(&sim, "ada", 1).await;
        publish(&sim, "ada", 1..=2).await;
        let taken = sim.on("ada", async |node: Node| node.publish_to(Scope::Cluster, Broken).confirmed().await);
        assert!(taken.await.unwrap().is_err(), "nobody has it");
        let key = publish(&sim, "ada", 4..=5).await;
        until("all", || heard.of("bob").len() == 5).await;
        let Heard::Missed(missed) = heard.of("bob")[2] else { panic!("it is missing: {:?}", heard.of("bob")) };
        assert_eq!(
            (missed.publisher, missed.event, missed.count, missed.why),
            (key, "reading", Some(1), MissedReason::Unreadable)
        );
        assert_eq!(judge(&heard.of("bob"), false).unwrap()[&key], 5);
    });
}
