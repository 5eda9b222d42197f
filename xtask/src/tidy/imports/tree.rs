//! The modules of a crate, and the way from a path to the file that holds what it names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::paths;

/// A module that has a file of its own: its names from the root of the crate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tidy) struct Module(Vec<String>);

impl Module {
    /// By the file's path inside `src`.
    pub(in crate::tidy) fn of(inside: &str) -> Self {
        let names = inside.trim_end_matches(".rs").split('/').filter(|part| !["mod", "lib"].contains(part));
        Self(names.map(str::to_owned).collect())
    }

    /// The names from the root.
    pub(in crate::tidy) fn names(&self) -> &[String] {
        &self.0
    }

    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    fn child(&self, name: &str) -> Self {
        Self([self.0.as_slice(), &[name.to_owned()]].concat())
    }

    fn parent(&self) -> Option<Self> {
        let (_, before) = self.0.split_last()?;
        Some(Self(before.to_vec()))
    }
}

impl fmt::Display for Module {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0.join("::"))
    }
}

/// The modules, each with the names that its `use` statements bring in.
pub(super) struct Tree(BTreeMap<Module, BTreeMap<String, Vec<String>>>);

impl Tree {
    pub(super) fn new(sources: &BTreeMap<Module, String>) -> Self {
        let named = |code: &String| {
            let uses = paths::uses(code).into_iter().filter(paths::Use::of_the_file);
            uses.map(|used| (used.name, used.path.parts)).collect()
        };
        Self(sources.iter().map(|(module, code)| (module.clone(), named(code))).collect())
    }

    /// The module that holds what the path names, seen from `from`, and its name there; `None` outside the crate.
    pub(super) fn find(&self, from: &Module, path: &[String]) -> Option<(Module, Option<String>)> {
        self.follow(from, path, &mut BTreeSet::new())
    }

    fn follow(
        &self,
        from: &Module,
        path: &[String],
        seen: &mut BTreeSet<(Module, String)>,
    ) -> Option<(Module, Option<String>)> {
        let mut at = from.clone();
        for (index, name) in path.iter().enumerate() {
            at = match name.as_str() {
                "crate" => Module(Vec::new()),
                "self" if index == 0 => at,
                "super" => at.parent()?,
                _ if self.0.contains_key(&at.child(name)) => at.child(name),
                _ => match self.0[&at].get(name).filter(|_| seen.insert((at.clone(), name.clone()))) {
                    // A name that is imported here: go where it comes from.
                    Some(behind) => match self.follow(&at, behind, seen)? {
                        (module, None) => module,
                        held => return Some(held),
                    },
                    // The file's own item, or a crate's name.
                    None => return (index > 0).then(|| (at, Some(name.clone()))),
                },
            };
        }
        Some((at, None))
    }
}
