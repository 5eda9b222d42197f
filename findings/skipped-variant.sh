#!/usr/bin/env bash
# `#[serde(skip)]` on a variant in the middle of an enum: what is sent as one command arrives as another, in every format that numbers variants.
#
# Real:       serde 1.0.229 (with serde_derive), postcard 1.1.3, bincode 1.3.3, rmp-serde 1.3.0, serde_json 1.0.154.
# Seen:       serde's derived `Serialize` numbers the variants as they are declared, the skipped one counted; its derived `Deserialize` numbers
#             those that are left. So of `Look, #[serde(skip)] Internal, Keep(u32), Sell(u32)` the value `Keep(5)` is written with the number 2,
#             and 2 is read as `Sell`: postcard and bincode return `Sell(5)`, without an error. The last variant, `Sell(5)`, cannot be read.
#             Formats that write names (JSON, MessagePack as rmp-serde writes it) return what was sent.
# So:         A type that round trips as JSON may be another value after postcard or bincode. A skipped variant belongs at the end of its enum.
# Needs:      a Rust toolchain, a network.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "skipped"
version = "0.0.0"
edition = "2024"

[dependencies]
bincode = "=1.3.3"
postcard = { version = "=1.1.3", features = ["use-std"] }
rmp-serde = "=1.3.0"
serde = { version = "=1.0.229", features = ["derive"] }
serde_json = "=1.0.154"

[workspace]
TOML
cat > src/main.rs <<'RUST'
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
enum Command {
    Look,
    #[serde(skip)]
    #[allow(dead_code)]
    Internal,
    Keep(u32),
    Sell(u32),
}

fn postcard(command: &Command) -> String {
    let bytes = postcard::to_stdvec(command).unwrap();
    postcard::from_bytes::<Command>(&bytes).map_or("an error".into(), |read| format!("{read:?}"))
}

fn bincode(command: &Command) -> String {
    let bytes = bincode::serialize(command).unwrap();
    bincode::deserialize::<Command>(&bytes).map_or("an error".into(), |read| format!("{read:?}"))
}

fn json(command: &Command) -> String {
    let bytes = serde_json::to_vec(command).unwrap();
    serde_json::from_slice::<Command>(&bytes).map_or("an error".into(), |read| format!("{read:?}"))
}

fn msgpack(command: &Command) -> String {
    let bytes = rmp_serde::to_vec(command).unwrap();
    rmp_serde::from_slice::<Command>(&bytes).map_or("an error".into(), |read| format!("{read:?}"))
}

fn main() {
    for command in [Command::Look, Command::Keep(5), Command::Sell(5)] {
        println!(
            "{command:?}: postcard {}, bincode {}, JSON {}, MessagePack {}",
            postcard(&command), bincode(&command), json(&command), msgpack(&command)
        );
    }
}
RUST

cargo run --quiet > seen
cat seen
diff seen - <<'EXPECTED'
Look: postcard Look, bincode Look, JSON Look, MessagePack Look
Keep(5): postcard Sell(5), bincode Sell(5), JSON Keep(5), MessagePack Keep(5)
Sell(5): postcard an error, bincode an error, JSON Sell(5), MessagePack Sell(5)
EXPECTED
echo "as seen"
