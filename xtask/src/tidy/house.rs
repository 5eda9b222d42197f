//! What holds between files, inside rooms too: imports go down the floors of a room, and in no circle.

use std::collections::{BTreeMap, BTreeSet};

use super::files::File;
use super::imports::{self, Import, Module};
use super::{macros, source};

/// The crates whose inner order is kept.
const CRATES: [&str; 2] = ["ember-runtime/src/", macros::ROOT];

/// The floors of rooms that have some, ground floor first: a file uses those of its own floor and below.
const FLOORS: [(&str, &[&str]); 7] = [
    ("message", &["schema", "format", "codecs", "transcode", "streams", "methods", "metadata", "replies"]),
    ("actor", &["turn", "about", "once", "erased", "service", "work", "cell", "intake", "life"]),
    ("call", &["outages", "routes", "requests", "reach", "paths", "clients"]),
    ("event", &["kinds", "local", "away", "face"]),
    ("node", &["settings", "offices", "slot", "follow", "hosting", "process", "life"]),
    ("directory", &["records", "breakers", "instances", "views", "membership"]),
    ("transport", &["protocol", "stream", "entrance", "link", "peers", "handshake"]),
];

/// So many files may stand side by side in a folder, besides its `mod.rs`: more need folders between them.
const MAX_FILES: usize = 12;

/// What is wrong between the files.
pub(super) fn findings(files: &[File]) -> Vec<String> {
    let mut found = crowded(files);
    for root in CRATES {
        let sources = sources(files, root);
        let imports = imports::imports(&sources);
        for (module, code) in sources.iter().filter(|_| root == macros::ROOT) {
            let judged = macros::judged(module, code).into_iter();
            found.extend(judged.map(|(line, what)| format!("{}:{line}: {what}", path(files, root, module))));
        }
        let wrong = if root == macros::ROOT { macros::findings(&imports) } else { upward(&imports) };
        found.extend(wrong.into_iter().map(|(import, what)| format!("{}: {what}", place(files, root, import))));
        for circle in imports::circles(&imports) {
            let first = imports.iter().find(|import| import.from == circle[0] && import.to == circle[1 % circle.len()]);
            let at = first.map_or_else(|| root.to_owned(), |import| place(files, root, import));
            found.push(format!("{at}: {}", told(&circle, &imports)));
        }
    }
    found
}

fn sources(files: &[File], root: &str) -> BTreeMap<Module, String> {
    let inside = |file: &File| {
        let path = file.path.strip_prefix(root)?;
        let (always, _) = source::split_tests(&source::code(&file.text));
        (!file.test_only()).then(|| (Module::of(path), always))
    };
    files.iter().filter_map(inside).collect()
}

/// `path:line` of an import.
fn place(files: &[File], root: &str, import: &Import) -> String {
    format!("{}:{}", path(files, root, &import.from), import.line)
}

/// The path of a file of this crate.
fn path<'a>(files: &'a [File], root: &'a str, module: &Module) -> &'a str {
    let is = |file: &&File| file.path.strip_prefix(root).is_some_and(|inside| Module::of(inside) == *module);
    files.iter().find(is).map_or(root, |file| file.path.as_str())
}

/// Imports of a higher floor in the same room.
fn upward(imports: &BTreeSet<Import>) -> Vec<(&Import, String)> {
    let floor = |module: &Module| match module.names() {
        [room, floor, ..] => {
            let (_, floors) = FLOORS.iter().find(|(named, _)| named == room)?;
            floors.iter().position(|named| named == floor)
        }
        _ => None,
    };
    let said = |import: &Import| {
        let [room, own, ..] = import.from.names() else { return None };
        if import.to.names().first() != Some(room) || floor(&import.from)? >= floor(&import.to)? {
            return None;
        }
        let other = &import.to.names()[1];
        Some(format!("floor `{own}` of room `{room}` uses `{other}`, which comes after it"))
    };
    imports.iter().filter_map(|import| Some((import, said(import)?))).collect()
}

/// A circle, with what each of its files takes from the next.
fn told(circle: &[Module], imports: &BTreeSet<Import>) -> String {
    let taken = |from: &Module, to: &Module| {
        let items = imports.iter().filter(|import| import.from == *from && import.to == *to);
        let names: BTreeSet<&str> = items.map(|import| import.item.as_deref().unwrap_or("self")).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let step = |(from, to): (&Module, &Module)| format!("`{from}` uses `{to}` ({})", taken(from, to));
    let next = circle.iter().cycle().skip(1);
    let steps: Vec<String> = circle.iter().zip(next).map(step).collect();
    format!("files import each other in a circle: {}", steps.join(", "))
}

/// Folders with too many files side by side.
fn crowded(files: &[File]) -> Vec<String> {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    let of_a_crate = |file: &&File| CRATES.iter().any(|root| file.path.starts_with(root)) && !file.test_only();
    for file in files.iter().filter(of_a_crate) {
        if let Some((folder, name)) = file.path.rsplit_once('/')
            && name != "mod.rs"
        {
            *folders.entry(folder).or_default() += 1;
        }
    }
    let many = folders.into_iter().filter(|(_, count)| *count > MAX_FILES);
    many.map(|(folder, count)| {
        format!("{folder}:1: {count} files side by side; more than {MAX_FILES} need folders between them")
    })
    .collect()
}
