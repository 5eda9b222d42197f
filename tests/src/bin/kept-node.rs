//! A process with one member of a replicated ledger that has a journal, for tests that kill all of them at once.
//!
//! `kept-node <name> <folder of the registry> <folder of the journal>` says `ready` when it has been started. Then, a line for each line:
//! `pay <lanes>` has so many callers pay 1 each, one call after the other, and says `paid` for each that was acknowledged and `unknown` for the others;
//! `sum` → what all of them have paid, as the master says. It ends with its input.

use std::{collections::BTreeMap, io::Write, time::Duration};

use ember::{Hosted, Replicated, prelude::*, registry::Embedded};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[message]
#[derive(Default)]
struct Paid(BTreeMap<u64, u64>);

#[service(elected)]
#[derive(Default)]
struct Ledger;

impl Replicated for Ledger {
    type State = Paid;
    type Entry = u64;
    type Output = u64;

    fn apply(state: &mut Paid, by: &u64) -> u64 {
        let paid = state.0.entry(*by).or_default();
        *paid += 1;
        *paid
    }
}

#[rpc]
impl Ledger {
    pub(crate) async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, by: u64) -> u64 {
        cx.commit(by)
    }

    pub(crate) async fn rpc_sum(&mut self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.state().0.values().sum()
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _nobody_reads = writeln!(out, "{text}").and_then(|()| out.flush());
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let [name, registry, journal] = [1, 2, 3].map(|at| std::env::args().nth(at).expect("a name and two folders"));
    let node = Node::builder()
        .name(&name)
        .registry(Embedded::at(registry))
        .lease(Duration::from_secs(1))
        .service(Hosted::new(Ledger).journal(journal))
        .start()
        .await?;
    say("ready");
    let ledger = node.client::<LedgerClient>();
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await.expect("text") {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["pay", lanes] => {
                for lane in 0..lanes.parse().expect("a number") {
                    let ledger = ledger.clone();
                    tokio::spawn(async move {
                        // Until this process, or another, is killed.
                        loop {
                            let paid = ledger.rpc_pay(lane).timeout(Duration::from_secs(20)).await;
                            say(if paid.is_ok() { "paid" } else { "unknown" });
                        }
                    });
                }
            }
            ["sum"] => match ledger.rpc_sum().timeout(Duration::from_secs(20)).await {
                Ok(sum) => say(&format!("sum {sum}")),
                Err(error) => say(&format!("no sum: {error}")),
            },
            _ => panic!("not understood: {line}"),
        }
    }
    Ok(())
}
