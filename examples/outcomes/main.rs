//! The three outcomes of a failed call, and what to do about each: it ran and said no, it certainly did not run, it may have
//! run.

use std::{collections::BTreeMap, time::Duration};

use ember::{ServiceState, prelude::*};

/// Why an account is not charged.
#[message]
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    /// Too little gold.
    #[error("{missing} gold is missing")]
    TooPoor {
        /// How much.
        missing: u64,
    },
}

/// Charges accounts.
#[service]
pub struct Bank {
    gold: u64,
    /// What has been charged, by order: the same order again changes nothing.
    orders: BTreeMap<u64, u64>,
    /// How many receipts take their time.
    jams: u32,
}

#[rpc]
impl Bank {
    /// Charges `price` for `order`, once; the gold left.
    #[rpc(idempotent)]
    pub async fn rpc_charge(&mut self, order: u64, price: u64) -> Result<u64, BankError> {
        if !self.orders.contains_key(&order) {
            let missing = price.saturating_sub(self.gold);
            self.gold = self.gold.checked_sub(price).ok_or(BankError::TooPoor { missing })?;
            self.orders.insert(order, price);
        }
        if self.jams > 0 {
            self.jams -= 1;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(self.gold)
    }

    /// The next receipt takes its time.
    pub async fn rpc_jam(&mut self) {
        self.jams += 1;
    }

    /// Panics.
    pub async fn rpc_panic(&mut self) {
        panic!("this is the panic that the example is about");
    }
}

fn say<T: std::fmt::Debug>(what: &str, outcome: &Result<T, CallError<BankError>>) {
    let told = match outcome {
        Ok(value) => format!("it ran: {value:?}"),
        Err(CallError::App(error)) => format!("it ran, and said no: {error}"),
        Err(CallError::NotExecuted(refused)) => format!("it did not run: {}", refused.reason()),
        Err(CallError::MaybeExecuted(lost)) => format!("it may have run: {}", lost.reason()),
    };
    println!("{what:<26} {told}");
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().service(Bank { gold: 100, orders: BTreeMap::new(), jams: 0 }).start().await?;
    let bank = node.client::<BankClient>();

    say("an order", &bank.rpc_charge(1, 30).await);
    say("one too expensive", &bank.rpc_charge(2, 500).await);

    // The deadline passes while the handler runs. It may have charged: nobody but the bank knows.
    bank.rpc_jam().await?;
    let late = bank.rpc_charge(3, 20).timeout(Duration::from_millis(50)).await;
    say("a slow receipt", &late);
    assert!(matches!(late, Err(CallError::MaybeExecuted(_))), "it was charged, and nobody said so");

    // The bank charges an order once, however often it comes, and says so: `#[rpc(idempotent)]`. Such calls may be made again when
    // they may have run. For another method this `.retry(…)` does not compile.
    let again = Retry::new(5).maybe_executed().attempt_timeout(Duration::from_millis(150));
    let told = bank.rpc_charge(3, 20).retry(again).await;
    say("the same order again", &told);
    assert_eq!(told, Ok(50), "the order was charged once");
    bank.rpc_jam().await?;
    let told = bank.rpc_charge(4, 5).retry(again).await;
    say("a slow one, with retries", &told);
    assert_eq!(told, Ok(45), "one attempt was lost, another found it charged");

    if let Err(error) = bank.rpc_panic().await {
        println!("{:<26} {error}", "a panic");
    }
    say("after the panic", &bank.rpc_charge(5, 10).await);

    // Nobody takes calls any more: certainly not executed, so whatever was prepared for the call can be undone.
    let pid = node.view().instances()[0].pid();
    node.pause(pid);
    say("a paused bank", &bank.rpc_charge(6, 10).await);
    node.resume(pid);
    node.wait_for_view(|view| view.instances()[0].state() == ServiceState::Running).await;
    say("resumed", &bank.rpc_charge(6, 10).await);

    node.shutdown().await?;
    say("after the shutdown", &bank.rpc_charge(7, 10).await);
    Ok(())
}
