//! A process with a session of an embedded registry, for tests that kill, freeze and race such processes.
//!
//! `embedded-node <folder>` says `ready` when the registry has answered. Then, a line for each line: `put <key> <value>`
//! → `ok` or an error; `get <key>` → the value, `none`, or an error. It ends with its input.

use ember_runtime::registry::Embedded;
use ember_tests::registry::open_ready;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() {
    let folder = std::env::args().nth(1).expect("usage: embedded-node <folder>");
    let session = open_ready(&Embedded::at(folder)).await;
    println!("ready");
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await.expect("text") {
        let answer = match line.split(' ').collect::<Vec<_>>()[..] {
            ["put", key, value] => {
                session.put(key.into(), value.to_owned().into(), None).await.map(|_| "ok".to_owned())
            }
            ["get", key] => session.list(key.into()).await.map(|snapshot| {
                let found = snapshot.entries.into_iter().find(|entry| entry.key == key);
                found.map_or("none".into(), |entry| String::from_utf8_lossy(&entry.value).into_owned())
            }),
            _ => Ok(format!("not understood: {line}")),
        };
        println!("{}", answer.unwrap_or_else(|error| error.to_string()));
    }
}
