use ember::prelude::*;

#[module]
pub struct Shelf<T: Send + 'static> {
    items: Vec<T>,
}

#[rpc]
impl<T: Clone + Send + 'static> Shelf<T> {
    pub async fn rpc_count(&mut self) -> usize {
        self.items.len()
    }
}

fn main() {}
