//! A trade between two replicated services, in a simulated cluster whose processes are killed all the while: the shop sells, and has its
//! customer pay by a call that is committed with the sale. Whatever is killed, what was sold is paid, and paid once.
//!
//! `cargo run -p ember-examples --example trade --features testing` takes a second or two.

mod services;

use std::time::Duration;

use ember::{
    Role,
    testing::{Cluster, Sim},
};
use services::{Shop, ShopClient, Wallet, WalletClient};
use tokio::time::sleep;

const SALES: u64 = 60;
const SHOPS: [&str; 3] = ["shop-1", "shop-2", "shop-3"];
const WALLETS: [&str; 3] = ["wallet-1", "wallet-2", "wallet-3"];

/// What one run has shown.
struct Seen {
    /// Sales of which the caller heard no end in time.
    unknown: u64,
    sold: u64,
    paid: u64,
    kills: u64,
    took: Duration,
}

/// Sells while one process after the other is killed, then looks at the books of both. The same seed gives the same run.
fn run(seed: u64) -> Seen {
    let cluster = Cluster::seed(seed).node("till", |node| node);
    let cluster = SHOPS.into_iter().fold(cluster, |it, name| it.node(name, |node| node.service(Shop)));
    let cluster = WALLETS.into_iter().fold(cluster, |it, name| it.node(name, |node| node.service(Wallet)));
    // From here on time is virtual: what sleeps costs nothing.
    cluster.run(move |sim| async move {
        let selling = sim.on("till", |node| async move {
            let mut unknown = 0;
            for sale in 0..SALES {
                let sold = node.client::<ShopClient>().rpc_sell(sale % 3, 10).timeout(Duration::from_secs(30)).await;
                unknown += u64::from(sold.is_err());
                sleep(Duration::from_millis(300)).await;
            }
            unknown
        });
        let (unknown, kills) = tokio::join!(selling, kill_all_the_while(&sim, seed));
        let unknown = unknown.expect("the till runs");

        let books = sim.on("till", move |node| async move {
            let (shop, wallet) = (node.client::<ShopClient>(), node.client::<WalletClient>());
            let long = Duration::from_secs(60);
            loop {
                let paid = wallet.rpc_paid().timeout(long).await.expect("the wallet has a master again");
                let sold = shop.rpc_sold().timeout(long).await.expect("the shop has a master again");
                // What is owed is paid sooner or later; and nothing beyond it, ever.
                assert!(paid <= sold, "seed {seed}: {paid} were paid, and {sold} were sold");
                if paid == sold {
                    return (sold, paid);
                }
                sleep(Duration::from_millis(200)).await;
            }
        });
        let (sold, paid) = books.await.expect("the till runs");
        Seen { unknown, sold, paid, kills, took: sim.elapsed() }
    })
}

/// Kills the master of the one, then of the other, each so soon after the last that calls are on their way; and starts it again.
async fn kill_all_the_while(sim: &Sim, seed: u64) -> u64 {
    let mut kills = 0;
    sleep(Duration::from_secs(8) + Duration::from_millis(37 * seed)).await;
    for round in 0..4 {
        let name = master(sim, if round % 2 == 0 { &SHOPS } else { &WALLETS }).await;
        sim.kill(&name).await;
        kills += 1;
        sleep(Duration::from_secs(4)).await;
        sim.start(&name).await.expect("it starts again");
        // It learns the state before the next one goes: what all have lost nobody has.
        sleep(Duration::from_secs(8)).await;
    }
    kills
}

/// The node of the master among these, as the till sees it.
async fn master(sim: &Sim, among: &'static [&'static str]) -> String {
    let found = sim.on("till", move |node| async move {
        let mut found = None;
        node.wait_for_view(|view| {
            let masters = view.instances().iter().filter(|it| it.role() == Some(Role::Master));
            found = masters.map(|it| it.node().name.clone()).find(|name| among.contains(&&**name));
            found.is_some()
        })
        .await;
        found
    });
    found.await.expect("the till runs").expect("it was found")
}

fn main() {
    println!("{SALES} sales, while the masters of the shop and of the wallet are killed in turn:");
    for seed in 1..=4 {
        let Seen { unknown, sold, paid, kills, took } = run(seed);
        println!(
            "  seed {seed}: {sold} gold sold, {paid} paid; {kills} killed, {unknown} sales without an answer in time; {:.0} virtual seconds",
            took.as_secs_f64()
        );
        assert!(sold >= (SALES - unknown) * 10, "seed {seed}: each sale that was confirmed is in the books");
    }
}
