//! What may be drawn.

use std::{fmt, ops::RangeInclusive};

use serde_json::{Map, Value};

use super::values::{Limits, Values};
use crate::{
    message::{MethodRef, schema::MethodSchema},
    rng::Rng,
};

/// Which methods are called, and with what: for [`Prove::draw`](crate::testing::prove::Prove::draw).
///
/// Defaults: all methods for other nodes that do not stream, numbers from -2 to 9 (from 0 where they have no sign), texts and lists of up
/// to 3.
#[derive(Debug, Clone)]
pub struct Drawn {
    only: Vec<String>,
    except: Vec<String>,
    limits: Limits,
}

/// A call that was drawn.
#[derive(Clone, PartialEq)]
pub struct DrawnCall {
    /// The name of the service.
    pub service: String,
    /// The full name of the method.
    pub method: String,
    /// Its arguments, by their names.
    pub args: Value,
}

impl fmt::Debug for DrawnCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}({})", self.service, self.method, self.args)
    }
}

impl Default for Drawn {
    fn default() -> Self {
        let limits = Limits { numbers: -2..=9, longest: 3, among: Vec::new() };
        Self { only: Vec::new(), except: Vec::new(), limits }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|it| (*it).to_owned()).collect()
}

impl Drawn {
    /// Only these: `Bank` for all methods of a service, or `Bank.rpc_deposit` for one.
    #[must_use]
    pub fn only(mut self, names: &[&str]) -> Self {
        self.only = owned(names);
        self
    }

    /// All but these, written as for [`only`](Self::only).
    #[must_use]
    pub fn except(mut self, names: &[&str]) -> Self {
        self.except = owned(names);
        self
    }

    /// Numbers among these, as far as their types hold them.
    ///
    /// # Panics
    /// If there are none.
    #[must_use]
    #[track_caller]
    pub fn numbers(mut self, among: RangeInclusive<i64>) -> Self {
        assert!(!among.is_empty(), "`.numbers({among:?})` cannot be: the smallest comes first");
        self.limits.numbers = among;
        self
    }

    /// Texts of so many characters at most, and lists and maps of so many entries.
    #[must_use]
    pub fn longest(mut self, most: usize) -> Self {
        self.limits.longest = most;
        self
    }

    /// One of these for each argument, field or entry with this name, whatever its type: as JSON.
    ///
    /// # Panics
    /// If there are none.
    #[must_use]
    #[track_caller]
    pub fn among(mut self, name: &str, values: &[Value]) -> Self {
        assert!(
            !values.is_empty(),
            "`.among({name:?}, &[])` cannot be nothing: write the values of which one is taken"
        );
        self.limits.among.push((name.into(), values.to_vec()));
        self
    }

    /// Whether a method is called.
    pub(super) fn allows(&self, rng: &Rng, method: &(String, MethodRef)) -> bool {
        let (service, method) = method;
        let named = |it: &String| it == service || *it == format!("{service}.{}", method.name);
        (self.only.is_empty() || self.only.iter().any(named))
            && !self.except.iter().any(named)
            && !method.schema.is_streaming()
            && self.arguments(rng, &method.schema).is_some()
    }

    /// Arguments for a method; `None` if they have a type of which only the name is known.
    pub(super) fn arguments(&self, rng: &Rng, schema: &MethodSchema) -> Option<Value> {
        let values = Values { limits: &self.limits, rng, types: &schema.types };
        let each: Option<Map<_, _>> = schema
            .args
            .iter()
            .map(|arg| Some((arg.name.to_string(), values.named(&arg.name, &arg.shape, 0)?)))
            .collect();
        each.map(Value::Object)
    }
}
