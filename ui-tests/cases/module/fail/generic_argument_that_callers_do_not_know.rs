use ember::prelude::*;

#[module]
pub struct Shelf<T: Send + 'static> {
    items: Vec<T>,
    #[module]
    inner: Module<Box<T>>,
}

#[rpc]
impl<T: Send + 'static> Shelf<T> {
    pub async fn rpc_put(&mut self, item: T) {
        self.items.push(item);
    }
    pub async fn rpc_all(&mut self) -> Vec<T> {
        Vec::new()
    }
}

fn main() {}
