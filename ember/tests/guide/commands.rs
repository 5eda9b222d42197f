//! The commands that the pages and the READMEs give name what there is: packages, examples, tests, tasks, features.

use std::{collections::BTreeSet, fs, path::Path};

use super::pages::{pages, root, spans, split};

/// The pages, and what else a newcomer reads.
fn texts() -> Vec<(String, String)> {
    let others =
        ["README.md", "CONTRIBUTING.md", "examples/README.md", "examples/template/README.md", "benches/README.md"];
    let others = others.map(|name| (name.to_owned(), file(name)));
    pages().into_iter().chain(others).collect()
}

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All commands of a text: in blocks for a shell, and in the prose.
fn commands(text: &str) -> Vec<String> {
    let (blocks, prose) = split(text);
    let shell = blocks.iter().filter(|block| block.language() == "sh").flat_map(|block| &block.lines).copied();
    let lines = shell.chain(prose.into_iter().flat_map(spans));
    let without_comment = lines.map(|line| line.split(" #").next().unwrap_or_default());
    without_comment.flat_map(|line| line.split("&&")).map(|line| line.trim().to_owned()).collect()
}

/// Every value of `key = "…"` in the manifests below a folder.
fn named(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() && !entry.ends_with("target") {
            named(&entry, names);
        } else if entry.ends_with("Cargo.toml") {
            let manifest = fs::read_to_string(&entry).expect("a manifest");
            names.extend(
                manifest
                    .lines()
                    .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
                    .map(str::to_owned),
            );
        }
    }
}

/// The names before `=` in the section `[features]` of a manifest.
fn features(manifest: &str) -> Vec<String> {
    let text = file(manifest);
    let section =
        text.lines().skip_while(|line| *line != "[features]").skip(1).take_while(|line| !line.starts_with('['));
    section.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned()).collect()
}

/// What follows one of these options.
fn value<'a>(words: &[&'a str], options: &[&str]) -> Option<&'a str> {
    let place = words.iter().position(|word| options.contains(word))?;
    words.get(place + 1).copied()
}

#[test]
fn each_cargo_command_names_what_there_is() {
    let mut known = BTreeSet::new();
    for folder in ["ember", "ember-runtime", "examples", "tests", "ui-tests", "xtask", "benches"] {
        named(&root().join(folder), &mut known);
    }
    let (help, all_features) =
        (file("xtask/src/main.rs"), [features("ember/Cargo.toml"), features("examples/Cargo.toml")].concat());
    let mut checked = 0;
    for (place, text) in texts() {
        for command in commands(&text).iter().filter(|command| command.starts_with("cargo ")) {
            let ours = command.split(" -- ").next().unwrap_or_default();
            let words: Vec<_> = ours.split_whitespace().collect();
            for name in [value(&words, &["-p", "--package"]), value(&words, &["--example"])].into_iter().flatten() {
                assert!(known.contains(name), "{place}: `{command}`: there is no {name}");
            }
            if let Some(name) = value(&words, &["--test"]) {
                assert!(root().join(format!("tests/tests/{name}.rs")).is_file(), "{place}: `{command}`: no such test");
            }
            if let Some(wanted) = value(&words, &["--features"]) {
                let is_known = |name: &str| all_features.iter().any(|known| known == name);
                assert!(wanted.split(',').all(is_known), "{place}: `{command}`: no such feature");
            }
            if let ["cargo", "xtask", task, ..] = *words {
                assert!(
                    help.contains(&format!("\ncargo xtask {task} ")),
                    "{place}: `{command}`: `cargo xtask help` has no such task"
                );
            }
            if let Some(example) = value(&words, &["--example"]) {
                let package = value(&words, &["-p", "--package"]);
                assert_eq!(
                    package,
                    Some("ember-examples"),
                    "{place}: `{command}`: {example} alone, without `-p`, builds etcd's client"
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "commands are found: {checked}");
}

#[test]
fn each_feature_that_is_named_is_one() {
    let known = features("ember/Cargo.toml");
    let mut checked = 0;
    for (place, text) in texts() {
        let (blocks, prose) = split(&text);
        let toml = blocks.iter().filter(|block| block.language() == "toml").flat_map(|block| &block.lines).copied();
        // In the prose it is Ember's unless another crate is named with it.
        let inline = prose.iter().flat_map(|line| spans(line)).filter(|span| span.starts_with("features = "));
        for line in toml.filter(|line| line.starts_with("ember = ")).chain(inline) {
            let Some((_, list)) = line.split_once("features = [") else { continue };
            let list = list.split(']').next().unwrap_or_default();
            for name in list.split(',').map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty()) {
                checked += 1;
                assert!(known.iter().any(|known| known == name), "{place}: `{line}`: `ember` has no feature `{name}`");
            }
        }
    }
    assert!(checked >= 3, "features are found: {checked}");
}
