use ember::prelude::*;

#[message]
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    #[error("not enough gold")]
    NotEnoughGold,
}

#[message]
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    #[error("sold out")]
    SoldOut,
    #[error(transparent)]
    Bank(#[from] CallError<BankError>),
}

#[message]
pub struct Receipt {
    failed: Option<CallError<BankError>>,
}

type Unreachable = CallError;

#[service]
pub struct Shop;

#[rpc]
impl Shop {
    pub async fn rpc_buy(&mut self) -> Result<u64, ShopError> {
        Ok(1)
    }

    pub async fn rpc_charge(&mut self) -> Result<u64, CallError<BankError>> {
        Ok(1)
    }

    pub async fn rpc_all(&mut self) -> Vec<Result<u64, CallError<BankError>>> {
        Vec::new()
    }

    pub async fn rpc_ping(&mut self) -> Result<u64, CallError> {
        Ok(1)
    }

    pub async fn rpc_pong(&mut self) -> Result<u64, Unreachable> {
        Ok(1)
    }

    /// What does not travel may fail so.
    pub async fn api_charge(&mut self) -> Result<u64, CallError<BankError>> {
        Ok(1)
    }
}

fn main() {}
