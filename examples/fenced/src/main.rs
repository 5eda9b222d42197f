//! A service that elects a master, with its state in a database that keeps former masters out.
//!
//! Three processes have an instance of `Ledger` each: one is the master and acts, the others wait. A fourth process pays all the time.
//! - The master is killed: another takes over when its lease has run out.
//! - The master is stopped for longer than its lease, in the middle of a payment: between its look at the clock and its write. Another
//!   takes over; then the first goes on, as if nothing had been. No clock keeps its write out, the fence does: see `database.rs`.
//! - The master is asked to end (SIGTERM): it hands over first, and no call fails.
//!
//! At the end the balance is what was paid, each payment once.
//!
//! `cargo run -p fenced` ends by itself in about 20 s. It builds SQLite, for which it takes a C compiler; nothing else here does.

#[cfg(unix)]
mod database;
#[cfg(unix)]
mod director;
#[cfg(unix)]
mod ledger;
#[cfg(unix)]
mod member;
#[cfg(unix)]
mod payer;
#[cfg(unix)]
mod process;

#[cfg(unix)]
#[tokio::main]
async fn main() -> ember::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => director::run().await,
        ["--member", cluster, name, database] => member::run(cluster, name, database.as_ref()).await,
        _ => Err(ember::Error::other("usage: fenced")),
    }
}

#[cfg(not(unix))]
fn main() {
    println!("this example stops a process in the middle of a payment, and needs the signals of Unix for that");
}
