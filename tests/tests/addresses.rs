//! Addresses and pids travel in messages, and lead back to where they came from.

use ember::{Address, Node, Pid, prelude::*, registry::InProcess};
use ember_tests::wait::within;

/// Has a module, and modules under keys.
#[service]
#[derive(Debug, Default)]
pub struct Player {
    #[module]
    bag: Module<Bag>,
    #[module]
    shelves: Modules<String, Bag>,
}

/// A part of a player.
#[module]
#[derive(Debug, Default)]
pub struct Bag {
    items: u32,
}

#[rpc]
impl Bag {
    /// Adds some; how many there are.
    pub async fn rpc_add(&mut self, count: u32) -> u32 {
        self.items += count;
        self.items
    }
}

#[rpc]
impl Player {
    /// Where it is.
    pub async fn rpc_pid(&mut self, cx: &mut Cx<'_, Self>) -> Pid {
        cx.pid()
    }

    /// Puts up a shelf.
    pub async fn rpc_put_up(&mut self, name: String) {
        self.shelves.insert(name, Bag::default());
    }
}

/// An address in a message.
#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Gift {
    /// Whose bag.
    pub bag: Address<BagClient>,
    /// How many.
    pub count: u32,
}

/// Calls whom it is told to.
#[service]
#[derive(Debug, Default)]
pub struct Postman;

#[rpc]
impl Postman {
    /// Brings a gift; what is in the bag then.
    pub async fn rpc_bring(&mut self, cx: &mut Cx<'_, Self>, gift: Gift) -> Option<u32> {
        gift.bag.client(cx).rpc_add(gift.count).await.ok()
    }

    /// Gives an address back.
    pub async fn rpc_echo(&mut self, address: Address<PlayerClient>) -> Address<PlayerClient> {
        address
    }
}

#[tokio::test]
async fn address_of_a_module_leads_to_the_same_instance_from_another_node() {
    let registry = InProcess::default();
    let one = Node::builder()
        .registry(registry.clone())
        .service(Hosted::new(Player::default()).id("a"))
        .service(Hosted::new(Player::default()).id("b"));
    let one = one.start().await.expect("one starts");
    let two = Node::builder().registry(registry).service(Postman).start().await.expect("two starts");
    for node in [&one, &two] {
        within("all services", node.wait_for_view(|view| view.instances().len() == 3)).await;
    }

    let player = one.select::<PlayerClient>().id("b").client();
    let bag = player.bag();
    assert_eq!(bag.rpc_add(1).await.expect("the bag"), 1);
    let gift = Gift { bag: bag.address(), count: 2 };
    assert_eq!(gift.bag.module(), "bag");
    let brought = one.client::<PostmanClient>().rpc_bring(gift).await.expect("the postman");
    assert_eq!(brought, Some(3), "the same bag got both");

    let address = player.address();
    let back = one.client::<PostmanClient>().rpc_echo(address.clone()).await.expect("the postman");
    assert_eq!(back, address);
    let pid = player.rpc_pid().await.expect("the player");
    assert_eq!(two.client_at(&back).rpc_pid().await.expect("the player"), pid);
    two.shutdown().await.expect("two ends");
    one.shutdown().await.expect("one ends");
}

#[tokio::test]
async fn address_of_a_module_under_a_key_leads_to_that_module_from_another_node() {
    let registry = InProcess::default();
    let one = Node::builder().registry(registry.clone()).service(Player::default()).start().await.expect("one starts");
    let two = Node::builder().registry(registry).service(Postman).start().await.expect("two starts");
    for node in [&one, &two] {
        within("all services", node.wait_for_view(|view| view.instances().len() == 2)).await;
    }
    let player = one.client::<PlayerClient>();
    for name in ["left", "right"] {
        player.rpc_put_up(name.into()).await.expect("the player");
    }
    let shelf = |name: &str| player.shelves().key(name.to_owned());
    let (left, right) = (shelf("left").address(), shelf("right").address());
    assert!(left != right && left == shelf("left").address(), "the key is a part of it");
    assert_eq!((left.module(), left == player.bag().address()), ("shelves", false));

    let postman = one.client::<PostmanClient>();
    let gift = |bag: &Address<BagClient>| Gift { bag: bag.clone(), count: 3 };
    assert_eq!(postman.rpc_bring(gift(&left)).await.expect("the postman"), Some(3));
    assert_eq!(postman.rpc_bring(gift(&left)).await.expect("the postman"), Some(6), "the same shelf");
    assert_eq!(shelf("right").rpc_add(0).await.expect("the shelf"), 0, "not the other");
    let text = serde_json::to_string(&left).expect("an address is data");
    let read: Address<BagClient> = serde_json::from_str(&text).expect("what was written");
    assert_eq!(two.client_at(&read).rpc_add(1).await.expect("the shelf"), 7);
    assert_eq!(postman.rpc_bring(gift(&shelf("none").address())).await.expect("the postman"), None, "no such shelf");
    two.shutdown().await.expect("two ends");
    one.shutdown().await.expect("one ends");
}
