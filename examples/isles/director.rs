//! Starts the processes, lets ships sail, sends storms, kills one process, and counts.

use std::{process::Stdio, time::Duration};

use ember::{Error, Result, prelude::*, registry::Embedded};
use tokio::{
    process::{Child, Command},
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    isles::{IslesClient, Storm},
    oracle::OracleClient,
};

const ISLES: u64 = 64;
const MOVES: u64 = 40;
const STORMS: u32 = 5;
/// What is to happen happens in this time.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run() -> Result<()> {
    let cluster = format!("isles-{}", std::process::id());
    let node = Node::builder()
        .name("harbour")
        .cluster(&*cluster)
        .registry(Embedded::default())
        .lease(Duration::from_secs(2))
        .start()
        .await?;
    let (mut north, mut south) = (start(&cluster, "north")?, start(&cluster, "south")?);
    both(&node).await?;

    println!("{ISLES} ships, {MOVES} moves each, over two processes");
    let begun = Instant::now();
    sail(&node, |_, moves, expected| moves == expected).await?;
    println!("{} moves in {:.1} s, each ship's in their order", ISLES * MOVES, begun.elapsed().as_secs_f64());

    let mut forecasts = JoinSet::new();
    for day in 0..40 {
        let oracle = node.client::<OracleClient>();
        forecasts.spawn(async move { oracle.rpc_forecast(day).await });
    }
    let most = forecasts.join_all().await.into_iter().flatten().map(|(_, asked)| asked).max();
    println!("forty forecasts, four at once on each process; one of them was asked {} times", most.unwrap_or(0));

    for number in 1..=STORMS {
        let receipt = node.publish_to(Scope::Cluster, Storm { number });
        let (nodes, subscribers) = (receipt.nodes(), receipt.subscribers());
        receipt.confirmed().await?;
        println!("storm {number}: {subscribers} shards on {nodes} nodes have it");
    }
    charts(&node).await?;

    south.kill().await?;
    node.wait_for_view(|view| view.instances().iter().filter(|it| it.identity().name == "Isles").count() == 1).await;
    println!("SIGKILL to `south`: its isles begin anew on `north`, whose own go on where they were");
    let begun = Instant::now();
    sail(&node, |isle, moves, expected| moves == expected || (isle < ISLES && moves == expected + MOVES)).await?;
    println!("{} further moves in {:.1} s", ISLES * MOVES, begun.elapsed().as_secs_f64());

    drop(north.stdin.take());
    let _ended = timeout(Duration::from_secs(8), north.wait()).await;
    node.shutdown().await
}

fn start(cluster: &str, name: &str) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    Ok(command.args(["--member", cluster, name]).stdin(Stdio::piped()).kill_on_drop(true).spawn()?)
}

/// Waits until both processes are there, and have said that they want to hear of storms.
async fn both(node: &Node) -> Result<()> {
    let there = async {
        node.wait_for_view(|view| view.instances().iter().filter(|it| it.identity().name == "Isles").count() == 2)
            .await;
        while node.event_reach::<Storm>(Scope::Cluster).nodes() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, there).await.map_err(|_| Error::other("the two did not come"))
}

/// Each ship makes its moves. `is_right` is asked which isle, how many moves there were, and how many it has made now.
async fn sail(node: &Node, is_right: impl Fn(u64, u64, u64) -> bool + Copy + Send + Sync + 'static) -> Result<()> {
    let mut ships = JoinSet::new();
    for isle in 0..ISLES {
        let isles = node.client::<IslesClient>();
        ships.spawn(async move {
            for made in 1..=MOVES {
                let moves = isles.rpc_sail(isle).await.map_err(|error| Error::other(error.to_string()))?;
                if !is_right(isle, moves, made) {
                    return Err(Error::other(format!("isle {isle}: {moves} moves, where {made} were made")));
                }
            }
            Ok(())
        });
    }
    ships.join_all().await.into_iter().collect()
}

async fn charts(node: &Node) -> Result<()> {
    let isles = node.client::<IslesClient>();
    let (mut tide, mut left_out, mut maps) = (0, 0, 0);
    for isle in 0..ISLES {
        let chart = isles.rpc_chart(isle).await.map_err(|error| Error::other(error.to_string()))?;
        if chart.moves != MOVES || chart.storms != STORMS {
            return Err(Error::other(format!("isle {isle}: {chart:?}")));
        }
        (tide, left_out, maps) = (chart.tide.max(tide), chart.left_out.max(left_out), chart.maps.max(maps));
    }
    println!(
        "every isle has its moves and all storms; the tide is at step {tide}, with {left_out} left out at most; of one shard {maps} maps were drawn"
    );
    Ok(())
}
