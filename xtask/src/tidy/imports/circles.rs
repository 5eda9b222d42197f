//! Circles among imports.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Import, tree::Module};

/// One shortest circle through each module that is in any, each circle once.
pub(in crate::tidy) fn circles(imports: &BTreeSet<Import>) -> Vec<Vec<Module>> {
    let mut next: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
    for import in imports {
        next.entry(&import.from).or_default().insert(&import.to);
    }
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for start in next.keys() {
        let Some(circle) = shortest(&next, start) else { continue };
        let members: BTreeSet<&Module> = circle.iter().copied().collect();
        if told.insert(members) {
            found.push(circle.into_iter().cloned().collect());
        }
    }
    found
}

/// The shortest way from a module back to itself.
fn shortest<'a>(next: &BTreeMap<&'a Module, BTreeSet<&'a Module>>, start: &'a Module) -> Option<Vec<&'a Module>> {
    let mut came_from: BTreeMap<&Module, &'a Module> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(at) = waiting.pop_front() {
        for to in next.get(at).into_iter().flatten().copied() {
            if to == start {
                let mut circle = vec![at];
                while let Some(before) = came_from.get(circle[circle.len() - 1]) {
                    circle.push(before);
                }
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(to) {
                came_from.insert(to, at);
                waiting.push_back(to);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrows(arrows: &[(&str, &str)]) -> Vec<String> {
        let import =
            |(from, to): &(&str, &str)| Import { from: Module::of(from), to: Module::of(to), line: 1, item: None };
        let text = |circle: Vec<Module>| circle.iter().map(Module::to_string).collect::<Vec<_>>().join(" ");
        circles(&arrows.iter().map(import).collect()).into_iter().map(text).collect()
    }

    #[test]
    fn stairs_are_no_circle() {
        assert_eq!(arrows(&[("a", "b"), ("a", "c"), ("b", "c")]), [""; 0]);
    }

    #[test]
    fn each_circle_is_told_once_from_its_first_module() {
        assert_eq!(arrows(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "c")]), ["a b c", "c d"]);
    }
}
