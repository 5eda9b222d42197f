//! A service with one method for the cluster and one for its node.

#[service]
#[derive(Default)]
pub struct Counter {
    count: u64,
}

#[rpc]
impl Counter {
    /// Adds, and tells the sum.
    pub async fn rpc_add(&mut self, amount: u64) -> u64 {
        self.count += amount;
        self.count
    }

    pub fn api_reset(&mut self) {
        self.count = 0;
    }

    fn helper(&self) -> u64 {
        self.count
    }
}
