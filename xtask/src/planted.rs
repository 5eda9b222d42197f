//! Bugs in the runtime that the judge of `ember::testing::prove` must find, each in a run of its own, by the proofs that Ember runs anyway.
//!
//! They are in builds with `--cfg ember_planted` only, which `tools/planted` makes beside the others; `ember-runtime/src/planted.rs` has their names.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::shell;

/// A bug must be found by so many seeds.
const SEEDS: u64 = 2_000;
/// By this variable cargo is told of [`wrapper`].
const WRAPPER: &str = "RUSTC_WORKSPACE_WRAPPER";
/// With no bug, each proof passes so many.
const CLEAN: u64 = SEEDS;
const BINARIES: [&str; 6] = ["elected_prove", "replicated_prove", "replicated", "events", "concurrent", "sharded"];

const ELSEWHERE: &str = "one_master_per_epoch_acts_and_what_callers_saw_has_an_order";
const BESIDE: &str = "no_master_acts_beside_a_later_one_whoever_sees_what_it_sees";
const STILL: &str = "a_master_that_stood_still_releases_no_reply_beside_a_later_one";
const ENDING: &str = "there_is_a_master_again_after_services_have_ended_on_nodes_that_live";
const KEPT: &str = "what_was_acknowledged_is_kept_and_whoever_called_was_told_the_truth";
const SHOWN: &str = "users_beside_the_members_see_no_more_and_no_less";
const AGAIN: &str = "again::what_became_of_a_call_is_known_to_whoever_is_the_master_then";
const OWES: &str = "owes::a_call_that_is_committed_with_an_entry_is_made_once_and_none_that_is_not";
const PROMISED: &str = "away::a_master_that_stood_still_while_it_was_promised_something_does_not_go_on_by_that";
const GAPS: &str = "faults::over_partitions_and_stalls_no_event_is_doubled_and_every_gap_is_told_with_its_count";

const ORDER: &str = "order::the_order_of_each_key_stays_while_the_workers_come_and_go";
const PURSE: &str = "judged::each_key_has_one_shard_at_a_time_whatever_dies_while_it_breathes_and_shards_panic";

/// The bugs, and the proof that finds each.
const BUGS: [(&str, &str); 26] = [
    ("epoch-at-callee", BESIDE),
    ("watch-from-now", ENDING),
    ("retry-maybe-executed", ELSEWHERE),
    ("keep-role", BESIDE),
    ("forget-gone", ELSEWHERE),
    ("forget-office", ENDING),
    ("reply-unchecked", STILL),
    ("claim-at-once", BESIDE),
    ("count-claims", ELSEWHERE),
    ("apply-on-receipt", KEPT),
    ("shrink-at-once", KEPT),
    ("keep-name", KEPT),
    ("forget-barrier", KEPT),
    ("reply-at-once", KEPT),
    ("count-any-version", KEPT),
    ("settled-at-once", KEPT),
    ("empty-wins", KEPT),
    ("believe-older", KEPT),
    ("found-at-once", KEPT),
    ("forget-outcomes", AGAIN),
    ("forget-owed", OWES),
    ("send-at-once", OWES),
    ("promise-from-receipt", PROMISED),
    ("forget-interest", GAPS),
    ("move-key", ORDER),
    ("shard-by-workers", PURSE),
];

/// What a failure says, and which of the judge's checks says so: the rows of the table in `docs/src/prove.md`.
const CHECKS: [(&str, &str); 12] = [
    ("not linearizable", "what users saw"),
    ("` does not hold: ", "your own"),
    // Before the next, which it says too.
    ("was sent to the master of", "what masters did"),
    ("and its handler began ", "what calls did"),
    ("was answered by", "what masters did"),
    ("two masters in the epoch", "what masters did"),
    ("do not serve", "the service"),
    ("not all are in sync", "the group"),
    ("of its publishers' events", "what subscribers heard"),
    ("the calls of the key", "what handlers saw"),
    ("do not come to see each other", "the cluster"),
    ("acted that is the master no more", "what masters showed"),
];

/// What a run of a proof ended with.
struct Told {
    seed: u64,
    what: String,
    replay: String,
}

