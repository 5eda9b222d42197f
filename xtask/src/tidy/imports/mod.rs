//! Who imports whom inside a crate, file by file. A re-export is followed to the file that holds the thing: what a `mod.rs`
//! only passes on is nobody's import of that `mod.rs`.

mod circles;
mod paths;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use self::tree::Tree;
pub(super) use self::{circles::circles, tree::Module};

/// One file uses another: which, where, and what of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) from: Module,
    pub(super) to: Module,
    /// The line in the file that imports.
    pub(super) line: usize,
    /// What is imported; nothing for the module itself.
    pub(super) item: Option<String>,
}

/// Every import between the files of one crate. `sources`: module, and its code without comments, literals and tests.
pub(super) fn imports(sources: &BTreeMap<Module, String>) -> BTreeSet<Import> {
    let tree = Tree::new(sources);
    let mut found = BTreeSet::new();
    for (from, code) in sources {
        for path in paths::all(code) {
            // Inside a nested `mod { … }` the first supers stay in the file.
            let Some(outside) = path.leaves(from) else { continue };
            let Some((to, item)) = tree.find(from, &outside) else { continue };
            if to != *from {
                let line = code[..path.at].matches('\n').count() + 1;
                found.insert(Import { from: from.clone(), to, line, item });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_of(files: &[(&str, &str)]) -> Vec<(String, String, String)> {
        let sources = files.iter().map(|(path, code)| (Module::of(path), (*code).to_owned())).collect();
        let name = |import: Import| {
            (import.from.to_string(), import.to.to_string(), import.item.unwrap_or_else(|| "self".to_owned()))
        };
        imports(&sources).into_iter().map(name).collect()
    }

    fn only(files: &[(&str, &str)]) -> (String, String, String) {
        let found = crate_of(files);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    }

    fn arrow(from: &str, to: &str, item: &str) -> (String, String, String) {
        (from.to_owned(), to.to_owned(), item.to_owned())
    }

    #[test]
    fn a_reexport_is_followed_to_the_file() {
        let found = crate_of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod c; pub use self::c::C;"),
            ("a/c.rs", "pub struct C;"),
            ("b.rs", "use crate::a::C;"),
        ]);
        assert!(found.contains(&arrow("b", "a::c", "C")), "{found:?}");
        assert!(!found.iter().any(|(from, to, _)| from == "b" && to == "a"), "{found:?}");
    }

    #[test]
    fn members_of_a_group_and_renamed_ones_count() {
        let found = crate_of(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", ""),
            ("b.rs", ""),
            ("c.rs", "use crate::{a::{A, More as Less}, b::{self, B}};"),
        ]);
        let wanted = [("a", "A"), ("a", "More"), ("b", "self"), ("b", "B")];
        for (to, item) in wanted {
            assert!(found.contains(&arrow("c", to, item)), "{to} {item}: {found:?}");
        }
    }

    #[test]
    fn paths_in_the_code_count_like_imports() {
        let files = [("lib.rs", "mod a; mod b;"), ("a.rs", ""), ("b.rs", "fn f() { crate::a::g() }")];
        assert_eq!(only(&files), arrow("b", "a", "g"));
        let files = [("lib.rs", "mod a; mod b;"), ("a.rs", ""), ("b.rs", "fn f() -> super::a::A { todo() }")];
        assert_eq!(only(&files), arrow("b", "a", "A"));
    }

    #[test]
    fn names_through_an_imported_module_count() {
        let found = crate_of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod c; pub use self::c::f;"),
            ("a/c.rs", ""),
            ("b.rs", "use crate::a; fn g() { a::f() }"),
        ]);
        assert!(found.contains(&arrow("b", "a::c", "f")), "{found:?}");
    }

    #[test]
    fn what_leads_nowhere_else_is_no_import() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("b.rs", ""),
            (
                "a.rs",
                "pub(in crate::b) use std::fmt; use self::E::X; mod inner { use super::Y; } fn f() { fmt::g(); Self::h() }",
            ),
        ];
        assert_eq!(crate_of(&files), []);
    }

    #[test]
    fn supers_of_a_nested_module_leave_the_file_later() {
        let files = [("lib.rs", "mod a; mod b;"), ("a.rs", ""), ("b.rs", "mod inner { use super::super::a::A; }")];
        assert_eq!(only(&files), arrow("b", "a", "A"));
    }
}
