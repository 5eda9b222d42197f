use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Player {
    #[module]
    bag: Module<Bag>,
    #[module]
    log: ember::Module<Log>,
}

#[module(parent = Player)]
#[derive(Default)]
pub struct Bag {
    #[module]
    pocket: Module<Pocket>,
    #[module]
    log: Module<Log>,
}

#[module(parent = Bag)]
#[derive(Default)]
struct Pocket;

/// Can be mounted anywhere.
#[module]
#[derive(Default)]
pub struct Log {
    lines: Vec<String>,
}

#[rpc]
impl Pocket {
    pub async fn rpc_drop(&mut self, cx: &mut Cx<'_, Self>) {
        cx.parent().log.add("dropped");
    }
}

#[rpc]
impl Log {
    fn add(&mut self, line: &str) {
        self.lines.push(line.into());
    }

    pub async fn rpc_lines(&mut self) -> Vec<String> {
        self.lines.clone()
    }
}

pub async fn call(node: Node) {
    let player = node.client::<PlayerClient>();
    let pocket = player.bag().pocket();
    let _ = pocket.rpc_drop().await;
    let _ = player.log().rpc_lines().await;
}

fn main() {}
