//! Modules: fields, nesting, parents.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{CallError, LostReason, prelude::*};
use ember_tests::cluster::{lost, refused};

/// What any node may ask of a house.
#[rpc]
pub trait Dwelling {
    /// How many live there.
    async fn rpc_count(&self) -> u32;
}

#[service(implements(Dwelling))]
#[derive(Default)]
pub struct House {
    gold: u32,
    #[module]
    hall: Module<Hall>,
    #[module]
    cellar: Module<Store>,
}

#[module(parent = House)]
#[derive(Default)]
pub struct Hall {
    guests: u32,
    #[module]
    table: Module<Table>,
}

#[module(parent = Hall)]
#[derive(Default)]
pub struct Table {
    #[module]
    drawer: Module<Store>,
}

/// Can be mounted anywhere.
#[module]
#[derive(Default)]
pub struct Store {
    items: Vec<String>,
}

#[rpc]
impl Dwelling for House {
    async fn rpc_count(&mut self) -> u32 {
        self.hall.guests
    }
}

#[rpc]
impl House {
    pub async fn rpc_gold(&mut self) -> u32 {
        self.gold
    }

    /// Uses its children as ordinary Rust.
    pub async fn rpc_stock(&mut self) -> (usize, usize) {
        self.cellar.put("wine");
        self.hall.table.drawer.put("spoon");
        (self.cellar.items.len(), self.hall.table.drawer.items.len())
    }

    fn look_into_hall(&self) -> u32 {
        self.hall.guests
    }
}

#[rpc]
impl Hall {
    /// Uses its parent across awaits.
    pub async fn rpc_enter(&mut self, cx: &mut Cx<'_, Self>, count: u32) -> u32 {
        let parent = cx.parent();
        parent.gold += count;
        tokio::task::yield_now().await;
        parent.gold += count;
        self.guests += count;
        cx.parent().cellar.put("a coat");
        self.guests
    }

    /// Reaches itself through its parent: that must not be.
    pub async fn rpc_mirror(&mut self, cx: &mut Cx<'_, Self>) -> u32 {
        cx.parent().look_into_hall()
    }

    pub async fn rpc_careful_mirror(&mut self, cx: &mut Cx<'_, Self>) -> (String, String) {
        let read = cx.parent().hall.try_get().err().unwrap().to_string();
        (read, cx.parent().hall.try_get_mut().err().unwrap().to_string())
    }

    pub async fn api_guests(&mut self) -> u32 {
        self.guests
    }

    /// Calls itself, and waits.
    pub async fn rpc_knock(&mut self, cx: &mut Cx<'_, Self>) -> Result<u32, String> {
        cx.client::<HouseClient>().hall().rpc_enter(1).await.map_err(|error| error.to_string())
    }

    pub async fn rpc_knock_later(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<HouseClient>().hall().rpc_enter(1).then(cx, |me, cx, reply| {
            me.guests += reply.unwrap() * 100;
            cx.parent().gold += 1000;
        });
    }
}

#[rpc]
impl Table {
    /// Its parent is the hall.
    pub async fn rpc_sit(&mut self, cx: &mut Cx<'_, Self>) -> u32 {
        cx.parent().guests += 1;
        self.drawer.put("napkin");
        cx.parent().guests
    }
}

#[rpc]
impl Store {
    fn put(&mut self, item: &str) {
        self.items.push(item.into());
    }

    pub async fn rpc_items(&mut self) -> Vec<String> {
        self.items.clone()
    }
}

async fn start() -> (Node, HouseClient) {
    let node = Node::builder().service(House::default()).start().await.unwrap();
    let client = node.client::<HouseClient>();
    (node, client)
}

#[tokio::test]
async fn a_module_uses_its_parent_across_awaits_and_the_parent_its_children_as_ordinary_rust() {
    let (_node, house) = start().await;
    assert_eq!(house.hall().rpc_enter(3).await, Ok(3));
    assert_eq!(house.rpc_gold().await, Ok(6));
    assert_eq!(house.cellar().rpc_items().await.unwrap(), ["a coat"]);
    assert_eq!(house.rpc_stock().await, Ok((2, 1)));
}

#[tokio::test]
async fn modules_nest_three_deep_and_each_sees_its_own_parent() {
    let (_node, house) = start().await;
    assert_eq!(house.hall().table().rpc_sit().await, Ok(1));
    assert_eq!(house.hall().table().drawer().rpc_items().await.unwrap(), ["napkin"]);
    assert!(house.cellar().rpc_items().await.unwrap().is_empty(), "another instance of the same module");
}

#[tokio::test]
async fn contract_own_methods_and_modules_live_on_one_service() {
    let (node, house) = start().await;
    house.hall().rpc_enter(2).await.unwrap();
    assert_eq!(node.client::<DwellingClient>().rpc_count().await, Ok(2));
    assert_eq!(house.rpc_gold().await, Ok(4));
    assert_eq!(node.local::<House>().hall().api_guests().await, Ok(2));
}

#[tokio::test]
async fn a_module_that_reaches_itself_through_its_parent_panics_with_its_name() {
    let (_node, house) = start().await;
    let LostReason::Panicked(text) = lost(house.hall().rpc_mirror().await) else { panic!("another reason") };
    assert!(text.contains("`Hall` is in use"), "{text}");
    assert_eq!(house.hall().rpc_enter(1).await, Ok(1), "it is back in its place");
}

#[tokio::test]
async fn a_module_that_looks_first_gets_an_error_instead_of_a_panic() {
    let (_node, house) = start().await;
    let (read, write) = house.hall().rpc_careful_mirror().await.unwrap();
    assert!(read.contains("`Hall` is in use") && read == write, "{read}; {write}");
}

#[tokio::test]
async fn a_module_that_waits_for_its_own_service_is_a_cycle() {
    let (_node, house) = start().await;
    let Err(CallError::App(text)) = house.hall().rpc_knock().await else { panic!("no cycle") };
    assert!(text.contains("House.rpc_knock → House.hall.rpc_enter"), "{text}");
}

#[tokio::test]
async fn a_modules_callback_comes_to_the_module_with_its_parent() {
    let (_node, house) = start().await;
    house.hall().rpc_knock_later().await.unwrap();
    ember_tests::wait::eventually("the callback", async || (house.rpc_gold().await == Ok(1002)).then_some(())).await;
    assert_eq!(house.hall().rpc_enter(0).await, Ok(101));
}

#[tokio::test]
async fn the_full_name_of_a_modules_method_is_its_path() {
    let node = Node::builder().start().await.unwrap();
    let error = node.client::<HouseClient>().hall().table().rpc_sit().await.unwrap_err();
    assert!(error.to_string().starts_with("`hall.table.rpc_sit` on service `House`"), "{error}");
    refused(Err::<(), _>(error));
}
