//! Ember, through its public interface, with default settings. `--remote` puts the service into another process.

mod cluster;
mod elected;
mod here;
mod many;
mod service;
mod there;

use harness::{Args, Workload};

fn main() {
    let args = Args::from_env();
    match (args.remote, args.workload) {
        (true, _) => harness::remote::<there::Client>(args),
        (false, Workload::Nodes) => harness::once::<many::Nodes>(args),
        (false, Workload::Register) => harness::once::<many::Registered>(args),
        (false, Workload::Spawn) => harness::local::<here::Spawned>(args),
        (false, _) if args.variant == "elected" => harness::local::<elected::Client>(args),
        (false, _) => harness::local::<here::Client>(args),
    }
}
