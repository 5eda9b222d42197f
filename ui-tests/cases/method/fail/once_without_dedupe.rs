use ember::prelude::*;

#[service]
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
    let _ = bank.rpc_pay(7).once(1).await;
}

fn main() {}
