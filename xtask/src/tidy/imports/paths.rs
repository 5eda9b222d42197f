//! The paths that a piece of code names: those of its `use` statements, one by one, and those written out in the code.

use std::ops::Range;

use super::tree::Module;
use crate::tidy::source::is_name;

/// A path, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) at: usize,
    /// `["crate", "a", "B"]`.
    pub(super) parts: Vec<String>,
    /// How many modules written out in the same file are around it.
    depth: usize,
}

impl Path {
    /// The path as the file's own module would write it; `None` if it stays inside the file.
    pub(super) fn leaves(&self, file: &Module) -> Option<Vec<String>> {
        let supers = self.parts.iter().take_while(|part| *part == "super").count();
        if self.depth == 0 || supers == 0 {
            return Some(self.parts.clone());
        }
        let beyond = supers.checked_sub(self.depth)?;
        (beyond > 0 && beyond <= file.depth()).then(|| self.parts[self.depth..].to_vec())
    }
}

/// A name that a `use` statement brings into its module, and the path behind it.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) name: String,
    pub(super) path: Path,
}

/// Every path in the code that may lead out of its file.
pub(super) fn all(code: &str) -> Vec<Path> {
    let statements = statements(code);
    let nested = nested(code);
    let mut found: Vec<Path> = uses(code).into_iter().map(|used| used.path).collect();
    for (at, parts) in written_out(code) {
        if !statements.iter().any(|statement| statement.contains(&at)) {
            found.push(Path { at, parts, depth: depth(&nested, at) });
        }
    }
    found
}

/// What the `use` statements bring in.
pub(super) fn uses(code: &str) -> Vec<Use> {
    let nested = nested(code);
    let mut found = Vec::new();
    for statement in statements(code) {
        let mut leaves = Vec::new();
        tree(code, statement.start, &[], &mut leaves);
        found.extend(leaves.into_iter().map(|(name, parts)| {
            let path = Path { at: statement.start, parts, depth: depth(&nested, statement.start) };
            Use { name, path }
        }));
    }
    found
}

impl Use {
    /// Whether it stands in the file's own module, not in one written out inside.
    pub(super) fn of_the_file(&self) -> bool {
        self.path.depth == 0
    }
}

/// The part after `use`, up to its `;`, of each statement.
fn statements(code: &str) -> Vec<Range<usize>> {
    words(code, "use ").map(|at| at + 4..code[at..].find(';').map_or(code.len(), |end| at + end)).collect()
}

/// Where a word stands by itself.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !code[..*at].bytes().next_back().is_some_and(|byte| is_name(byte) || byte == b':'))
}

/// Reads one tree of a `use` statement; returns where it ends.
fn tree(code: &str, from: usize, before: &[String], leaves: &mut Vec<(String, Vec<String>)>) -> usize {
    let mut at = skip(code, from);
    if code[at..].starts_with('{') {
        at = skip(code, at + 1);
        while at < code.len() && !code[at..].starts_with('}') {
            let end = skip(code, tree(code, at, before, leaves));
            at = if code[end..].starts_with(',') { skip(code, end + 1) } else { end };
            if end == at && !code[at..].starts_with('}') {
                return code.len();
            }
        }
        return (at + 1).min(code.len());
    }
    let name = name_at(code, at);
    let end = at + name.len().max(1);
    if code[end.min(code.len())..].starts_with("::") {
        return tree(code, end + 2, &[before, &[name.to_owned()]].concat(), leaves);
    }
    let path =
        if name == "self" && !before.is_empty() { before.to_vec() } else { [before, &[name.to_owned()]].concat() };
    let alias = code[end.min(code.len())..].strip_prefix(" as ").map(|rest| name_at(rest, 0));
    if name.is_empty() {
        // `a::*` names the module.
        leaves.push((String::new(), before.to_vec()));
        return end;
    }
    leaves.push((alias.map_or_else(|| path[path.len() - 1].clone(), str::to_owned), path));
    end + alias.map_or(0, |alias| alias.len() + 4)
}

fn skip(code: &str, from: usize) -> usize {
    code.len() - code[from.min(code.len())..].trim_start().len()
}

fn name_at(code: &str, at: usize) -> &str {
    let length = code.as_bytes()[at.min(code.len())..].iter().take_while(|byte| is_name(**byte)).count();
    &code[at..at + length]
}

/// Paths of at least two parts, outside macros' `$crate`.
fn written_out(code: &str) -> Vec<(usize, Vec<String>)> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let first = name_at(code, at);
        if first.is_empty() {
            at += 1;
            continue;
        }
        let start = at;
        let mut parts = vec![first.to_owned()];
        at += first.len();
        while code[at..].starts_with("::") && !name_at(code, at + 2).is_empty() {
            let next = name_at(code, at + 2);
            parts.push(next.to_owned());
            at += 2 + next.len();
        }
        let before = code[..start].bytes().next_back();
        // `pub(in crate::a)` says who may see, and takes nothing.
        let sight = code[..start].ends_with("pub(in ");
        if parts.len() > 1 && !sight && !before.is_some_and(|byte| byte == b':' || byte == b'$') {
            found.push((start, parts));
        }
    }
    found
}

/// The modules that are written out in this file.
fn nested(code: &str) -> Vec<Range<usize>> {
    words(code, "mod ")
        .filter_map(|at| {
            let end = skip(code, at + 4 + name_at(code, at + 4).len());
            code[end..].starts_with('{').then(|| end..block_end(code, end))
        })
        .collect()
}

fn block_end(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

fn depth(nested: &[Range<usize>], at: usize) -> usize {
    nested.iter().filter(|module| module.contains(&at)).count()
}
