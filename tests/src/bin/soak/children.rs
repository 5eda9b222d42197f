//! Processes that take part, and are killed.

use std::{path::Path, time::Duration};

use ember::Node;
use ember_tests::faults::{Configuration, FaultNode, Place};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use crate::{counter::CounterClient, dice::Dice, stage::Stage, tally::Tally};

const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a process with a counter, calls it, and kills it under these calls.
pub(crate) async fn run(stage: &Stage, number: u64, tally: &Tally, dice: &mut Dice) -> Result<(), String> {
    let Some(folder) = stage.folder() else { return Ok(()) };
    let (name, folder) = (format!("child-{number}"), folder.to_owned());
    let program = program()?;
    let mut child = {
        let (name, folder) = (name.clone(), folder.clone());
        let started = spawn_blocking(move || {
            let mut configuration = Configuration::new(&name, &Place::Embedded(folder.clone()), &folder);
            configuration.lease = Duration::from_secs(2);
            let mut child = FaultNode::launch(&program, &configuration, &folder);
            child.ready();
            child
        });
        started.await.map_err(|error| format!("a child process did not start: {error}"))?
    };
    tally.count("processes started");
    let [caller, ..] = &stage.standing[..] else { return Ok(()) };
    seen(caller, &name).await?;
    let mut calls = JoinSet::new();
    for n in 0..40_u64 {
        let counter = caller.select::<CounterClient>().id(&name).client();
        let (tally, work) = (tally.clone(), dice.roll(20));
        calls.spawn(async move {
            let call = counter.rpc_count(format!("{n}"), work).timeout(Duration::from_millis(600));
            tally.outcome("a call of a process", call.await, |_| true);
        });
    }
    for _ in 0..dice.roll(40) {
        let one = timeout(PATIENCE, calls.join_next()).await;
        one.map_err(|_| "hung: calls of a process that runs".to_owned())?;
    }
    let killed = spawn_blocking(move || child.kill());
    killed.await.map_err(|error| format!("a child process could not be killed: {error}"))?;
    tally.count("processes killed");
    while let Some(_ended) =
        timeout(PATIENCE, calls.join_next()).await.map_err(|_| "hung: calls of a process that was killed".to_owned())?
    {
    }
    for ending in ["log", "record"] {
        let _ = std::fs::remove_file(Path::new(&folder).join(format!("{name}.{ending}")));
    }
    Ok(())
}

/// `fault-node` is built with this program, and lies beside it.
fn program() -> Result<String, String> {
    let own = std::env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
    let program = own.with_file_name("fault-node");
    if !program.is_file() {
        return Err(format!("`{}` is not there: `cargo xtask soak` builds it", program.display()));
    }
    Ok(program.to_string_lossy().into_owned())
}

async fn seen(caller: &Node, name: &str) -> Result<(), String> {
    let there = caller.wait_for_view(|view| view.instances().iter().any(|it| it.identity().id == name));
    timeout(PATIENCE, there).await.map(drop).map_err(|_| format!("hung: `{name}` is not seen"))
}
