//! Where in a value its reader or writer is, for what is said of an error.

use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
};

use crate::message::{
    format::CodecError,
    schema::{Named, Shape},
};

/// The named types of a schema, and the way to what is being read or written.
pub(super) struct Context<'a> {
    named: &'a [Named],
    path: RefCell<Vec<Step>>,
    /// So many named types stand for, or hold, each other here.
    depth: Cell<u16>,
}

/// Types of a schema that lies may stand for each other in a circle.
const DEEPEST: u16 = 256;

enum Step {
    Name(String),
    Index(usize),
}

impl<'a> Context<'a> {
    pub(super) fn of(named: &'a [Named]) -> Self {
        Self { named, path: RefCell::default(), depth: Cell::new(0) }
    }

    /// Does something with a named type.
    ///
    /// # Errors
    /// A schema of another node may name one that is not there, or that stands for itself; what `wrong` makes of that.
    pub(super) fn with_named<T, E>(
        &self,
        number: usize,
        wrong: impl FnOnce(&'static str) -> E,
        within: impl FnOnce(&'a Named) -> Result<T, E>,
    ) -> Result<T, E> {
        let depth = self.depth.get();
        if depth == DEEPEST {
            return Err(wrong("its types hold each other too deeply"));
        }
        let Some(named) = self.named.get(number) else {
            return Err(wrong("the schema names a type that it does not hold"));
        };
        self.depth.set(depth + 1);
        let done = within(named);
        self.depth.set(depth);
        done
    }

    /// What is behind what only stands for something else.
    pub(super) fn plain<'s>(&self, shape: &'s Shape) -> &'s Shape
    where
        'a: 's,
    {
        use crate::message::schema::{Body, Fields};
        let mut shape = shape;
        // As many steps as there are types: they may stand for each other in a circle.
        for _ in 0..=self.named.len() {
            shape = match shape {
                Shape::Reverse(inner) => inner,
                Shape::Named(number) => match self.named.get(*number).map(|named| &named.body) {
                    Some(Body::StandIn(inner)) => inner,
                    Some(Body::Struct(Fields::Newtype(field))) => &field.shape,
                    Some(Body::Transparent(fields)) if !fields.all().is_empty() => &fields.all()[0].shape,
                    _ => return shape,
                },
                _ => return shape,
            };
        }
        shape
    }

    /// Does something within a part of the value. After an error the path stays, for the one who tells of it.
    pub(super) fn at_name<T, E>(&self, name: &str, within: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.at(Step::Name(name.to_owned()), within)
    }

    /// The same, within an element.
    pub(super) fn at_index<T, E>(&self, index: usize, within: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.at(Step::Index(index), within)
    }

    fn at<T, E>(&self, step: Step, within: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.path.borrow_mut().push(step);
        let done = within()?;
        self.path.borrow_mut().pop();
        Ok(done)
    }

    /// What is wrong, and where.
    pub(super) fn error(&self, what: &str) -> CodecError {
        let mut path = String::new();
        for step in &*self.path.borrow() {
            match step {
                Step::Name(name) if path.is_empty() => path.push_str(name),
                Step::Name(name) => drop(write!(path, ".{name}")),
                Step::Index(index) => drop(write!(path, "[{index}]")),
            }
        }
        if path.is_empty() { CodecError::new(what) } else { CodecError::new(format!("`{path}`: {what}")) }
    }
}
