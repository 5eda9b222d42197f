//! A module that knows its parent.

#[module(parent = Player)]
#[derive(Default)]
pub struct Bag {
    items: Vec<u32>,
}

#[rpc]
impl Bag {
    pub async fn rpc_drop(&mut self, cx: &mut Cx<'_, Self>, item: u32) -> bool {
        cx.parent().dropped += 1;
        self.items.contains(&item)
    }
}
