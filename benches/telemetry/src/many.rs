//! A scrape of a node with many services, each of whose methods was called.

use std::time::Instant;

use ember::{prelude::*, serde_json::json, telemetry::Telemetry};

use crate::median;

macro_rules! services {
    ($($name:ident),*) => {
        $(#[service]
        #[derive(Debug, Default)]
        pub(crate) struct $name;

        #[rpc]
        impl $name {
            pub(crate) async fn rpc_m00(&mut self) {}
            pub(crate) async fn rpc_m01(&mut self) {}
            pub(crate) async fn rpc_m02(&mut self) {}
            pub(crate) async fn rpc_m03(&mut self) {}
            pub(crate) async fn rpc_m04(&mut self) {}
            pub(crate) async fn rpc_m05(&mut self) {}
            pub(crate) async fn rpc_m06(&mut self) {}
            pub(crate) async fn rpc_m07(&mut self) {}
            pub(crate) async fn rpc_m08(&mut self) {}
            pub(crate) async fn rpc_m09(&mut self) {}
            pub(crate) async fn rpc_m10(&mut self) {}
            pub(crate) async fn rpc_m11(&mut self) {}
            pub(crate) async fn rpc_m12(&mut self) {}
            pub(crate) async fn rpc_m13(&mut self) {}
            pub(crate) async fn rpc_m14(&mut self) {}
            pub(crate) async fn rpc_m15(&mut self) {}
            pub(crate) async fn rpc_m16(&mut self) {}
            pub(crate) async fn rpc_m17(&mut self) {}
            pub(crate) async fn rpc_m18(&mut self) {}
            pub(crate) async fn rpc_m19(&mut self) {}
        })*

        const NAMES: &[&str] = &[$(stringify!($name)),*];

        fn all(builder: NodeBuilder) -> NodeBuilder {
            builder$(.service($name))*
        }
    };
}

services!(S00, S01, S02, S03, S04, S05, S06, S07, S08, S09);

/// How long it takes to write all figures.
pub(crate) async fn scrape(rounds: usize) -> ember::Result<()> {
    let node = all(Node::builder().telemetry(Telemetry::default())).start().await?;
    for name in NAMES {
        for method in 0..20 {
            node.call(*name, format!("rpc_m{method:02}"), json!([])).await.expect("it answers");
        }
    }
    let mut taken = Vec::new();
    let mut size = 0;
    for _ in 0..rounds {
        let begun = Instant::now();
        size = node.metrics().len();
        taken.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let methods = NAMES.len() * 20;
    println!("a scrape of {methods} methods: {:.2} ms, {} KB", median(taken.into_iter()), size / 1000);
    node.shutdown().await
}
