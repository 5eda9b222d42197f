use ember::prelude::*;

#[service]
pub struct Bank;

#[rpc]
impl Bank {
    #[rpc(dedupe = "60s")]
    pub async fn rpc_pay(&mut self, gold: u64) -> u64 {
        gold
    }
}

fn pay(bank: BankClient) {
    let _ = bank.rpc_pay(7).send();
    let _ = bank.rpc_pay(7).once(1).send();
}

fn pay_by_another_id(bank: BankClient) {
    let _ = bank.rpc_pay(7).once("order 1");
    let _ = bank.rpc_pay(7).once(1_i32);
}

fn main() {}
