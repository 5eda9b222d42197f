//! Knows the addresses of three nodes, and nothing else.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use ember::{Error, Result, serde_json::Value};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, sleep},
};

use crate::http::{figure, get, json};

const NAMES: [&str; 3] = ["store", "shop", "counter"];
const PATIENCE: Duration = Duration::from_secs(60);

struct Member {
    child: Child,
    address: String,
}

pub(crate) async fn run() -> Result<()> {
    let cluster = format!("hangs-{}", std::process::id());
    let mut members = BTreeMap::new();
    for name in NAMES {
        members.insert(name, start(&cluster, name).await?);
    }
    println!("three processes; sales stand still, and nobody knows why");

    let longest = "ember_handler_longest_wait_seconds";
    until("a handler that has waited for more than 2 s", async || {
        for (name, member) in &members {
            let waits = figure(&get(&member.address, "/metrics").await?, longest);
            if waits > 2.0 {
                println!("`{name}` says: a handler has waited for {waits:.1} s");
                return Ok(true);
            }
        }
        Ok(false)
    })
    .await?;
    follow(&members).await?;

    let Some(store) = members.get_mut("store") else { return Err(Error::other("there is a store")) };
    store.child.kill().await?;
    println!("\nSIGKILL to one of the processes; which one?");
    for (name, member) in &members {
        match get(&member.address, "/healthz").await {
            Ok(_) => println!("`{name}` answers"),
            Err(error) => println!("`{name}` does not answer: {error}"),
        }
    }
    let others = [&members["shop"], &members["counter"]];
    until("the others know one node less", async || {
        for member in others {
            if figure(&get(&member.address, "/metrics").await?, "ember_view_nodes") != 2.0 {
                return Ok(false);
            }
        }
        Ok(true)
    })
    .await?;
    println!("the others know two nodes now, and say of the calls that were on their way:");
    let text = get(&members["shop"].address, "/metrics").await?;
    text.lines().filter(|line| line.starts_with("ember_calls_failed_total{")).for_each(|line| println!("  {line}"));
    Ok(())
}

/// From the handler that has waited for longest to the one that nobody's answer is missing to.
async fn follow(members: &BTreeMap<&str, Member>) -> Result<()> {
    let mut waiting: Vec<(String, Value)> = Vec::new();
    for member in members.values() {
        let said = json(&member.address, "/handlers").await?;
        let node = said["node"].as_str().unwrap_or_default().to_owned();
        let all = said["longest"].as_array().into_iter().flatten();
        waiting.extend(all.map(|it| (node.clone(), it.clone())));
    }
    let is_called = |it: &Value| waiting.iter().any(|(_, other)| other["callee"] == it["pid"]);
    let mut next = waiting.iter().find(|(_, it)| !is_called(it));
    let mut steps = 0;
    while let Some((node, it)) = next {
        let [service, method] = ["service", "method"].map(|part| it[part].as_str().unwrap_or_default());
        let seconds = it["seconds"].as_f64().unwrap_or_default();
        println!("  on `{node}`, {service}.{method} has waited for {seconds:.1} s");
        steps += 1;
        next = match &it["callee"] {
            Value::Null => {
                println!("  … and not for another service: it hangs there, in {service}.{method} on `{node}`");
                None
            }
            callee => waiting.iter().find(|(_, other)| other["pid"] == *callee),
        };
    }
    if steps == 3 { Ok(()) } else { Err(Error::other(format!("a line of {steps} handlers, where three wait"))) }
}

async fn start(cluster: &str, name: &str) -> Result<Member> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--member", cluster, name])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().ok_or_else(|| Error::other("the member has no standard output"))?;
    let mut lines = BufReader::new(stdout).lines();
    let address = lines.next_line().await?.ok_or_else(|| Error::other(format!("`{name}` did not start")))?;
    Ok(Member { child, address })
}

async fn until(what: &str, probe: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !probe().await? {
        if begun.elapsed() > PATIENCE {
            return Err(Error::other(format!("gave up waiting for {what}")));
        }
        // tidy: sleep: between two questions to other processes
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
