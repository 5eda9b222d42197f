use std::time::Duration;

use ember::prelude::*;

#[service(elected)]
pub struct Bank {
    gold: u64,
}

#[rpc]
impl Bank {
    pub async fn rpc_pay(&mut self, gold: u64) -> u64 {
        self.gold += gold;
        self.gold
    }
}

async fn pay(bank: BankClient) {
    let _ = bank.rpc_pay(7).await;
    let _ = bank.rpc_pay(7).within(Duration::from_secs(2)).await;
    let _ = bank.rpc_pay(7).fresh().await;
}

fn main() {}
