//! Services from a configuration: the program knows the classes, the configuration says which of them run, how many, and with
//! which tags. Try `COUNTERS=5 cargo run -p ember-examples --example configured`.

use ember::{ServiceConfig, prelude::*};

/// The configuration, as it would be read from a file beside the program.
const SERVICES: &str = include_str!("services.json");

#[service(name = "greeter")]
#[derive(Default)]
pub struct Greeter;

#[rpc]
impl Greeter {
    pub async fn rpc_hello(&mut self, name: String) -> String {
        format!("hello, {name}")
    }
}

#[service(name = "counter")]
#[derive(Default)]
pub struct Counter {
    count: u64,
}

#[rpc]
impl Counter {
    pub async fn rpc_add(&mut self, count: u64) -> u64 {
        self.count += count;
        self.count
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    // A service of a library that nothing else names is linked only with `use the_library as _;`.
    let node = Node::builder().configure(ServiceConfig::list_from_json(SERVICES)?).start().await?;
    for instance in node.view().instances() {
        println!("runs {instance} {:?}", instance.identity().tags);
    }
    let greeter = node.select::<GreeterClient>().id("front").client();
    println!("{}", greeter.rpc_hello("world".into()).await?);
    let counters = node.select::<CounterClient>().all();
    println!("{} counters have counted", counters.rpc_add(1).await.len());

    // What is not in the program is refused before anything starts.
    match Node::builder().configure([ServiceConfig::new("greter")]).start().await {
        Err(error) => println!("a slip: {error}"),
        Ok(_) => println!("a service called `greter`?"),
    }
    node.shutdown().await
}
