//! Callable methods.

use std::time::Duration;

use proc_macro2::{Ident, Span};
use syn::{Attribute, Member, Path, Type, Visibility};

/// A callable method, whether a contract names it or a unit has it.
pub(crate) struct Method {
    pub(crate) shape: Shape,
    /// Its name on the wire.
    pub(crate) name: String,
    pub(crate) vis: Visibility,
    pub(crate) reach: Reach,
    /// What else its description says.
    pub(crate) told: Vec<Told>,
    pub(crate) key: Option<Key>,
    pub(crate) codec: Codec,
    /// The `doc`, `deprecated` and `cfg` attributes, for the client.
    pub(crate) carried: Vec<Attribute>,
    /// The `cfg` attributes, for everything else.
    pub(crate) cfgs: Vec<Attribute>,
}

/// Something that the description of a method says: a function of this name on the runtime's `MethodInfo`, with what it is given.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    pub(crate) function: &'static str,
    pub(crate) duration: Option<Duration>,
}

/// Whether a description says this.
pub(crate) fn says(told: &[Told], function: &str) -> bool {
    told.iter().any(|told| told.function == function)
}

/// By what the calls of a method are ordered and placed: an argument, or a part of one.
pub(crate) struct Key {
    /// `req.player`.
    pub(crate) path: String,
    /// The place of the argument.
    pub(crate) arg: usize,
    /// The way from there.
    pub(crate) fields: Vec<Member>,
    /// Where it is written.
    pub(crate) span: Span,
}

/// How a method's arguments and results become bytes.
pub(crate) enum Codec {
    /// By what their types can do.
    ByType,
    Json,
    Own(Path),
}

impl Method {
    pub(crate) fn ident(&self) -> &Ident {
        &self.shape.ident
    }

    /// Whether running it twice does what running it once does.
    pub(crate) fn is_idempotent(&self) -> bool {
        says(&self.told, "idempotent")
    }

    /// Whether its calls may have ids.
    pub(crate) fn is_deduped(&self) -> bool {
        says(&self.told, "dedupe")
    }

    /// Whether any instance of an elected service answers its calls.
    pub(crate) fn is_read(&self) -> bool {
        says(&self.told, "read")
    }
}

/// The signature of a method without what is the server's own business.
pub(crate) struct Shape {
    pub(crate) ident: Ident,
    pub(crate) is_async: bool,
    pub(crate) takes_cx: bool,
    /// Where it says `&mut self`.
    pub(crate) by_mut: Option<Span>,
    pub(crate) args: Vec<Arg>,
    pub(crate) output: Output,
    /// `T`, if callers get a stream of these.
    pub(crate) items: Option<Type>,
}

pub(crate) struct Arg {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// What a method returns.
pub(crate) enum Output {
    /// A value; the application cannot fail.
    Value(Type),
    /// `Result<T, E>`.
    Fallible { whole: Type, value: Box<Type>, error: Box<Type> },
    /// A type named `Result` whose error is not in sight.
    Alias(Type),
    /// `Deferred<…>`: what callers get is within.
    Later { whole: Type, of: Box<Output> },
}

impl Output {
    /// The type as it was written.
    pub(crate) fn whole(&self) -> &Type {
        match self {
            Self::Value(whole) | Self::Fallible { whole, .. } | Self::Alias(whole) | Self::Later { whole, .. } => whole,
        }
    }

    /// What callers get.
    pub(crate) fn seen(&self) -> &Self {
        match self {
            Self::Later { of, .. } => of,
            now => now,
        }
    }

    /// Whether it is a `Result`.
    pub(crate) fn is_fallible(&self) -> bool {
        !matches!(self, Self::Value(_))
    }
}

/// Who may call a method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// Everybody in the cluster.
    Cluster,
    /// Callers on the same node.
    Node,
}
