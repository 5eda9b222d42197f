//! Modules that are generic over their parent, over what they hold, and over a number.
#![deny(warnings)]

use std::marker::PhantomData;

use ember::{Message, Unit, prelude::*};

pub trait HasGold {
    fn gold(&mut self) -> &mut u64;
}

#[module(parent = P)]
pub struct Cooldown<P: Unit + HasGold> {
    uses: u64,
    parent: PhantomData<fn() -> P>,
}

#[rpc]
impl<P: Unit + HasGold> Cooldown<P> {
    #[on(start)]
    fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        *cx.parent().gold() += 1;
    }

    #[every("10s")]
    async fn cool(&mut self) {
        self.uses = 0;
    }

    pub async fn rpc_use(&mut self, cx: &mut Cx<'_, Self>, price: u64) -> u64 {
        *cx.parent().gold() += price;
        self.uses += 1;
        *cx.parent().gold()
    }
}

#[module]
pub struct Shelf<T, const N: usize>
where
    T: Send + 'static,
{
    items: Vec<T>,
    #[module]
    label: Module<Label>,
}

#[rpc]
impl<T, const N: usize> Shelf<T, N>
where
    T: Send + 'static,
{
    pub async fn rpc_free(&mut self) -> usize {
        N - self.items.len()
    }
}

/// Its parameters have the names that generated code might have taken.
#[module]
pub struct Cache<K, V>
where
    K: Message + Ord,
    V: Message + Clone,
{
    entries: std::collections::BTreeMap<K, V>,
}

#[rpc]
impl<K: Message + Ord, V: Message + Clone> Cache<K, V> {
    pub async fn rpc_count(&mut self) -> usize {
        self.entries.len()
    }
}

#[module]
#[derive(Default)]
pub struct Label;

#[service]
pub struct Player {
    gold: u64,
    #[module]
    cooldown: Module<Cooldown<Player>>,
    #[module]
    shelf: Module<Shelf<String, 3>>,
    #[module]
    shelves: Modules<u8, Shelf<u8, 4>>,
}

impl HasGold for Player {
    fn gold(&mut self) -> &mut u64 {
        &mut self.gold
    }
}

#[rpc]
impl Player {
    pub async fn rpc_add(&mut self) {
        self.shelves.insert(7, Shelf { items: vec![1], label: Module::default() });
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let player = Player {
        gold: 0,
        cooldown: Cooldown { uses: 0, parent: PhantomData }.into(),
        shelf: Shelf { items: Vec::new(), label: Module::default() }.into(),
        shelves: Modules::new(),
    };
    let node = Node::builder().service(player).start().await.unwrap();
    let player = node.client::<PlayerClient>();
    assert_eq!(player.cooldown().rpc_use(5).await.unwrap(), 6);
    assert_eq!(player.shelf().rpc_free().await.unwrap(), 3);
    player.rpc_add().await.unwrap();
    assert_eq!(player.shelves().key(7).rpc_free().await.unwrap(), 3);
    node.shutdown().await.unwrap();
}
