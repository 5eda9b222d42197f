//! Code in prose and in tables, which no compiler sees, names what there is: methods, types with what belongs to them, attributes, hooks. A name
//! is known if the sources of Ember declare it, or if the page's own code has it, which is compiled. So a renamed method is found;
//! that it takes what is shown, is not.

use std::{collections::BTreeSet, fs, path::Path};

use super::pages::{pages, root, spans, split};

/// Of tokio and other crates, and what is shown of them only here. Each is used, or it goes.
const FOREIGN: [&str; 5] = ["Duration::from_secs", "Duration::ZERO", "Duration::from_millis", "into_actor", "map_err"];

/// For those who change Ember: what is private counts here.
const INSIDE: [&str; 2] = ["recipes.md", "mutants.md"];

/// What pages take for granted of a service that they showed elsewhere, or make up.
const EXAMPLES: [&str; 4] = ["pocket", "pockets", "on(paused)", "M::INFO"];

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word that begins here, and what follows it.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_word(c)).unwrap_or(text.len()))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

/// The sources of a crate in one text.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            sources(&entry, text);
        } else {
            *text += &fs::read_to_string(&entry).expect("a source");
        }
    }
}

/// What Ember declares.
#[derive(Default)]
struct Declared {
    functions: BTreeSet<String>,
    types: BTreeSet<String>,
    /// Functions, and what stands at the beginning of a line, as variants and constants do.
    members: BTreeSet<String>,
    /// Attributes, and what may stand in `#[on(…)]`.
    macros: String,
}

impl Declared {
    fn read(inside: bool) -> Self {
        let (mut all, mut declared) = (String::new(), Self::default());
        for folder in ["ember-runtime/src", "ember/src"] {
            sources(&root().join(folder), &mut all);
        }
        sources(&root().join("ember-macros/src"), &mut declared.macros);
        for line in all.lines().map(str::trim_start) {
            if let Some((before, name)) = line.split_once("fn ")
                && (inside || !before.starts_with("pub("))
                && !before.starts_with("//")
            {
                declared.functions.insert(word(name).0.to_owned());
            }
            let crates = line.strip_prefix("pub(crate) ").filter(|_| inside);
            let public = line.strip_prefix("pub ").or(crates);
            let (kind, name) = public.and_then(|rest| rest.split_once(' ')).unwrap_or_default();
            match kind {
                "struct" | "enum" | "trait" | "type" => drop(declared.types.insert(word(name).0.to_owned())),
                "const" => drop(declared.members.insert(word(name).0.to_owned())),
                _ => {}
            }
            let (name, rest) = word(line);
            if name.starts_with(char::is_uppercase) && (rest.is_empty() || rest.starts_with([',', '(', ' '])) {
                declared.members.insert(name.to_owned());
            }
        }
        assert!(declared.functions.len() > 500 && declared.types.len() > 100, "the sources are read");
        declared.members.extend(declared.functions.iter().cloned());
        declared
    }
}

/// A method that is called: its name, and the type between `::<` and `>`.
fn methods(span: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    span.match_indices('.').filter_map(|(place, _)| {
        let (name, rest) = word(&span[place + 1..]);
        let (of, rest) = match rest.strip_prefix("::<").and_then(|rest| rest.split_once('>')) {
            Some((of, rest)) => (Some(of), rest),
            None => (None, rest),
        };
        (!name.is_empty() && rest.starts_with('(')).then_some((name, of))
    })
}

/// `Type::member`.
fn paths(span: &str) -> impl Iterator<Item = (&str, &str)> {
    span.match_indices("::").filter_map(|(place, _)| {
        let before = &span[..place];
        let start = before
            .rfind(|c| !is_word(c))
            .map_or(0, |last| last + before[last..].chars().next().map_or(1, char::len_utf8));
        let (of, (name, _)) = (&before[start..], word(&span[place + 2..]));
        (of.starts_with(char::is_uppercase) && !name.is_empty()).then_some((of, name))
    })
}