/// The task: all bugs and no bug; or, with `names`, these bugs.
pub(crate) fn command(names: &[&str]) -> Result<(), String> {
    if let Some(unknown) = names.iter().find(|name| BUGS.iter().all(|(bug, _)| bug != *name)) {
        return Err(format!("`{unknown}` is no planted bug: name one of {}", BUGS.map(|(bug, _)| bug).join(", ")));
    }
    let is_named = |bug: &str| names.is_empty() || names.contains(&bug);
    for needed in BINARIES.iter().filter(|it| BUGS.iter().any(|(bug, proof)| is_named(bug) && binary(proof) == **it)) {
        shell::run(&mut cargo(needed, &["--no-run"]))?;
    }
    println!("\n| bug | seeds | told by | what is left |\n| --- | --- | --- | --- |");
    let (mut missed, mut replays) = (Vec::new(), Vec::new());
    for (bug, proof) in BUGS.iter().filter(|(bug, _)| is_named(bug)) {
        let Some(Told { seed, what, replay }) = prove(bug, proof, SEEDS)? else {
            println!("| `{bug}` | none of {SEEDS} | | |");
            missed.push(*bug);
            continue;
        };
        let check = check(&what);
        println!(
            "| `{bug}` | {seed} | {check} | `{}` |",
            replay.split_once("faults=").map_or("", |(_, faults)| faults)
        );
        replays.push(format!(
            "{bug}: {what}\n  {WRAPPER}={} EMBER_PLANTED={bug} EMBER_PROVE='{replay}' cargo test --workspace --all-features --test {} {proof}",
            wrapper().display(),
            binary(proof)
        ));
    }
    println!("\n{}\n", replays.join("\n\n"));
    if !missed.is_empty() {
        return Err(format!("not found by {SEEDS} seeds: {}", missed.join(", ")));
    }
    if names.is_empty() { clean() } else { Ok(()) }
}

/// Which test binary has this proof.
fn binary(proof: &str) -> &'static str {
    let [elected, replicated, members, events, concurrent, sharded] = BINARIES;
    match proof {
        KEPT | SHOWN | AGAIN | OWES => replicated,
        PROMISED => members,
        GAPS => events,
        ORDER => concurrent,
        PURSE => sharded,
        _ => elected,
    }
}

/// Which of the judge's checks says so.
fn check(what: &str) -> &'static str {
    CHECKS.iter().find(|(says, _)| what.contains(says)).map_or("another", |(_, check)| check)
}

/// What has no bug passes.
fn clean() -> Result<(), String> {
    for proof in [ELSEWHERE, BESIDE, STILL, ENDING, KEPT, SHOWN, AGAIN, OWES, PROMISED, GAPS, ORDER, PURSE] {
        if let Some(Told { seed, what, replay }) = prove("none", proof, CLEAN)? {
            return Err(format!(
                "with no bug planted, seed {seed} of `{proof}` failed: {what}\n  EMBER_PROVE='{replay}'"
            ));
        }
        println!("none planted: {CLEAN} seeds of `{proof}` pass");
    }
    Ok(())
}

/// Runs one proof up to its first failure.
fn prove(bug: &str, proof: &str, seeds: u64) -> Result<Option<Told>, String> {
    let mut run = cargo(binary(proof), &["--", "--exact", proof, "--nocapture"]);
    run.env("EMBER_PLANTED", bug).env("EMBER_PROVE_SEEDS", seeds.to_string()).env_remove("EMBER_PROVE");
    let ran = run.stdin(Stdio::null()).output().map_err(|error| format!("`cargo test` did not start: {error}"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    match read(&said) {
        None if ran.status.success() && said.contains("test result: ok. 1 passed") => Ok(None),
        None => Err(format!("`{proof}` with the bug `{bug}` ended without a failure that could be read:\n{said}")),
        told => Ok(told),
    }
}

/// Reads `seed 7 failed, after 6 that passed. WHAT`, and the line for `EMBER_PROVE` below it.
fn read(said: &str) -> Option<Told> {
    let (_, failure) = said.split_once("seed ").filter(|(_, rest)| rest.contains(" failed, after "))?;
    let (seed, rest) = failure.split_once(" failed, after ")?;
    let (_, what) = rest.lines().next()?.split_once(" that passed. ")?;
    let (_, line) = rest.split_once("EMBER_PROVE='")?;
    let (replay, _) = line.split_once('\'')?;
    Some(Told { seed: seed.parse().ok()?, what: what.to_owned(), replay: replay.to_owned() })
}

/// `cargo test` of the proofs, in a build that has the bugs.
fn cargo(binary: &str, args: &[&str]) -> Command {
    let mut cargo = shell::cargo(&["test", "--quiet", "--workspace", "--all-features", "--test", binary]);
    cargo.args(args).env(WRAPPER, wrapper());
    cargo
}

/// What the crates of the workspace are compiled with: the same features as everywhere, so that nothing else is built anew.
fn wrapper() -> PathBuf {
    shell::root().join("tools/planted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_read_from_what_a_proof_prints() {
        let said = "panicked at x.rs:\nseed 7 failed, after 6 that passed. a call, and its handler began 2 times\n\nIt needs 1 …\n  \
                    EMBER_PROVE='seed=7 clients=1 calls=2 faults=kill(a)@1+1' cargo test name\n";
        let Told { seed, what, replay } = read(said).expect("a failure");
        assert_eq!((seed, &*what), (7, "a call, and its handler began 2 times"));
        assert_eq!(replay, "seed=7 clients=1 calls=2 faults=kill(a)@1+1");
        let masters =
            "a call was sent to the master of Bank in the epoch 5, and its handler began in the epoch 7, on [1]";
        let named = [&*what, masters, "the service `bank` do not serve", "what nobody knows"].map(check);
        assert_eq!(named, ["what calls did", "what masters did", "the service", "another"]);
        assert!(read("30 runs with 7 faults\ntest result: ok. 1 passed; 0 failed").is_none());
    }
}
