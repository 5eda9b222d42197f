//! The other build of the services in `builds`, as a program of its own. `other-build <folder>` joins the cluster whose
//! embedded registry is in the folder, says `ready`, and ends with its input.

use ember::{Node, prelude::*, registry::Embedded};
use ember_tests::builds::theirs;
use tokio::io::{AsyncReadExt, stdin};

/// As the other build has them: one as everywhere, and one with a field more.
#[message(event)]
struct Sunrise {
    hour: u32,
}

#[message(event)]
struct Sunset {
    hour: u32,
    cloudy: bool,
}

#[service]
struct Watcher;

#[rpc]
impl Watcher {
    #[on(event)]
    fn sunrise(&mut self, event: &Sunrise) {
        assert!(event.hour < 24);
    }

    #[on(event)]
    fn sunset(&mut self, event: &Sunset) {
        assert!(event.hour < 24 && event.cloudy);
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let folder = std::env::args().nth(1).expect("usage: other-build <folder>");
    let node = Node::builder()
        .registry(Embedded::at(folder))
        .service(theirs::adding::Shop::default())
        .service(theirs::removing::Shop::default())
        .service(theirs::retyping::Shop::default())
        .service(theirs::reordering::Shop::default())
        .service(theirs::extending::Shop::default())
        .service(Watcher)
        .start()
        .await?;
    println!("ready");
    stdin().read_to_end(&mut Vec::new()).await?;
    node.shutdown().await
}
