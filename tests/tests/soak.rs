//! The programs of `cargo xtask soak` run, for as long as a test may.

use std::process::Command;

use ember_tests::embedded_node::private_folder;

#[test]
fn twenty_seconds_of_churn_leave_memory_flat_and_nothing_hangs() {
    let folder = private_folder();
    let report = folder.path().join("report.md");
    let soak = Command::new(env!("CARGO_BIN_EXE_soak"))
        .args(["--seconds", "20", "--report"])
        .arg(&report)
        .output()
        .expect("to start soak");
    let said = format!("{}{}", String::from_utf8_lossy(&soak.stdout), String::from_utf8_lossy(&soak.stderr));
    assert!(soak.status.success(), "{said}");
    let report = std::fs::read_to_string(report).expect("a report");
    for what in ["| verdict | flat", "| done |", "| dropped under way |", "| processes killed |", "| nodes dropped"] {
        assert!(report.contains(what), "the report lacks `{what}`: {report}");
    }
}

#[test]
fn arguments_that_are_not_understood_are_named() {
    let soak = Command::new(env!("CARGO_BIN_EXE_soak")).args(["--hours", "1"]).output().expect("to start soak");
    assert!(!soak.status.success());
    assert!(String::from_utf8_lossy(&soak.stderr).contains("`--hours`"), "{soak:?}");
}

#[test]
fn five_processes_are_restarted_under_calls_to_them_and_to_their_master_and_none_fails() {
    let trial = Command::new(env!("CARGO_BIN_EXE_trial"))
        .args(["restarts", "--rate", "200", "--rounds", "1"])
        .output()
        .expect("to start");
    let said = format!("{}{}", String::from_utf8_lossy(&trial.stdout), String::from_utf8_lossy(&trial.stderr));
    assert!(trial.status.success() && said.contains("| 0 violations |") && said.contains(", the master |"), "{said}");
}

#[test]
fn a_bank_whose_members_are_killed_every_second_keeps_all_that_it_has_acknowledged() {
    let trial = Command::new(env!("CARGO_BIN_EXE_trial"))
        .args(["bank", "--members", "3", "--seconds", "7", "--lease", "2"])
        .output()
        .expect("to start");
    let said = format!("{}{}", String::from_utf8_lossy(&trial.stdout), String::from_utf8_lossy(&trial.stderr));
    assert!(trial.status.success() && said.contains("| 0 violations |"), "{said}");
    for what in ["| the master is killed |", "| in doubt |", "| transfers done |"] {
        assert!(said.contains(what), "the report lacks `{what}`: {said}");
    }
}

#[test]
fn trials_that_are_not_understood_are_named() {
    for (words, named) in [
        (["rumours"].as_slice(), "`rumours`"),
        (&["faults", "--hours", "1"], "`--hours`"),
        (&["bank", "--members", "9"], "`--members 9`"),
    ] {
        let trial = Command::new(env!("CARGO_BIN_EXE_trial")).args(words).output().expect("to start");
        assert!(!trial.status.success() && String::from_utf8_lossy(&trial.stderr).contains(named), "{trial:?}");
    }
}