/// `#[name(argument`.
fn attributes(span: &str) -> impl Iterator<Item = (&str, &str)> {
    span.match_indices("#[").map(|(place, _)| {
        let (name, rest) = word(&span[place + 2..]);
        (name, rest.strip_prefix('(').map_or("", |rest| word(rest).0))
    })
}

/// What is wrong with a piece of code, if anything is.
fn faults(span: &str, declared: &Declared, is_known: &mut dyn FnMut(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, of) in methods(span) {
        if !declared.functions.contains(name) && !is_known(name) {
            faults.push(format!("there is no method `{name}`"));
        }
        let of = of.filter(|of| of.len() > 1 && *of != "…");
        match (name, of.map(|of| of.ends_with("Client"))) {
            ("client" | "select", Some(false)) => faults.push(format!("`{name}` takes a client")),
            ("local" | "list", Some(true)) => faults.push(format!("`{name}` takes a service")),
            _ => {}
        }
    }
    for (of, name) in paths(span) {
        let is_declared = declared.types.contains(of) && declared.members.contains(name);
        if !(is_declared || is_known(&format!("{of}::{name}")) || is_known(of) && is_known(name)) {
            faults.push(format!("there is no `{of}::{name}`"));
        }
    }
    for (name, argument) in attributes(span) {
        let is_read = |word: &str| declared.macros.contains(&format!("\"{word}\""));
        if !declared.macros.contains(&format!("pub fn {name}(")) && !is_read(name) && !is_known(name) {
            faults.push(format!("there is no `#[{name}]`"));
        }
        if name == "on" && !argument.is_empty() && !is_read(argument) && !is_known(&format!("on({argument})")) {
            faults.push(format!("there is no `#[on({argument})]`"));
        }
    }
    faults
}

#[test]
fn code_in_prose_and_in_tables_names_what_there_is() {
    let (public, inside) = (Declared::read(false), Declared::read(true));
    let (mut used, mut wrong, mut looked_at) = (BTreeSet::<&str>::new(), Vec::new(), 0);
    for (page, text) in pages() {
        let (blocks, prose) = split(&text);
        let shown: BTreeSet<_> = blocks.iter().flat_map(|block| &block.lines).flat_map(|line| words(line)).collect();
        let mut is_known = |name: &str| {
            let listed = FOREIGN.iter().chain(&EXAMPLES).find(|known| **known == name);
            used.extend(listed);
            listed.is_some() || shown.contains(name)
        };
        for span in prose.iter().flat_map(|line| spans(line)) {
            looked_at += 1;
            let declared = if INSIDE.contains(&&*page) { &inside } else { &public };
            let faults = faults(span, declared, &mut is_known);
            wrong.extend(faults.into_iter().map(|fault| format!("docs/src/{page}: `{span}`: {fault}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(looked_at > 1_000, "code is found: {looked_at}");
    let unused: Vec<_> = FOREIGN.iter().chain(&EXAMPLES).filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "nobody names these any more: {unused:?}");
}

#[test]
fn what_is_not_there_is_found() {
    let declared = Declared::read(false);
    let faults = |span: &str| faults(span, &declared, &mut |_| false);
    for right in [
        "node.spawn(room)",
        "node.client::<RoomClient>()",
        "Restart::Never",
        "#[on(stop)]",
        "#[every(\"1s\")]",
        "player.rpc_x",
        "…",
    ] {
        assert_eq!(faults(right), Vec::<String>::new(), "{right}");
    }
    for wrong in [
        "node.spwan(room)",
        "node.client::<Room>()",
        "Restart::Seldom",
        "Rastert::Never",
        "#[on(halt)]",
        "#[evry(\"1s\")]",
    ] {
        assert_eq!(faults(wrong).len(), 1, "{wrong}: {:?}", faults(wrong));
    }
}
