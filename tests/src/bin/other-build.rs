//! The other build of the services in `builds`, as a program of its own. `other-build <folder>` joins the cluster whose
//! embedded registry is in the folder, says `ready`, and ends with its input.

use ember::{Node, registry::Embedded};
use ember_tests::builds::theirs;
use tokio::io::{AsyncReadExt, stdin};

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
        .start()
        .await?;
    println!("ready");
    stdin().read_to_end(&mut Vec::new()).await?;
    node.shutdown().await
}
