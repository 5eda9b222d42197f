use ember::prelude::*;

#[service(sharded)]
#[derive(Default)]
pub struct Scores;

async fn start() -> ember::Result<Node> {
    Node::builder().service(Hosted::<Scores>::sharded(())).start().await
}

fn main() {}
