//! One round of churn: nodes start, everything on them comes and goes under calls, and they end, each in its own way.

use std::time::Duration;

use ember::{Node, Pid};
use tokio::{
    task::{JoinSet, yield_now},
    time::{sleep, timeout},
};

use crate::{
    calls::Lane,
    dice::Dice,
    services::{Rumour, guest, worker},
    stage::Stage,
    tally::Tally,
};

const CALLS: u64 = 60;
const PATIENCE: Duration = Duration::from_secs(90);

/// A node of the round, what its own tasks do, and how it ends.
struct Guest {
    node: Node,
    work: JoinSet<()>,
}

/// Runs one round. The error says what hung.
pub(crate) async fn run(stage: &Stage, number: u64, tally: &Tally, dice: &mut Dice) -> Result<(), String> {
    let mut from_outside = JoinSet::new();
    let lodged = lodge(&stage.standing[0], tally).await;
    let mut pid = lodged;
    let mut guests = Vec::new();
    for index in 0..=dice.roll(2) {
        // Names of the past are taken again as well, as after a restart.
        let name = if dice.roll(2) == 0 { format!("round-{number}-{index}") } else { format!("again-{index}") };
        let building = stage.node(&name).service(worker(&name)).start();
        let node = match timeout(PATIENCE, building).await {
            Ok(Ok(node)) => node,
            Ok(Err(ember::Error::NameTaken { .. })) => {
                tally.count("nodes: the name was taken");
                continue;
            }
            Ok(Err(error)) => return Err(format!("the node {name} did not start: {error}")),
            Err(_) => return Err(format!("hung: the start of the node {name}")),
        };
        tally.count("nodes started");
        if let Some(lodged) = lodge(&node, tally).await {
            pid = Some(lodged);
        }
        guests.push(Guest { node, work: JoinSet::new() });
    }
    let Some(pid) = pid else { return Err("no guest could be spawned".into()) };
    for node in &stage.standing {
        for _ in 0..2 {
            from_outside.spawn(Lane::new(node, pid, tally, dice.another()).run(CALLS));
        }
    }
    for Guest { node, work } in &mut guests {
        // The first keeps its node alive, the second does not.
        work.spawn(churn(node.clone(), tally.clone(), dice.another()));
        work.spawn(Lane::new(node, pid, tally, dice.another()).run(CALLS));
        from_outside.spawn(Lane::new(node, pid, tally, dice.another()).run(CALLS / 2));
    }
    for guest in guests {
        // tidy: sleep: nodes end at some point of the work, whichever that is
        sleep(Duration::from_millis(dice.roll(60))).await;
        guest.end(tally, dice.roll(5)).await?;
    }
    all_of(&mut from_outside, "calls from outside").await?;
    if let Some(lodged) = lodged {
        stage.standing[0].stop(lodged);
    }
    tally.count("rounds");
    Ok(())
}

/// Spawns a guest.
async fn lodge(node: &Node, tally: &Tally) -> Option<Pid> {
    match timeout(PATIENCE, node.spawn(guest())).await {
        Ok(spawned) => {
            tally.count("services spawned");
            spawned.ok()
        }
        Err(_) => {
            tally.wrong("hung: a spawn".into());
            None
        }
    }
}

/// Does to a node what its user may: services are spawned, registered, paused, stopped, and events published.
async fn churn(node: Node, tally: Tally, mut dice: Dice) {
    for _ in 0..20 {
        match dice.roll(7) {
            0 | 1 => {
                let id = format!("extra-{}", dice.roll(4));
                let extra = if dice.roll(2) == 0 { worker(&id).register() } else { worker(&id) };
                // Also a spawn may be given up.
                let spawned = timeout(Duration::from_micros(dice.roll(4000)), node.spawn(extra)).await;
                tally.count(if spawned.is_ok() { "services spawned" } else { "spawns given up" });
            }
            2 => {
                node.publish(Rumour);
            }
            3..=5 => {
                let view = node.view();
                let own: Vec<_> = view.instances().iter().filter(|it| it.is_local()).map(|it| it.pid()).collect();
                if !own.is_empty() {
                    let pid = *dice.of(&own);
                    match dice.roll(4) {
                        0 => drop(node.stop(pid)),
                        1 => drop(node.pause(pid)),
                        _ => drop(node.resume(pid)),
                    }
                    tally.count("services stopped, paused or resumed");
                }
            }
            _ => {
                let _ = lodge(&node, &tally).await;
            }
        }
        yield_now().await;
    }
}

impl Guest {
    async fn end(mut self, tally: &Tally, how: u64) -> Result<(), String> {
        let Self { node, work } = &mut self;
        match how {
            0 => {
                all_of(work, "the work of a node").await?;
                shut_down(node, tally).await?;
            }
            1 => {
                shut_down(node, tally).await?;
                all_of(work, "the work of a node that was shut down").await?;
            }
            2 => {
                // Calls and whatever else is under way is dropped with the tasks.
                work.shutdown().await;
                shut_down(node, tally).await?;
            }
            3 => {
                // A shutdown that is given up, and then the node.
                let _ = timeout(Duration::from_millis(2), node.shutdown()).await;
                work.shutdown().await;
                tally.count("nodes dropped in their shutdown");
            }
            _ => {
                work.shutdown().await;
                tally.count("nodes dropped");
            }
        }

        Ok(())
    }
}

async fn shut_down(node: &Node, tally: &Tally) -> Result<(), String> {
    match timeout(PATIENCE, node.shutdown()).await {
        Ok(Ok(())) => tally.count("nodes shut down"),
        Ok(Err(ember::Error::CutShort(_))) => tally.count("nodes shut down, cut short"),
        Ok(Err(error)) => return Err(format!("the shutdown of `{}`: {error}", node.name())),
        Err(_) => return Err(format!("hung: the shutdown of `{}`", node.name())),
    }
    Ok(())
}

async fn all_of(tasks: &mut JoinSet<()>, what: &str) -> Result<(), String> {
    let joined = timeout(PATIENCE, async {
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|error| format!("{what}: {error}"))?;
        }
        Ok(())
    });
    joined.await.map_err(|_| format!("hung: {what}, {} of them, {PATIENCE:?} on", tasks.len()))?
}
