//! Two processes over etcd. In one terminal `cargo run -p ember-examples --features etcd --example two-terminals -- serve`, in another
//! `cargo run -p ember-examples --features etcd --example two-terminals -- call 1 2`. Without arguments, both in turn.
//!
//! etcd is expected at `127.0.0.1:2379`, or where the environment variable `EMBER_ETCD` says. To have nothing to install,
//! put `Embedded::default()` in place of `Etcd::new(…)`: nothing else changes.

use std::process::{Child, Command};

use ember::{Error, prelude::*};

/// Adds numbers.
#[service]
#[derive(Default)]
pub struct Adder {
    calls: u64,
}

#[rpc]
impl Adder {
    /// Adds two numbers; says how many calls there have been.
    pub async fn rpc_add(&mut self, a: i64, b: i64) -> (i64, u64) {
        self.calls += 1;
        (a + b, self.calls)
    }
}

fn node() -> NodeBuilder {
    let etcd = std::env::var("EMBER_ETCD").unwrap_or_else(|_| "127.0.0.1:2379".into());
    Node::builder().cluster("two-terminals").registry(Etcd::new([etcd]))
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => serve().await,
        ["call", a, b] => call(a, b).await,
        [] => {
            let _server = KillOnDrop(Command::new(std::env::current_exe()?).arg("serve").spawn()?);
            call("1", "2").await
        }
        _ => Err(Error::other("usage: two-terminals [serve | call <a> <b>]")),
    }
}

async fn serve() -> ember::Result<()> {
    let node = node().service(Adder::default()).start().await?;
    println!("{} serves at {}; Ctrl-C ends it", node.name(), node.endpoint());
    node.run().await
}

async fn call(a: &str, b: &str) -> ember::Result<()> {
    let number = |text: &str| text.parse::<i64>().map_err(Error::other);
    let (a, b) = (number(a)?, number(b)?);
    let node = node().start().await?;
    println!("waiting for somebody who serves …");
    node.wait_for_view(|view| !view.instances().is_empty()).await;
    let (sum, calls) = node.client::<AdderClient>().rpc_add(a, b).await?;
    println!("{a} + {b} = {sum} (call number {calls} there)");
    node.shutdown().await
}

/// The server of a run without arguments. It is killed, so this is also what a crash looks like.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}
