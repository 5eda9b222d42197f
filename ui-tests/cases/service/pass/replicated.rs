//! Replicated services whose messages contain each other, are generic, or have fields of which only serde knows; and modules of theirs.

use std::collections::BTreeMap;

use ember::{
    __private::{Specified, serde},
    asked::InGroup,
    prelude::*,
};

#[message]
#[derive(Default)]
pub struct Tree {
    children: Vec<Tree>,
    of: BTreeMap<String, Page<Block>>,
    foreign: Vec<Foreign>,
}

#[message]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<Box<Page<T>>>,
}

#[message]
pub enum Block {
    Empty,
    Of(Vec<Line>),
}

#[message]
pub struct Line {
    blocks: Vec<Block>,
    trees: Box<Tree>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(crate = "serde")]
pub struct Foreign(u8);

/// A hash map in a message that is not replicated is nobody's business.
#[message]
pub struct Other {
    by: std::collections::HashMap<String, u64>,
}

#[service(elected)]
#[derive(Default)]
pub struct Forest {
    #[module]
    ranger: Module<Ranger>,
}

impl Replicated for Forest {
    type State = Tree;
    type Entry = (u64, Option<Line>);
    type Output = Result<usize, Page<u64>>;

    fn apply(state: &mut Tree, _: &Self::Entry) -> Self::Output {
        state.children.push(Tree::default());
        Ok(state.children.len())
    }
}

#[module(parent = Forest)]
#[derive(Default)]
pub struct Ranger {
    #[module]
    dog: Module<Dog>,
}

#[module(parent = Ranger)]
#[derive(Default)]
pub struct Dog;

/// Elected, and nothing more.
#[service(elected)]
pub struct Clerk;

#[service]
pub struct Plain;

fn entry<U: InGroup<Root = R>, R: Replicated>(entry: R::Entry) -> R::Output {
    R::apply(&mut R::State::default(), &entry)
}

fn main() {
    assert!(Forest::REPLICA.is_some());
    assert!(Clerk::REPLICA.is_none() && Plain::REPLICA.is_none());
    for output in [entry::<Forest, _>((1, None)), entry::<Ranger, _>((2, None)), entry::<Dog, _>((3, None))] {
        assert_eq!(output.ok(), Some(1));
    }
}
