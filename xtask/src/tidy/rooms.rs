//! The rooms of `ember-runtime`: a room may use those before it, never those after it.

use super::source::is_name;

/// Ground floor first; the table in `docs/` and CONTRIBUTING.md says what each holds.
const ROOMS: [&str; 34] = [
    "planted",
    "id",
    "error",
    "panics",
    "sync",
    "rng",
    "clock",
    "shelf",
    "meters",
    "threads",
    "net",
    "frames",
    "scale",
    "message",
    "hooks",
    "office",
    "replica",
    "journal",
    "mailbox",
    "actor",
    "module",
    "timer",
    "offload",
    "registry",
    "directory",
    "transport",
    "call",
    "election",
    "event",
    "node",
    "testing",
    "admin",
    "telemetry",
    "gateway",
];

/// What is wrong with the uses of other rooms in one file.
///
/// `inside` is its path in `src`; `code` is its code without comments, literals and tests.
pub(crate) fn findings(inside: &str, code: &str) -> Vec<(usize, String)> {
    let parts: Vec<&str> = inside.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
    let room = parts[0];
    if room == "lib" {
        return Vec::new();
    }
    let Some(floor) = floor(room) else {
        return vec![(1, format!("`{room}` is not a room: give it a place in the order in xtask/src/tidy/rooms.rs"))];
    };
    let mut said = Vec::new();
    // Inside a nested `mod { … }` the same supers lead less far: there, only a name that is a room says something.
    let supers = uses(code, &"super::".repeat(parts.len())).into_iter().filter(|(_, used)| self::floor(used).is_some());
    for (at, used) in uses(code, "crate::").into_iter().chain(supers) {
        let line = code[..at].matches('\n').count() + 1;
        match self::floor(used) {
            Some(other) if other <= floor => {}
            Some(_) => said.push((line, format!("room `{room}` uses `{used}`, which comes after it"))),
            None => said.push((line, format!("`crate::{used}` is not a room: name the room that holds it"))),
        }
    }
    said
}

fn floor(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// Names that follow `prefix` where a path starts with it; with their places.
fn uses<'a>(code: &'a str, prefix: &str) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].bytes().next_back();
        // `$crate::` is a macro's business, and `super::super::` was met at its start.
        if !before.is_some_and(|byte| is_name(byte) || byte == b':' || byte == b'$') {
            found.extend(names(code, at + prefix.len()));
        }
    }
    found
}

/// The name at a place, or the first name of each member of a `{…}` group.
fn names(code: &str, at: usize) -> Vec<(usize, &str)> {
    let rest = &code[at..];
    if !rest.starts_with('{') {
        return name(code, at).into_iter().collect();
    }
    let (mut depth, mut found) = (0, Vec::new());
    for (offset, byte) in rest.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' => {}
            _ => continue,
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && byte != b'}' {
            let next = at + offset + 1;
            let gap = code[next..].len() - code[next..].trim_start().len();
            found.extend(name(code, next + gap));
        }
    }
    found
}

/// A macro (`crate::name!`) is not a room's: it has no room to be named by.
fn name(code: &str, at: usize) -> Option<(usize, &str)> {
    let length = code[at..].bytes().take_while(|byte| is_name(*byte)).count();
    let name = &code[at..at + length];
    (length > 0 && !code[at + length..].starts_with('!')).then_some((at, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_rooms_may_be_used() {
        assert!(findings("call/mod.rs", "use crate::id::Pid; use crate::{error::CallError, call::Call};").is_empty());
    }

    #[test]
    fn higher_rooms_may_not_be_used() {
        let said = findings("net/tcp.rs", "use crate::rng::Rng;\nuse crate::{error::{A, B}, node::Node};");
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].0, 2);
        assert!(said[0].1.contains("room `net` uses `node`"));
    }

    #[test]
    fn supers_that_reach_the_root_count() {
        assert_eq!(findings("net/tcp.rs", "use super::super::node::Node;").len(), 1);
        assert_eq!(findings("net/mod.rs", "fn f() { super::node::g() }").len(), 1);
        assert!(findings("net/tcp.rs", "use super::endpoint::Endpoint;").is_empty());
        assert!(findings("net/tcp.rs", "mod inner { use super::super::endpoint::Endpoint; }").is_empty());
    }

    #[test]
    fn names_that_are_no_room_are_reported() {
        assert!(findings("net/mod.rs", "use crate::Node;")[0].1.contains("not a room"));
        assert!(findings("cellar/mod.rs", "")[0].1.contains("`cellar` is not a room"));
        assert!(findings("net/mod.rs", "crate::fail!(); $crate::node::X").is_empty());
    }
}
