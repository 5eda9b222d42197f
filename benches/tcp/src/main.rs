//! The floor between processes: length-prefixed frames over one TCP connection, written by hand. Requests that wait are written
//! together. In the variant `yield` the writer lets the other ready tasks run once before it writes, so that more wait. The
//! server answers in its reading task: there is no mailbox, no service, nothing to fail over to.

mod client;
mod frame;
mod server;

use harness::Args;

fn main() {
    harness::remote::<client::Client>(Args::from_env())
}
