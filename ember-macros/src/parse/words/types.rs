//! What may stand in the types of a signature that callers see.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{
    GenericParam, Generics, Lifetime, PathArguments, Type, TypeBareFn, TypeImplTrait, TypePath, TypeReference,
    TypeTraitObject,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use crate::{model::respanned, text::text};

/// What to do where `CallError` should travel.
pub(crate) const MAP_CALL_ERROR: &str = "`CallError` tells a caller how its own call went, and does not travel: map it to an \
    error of your own, for instance to a variant with its text";

/// What is wrong with a type.
pub(crate) struct Flaw {
    pub(crate) at: TokenStream,
    pub(crate) kind: FlawKind,
}

pub(crate) enum FlawKind {
    /// With what to write instead.
    Borrowed(String),
    /// `&dyn Trait`: nothing owned is as it is. With what can be moved.
    BorrowedTrait(String),
    /// `'_` or `'a`.
    Lifetime,
    ImplTrait,
    /// `Self`.
    SelfType,
    /// `CallError<…>`. Without its argument it may be a type of the user's.
    CallError,
    /// `Streaming<…>`, which is a result as a whole or nothing.
    Streaming,
}

/// The first thing in `ty` that callers cannot use. What does not travel may borrow for `'static`.
pub(crate) fn flaw(ty: &Type, travels: bool) -> Option<Flaw> {
    let mut search = Search { travels, first: None };
    search.visit_type(ty);
    search.first
}

struct Search {
    travels: bool,
    first: Option<Flaw>,
}

impl Search {
    fn found(&mut self, at: impl ToTokens, kind: FlawKind) {
        self.first.get_or_insert(Flaw { at: at.to_token_stream(), kind });
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let is_static = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
        if is_static && !self.travels {
            return visit::visit_type_reference(self, reference);
        }
        let kind = match bare(&reference.elem) {
            Type::TraitObject(object) => FlawKind::BorrowedTrait(boxed(object)),
            Type::ImplTrait(_) => FlawKind::ImplTrait,
            other => FlawKind::Borrowed(owned(other)),
        };
        self.found(reference, kind);
    }

    /// The lifetimes within are its own.
    fn visit_type_bare_fn(&mut self, function: &'ast TypeBareFn) {
        if self.travels {
            visit::visit_type_bare_fn(self, function);
        }
    }

    fn visit_path_arguments(&mut self, arguments: &'ast PathArguments) {
        if self.travels || !matches!(arguments, PathArguments::Parenthesized(_)) {
            visit::visit_path_arguments(self, arguments);
        }
    }

    fn visit_type_impl_trait(&mut self, it: &'ast TypeImplTrait) {
        self.found(it, FlawKind::ImplTrait);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            self.found(lifetime, FlawKind::Lifetime);
        }
    }

    fn visit_type_path(&mut self, path: &'ast TypePath) {
        if let Some(first) = path.path.segments.first()
            && path.qself.is_none()
            && first.ident == "Self"
        {
            self.found(&first.ident, FlawKind::SelfType);
        }
        if let Some(last) = path.path.segments.last()
            && self.travels
            && last.ident == "CallError"
            && !last.arguments.is_none()
        {
            self.found(path, FlawKind::CallError);
        }
        if let Some(last) = path.path.segments.last()
            && self.travels
            && last.ident == "Streaming"
            && !last.arguments.is_none()
        {
            self.found(path, FlawKind::Streaming);
        }
        visit::visit_type_path(self, path);
    }
}

/// Without what stands around it: parentheses, and the invisible ones of what a `macro_rules!` was given as `$t:ty`. Whoever asks
/// what a type is called asks this.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => bare(&paren.elem),
        Type::Group(group) => bare(&group.elem),
        other => other,
    }
}

/// The same of a type that is kept.
pub(crate) fn bared(ty: Type) -> Type {
    match ty {
        Type::Paren(paren) => bared(*paren.elem),
        Type::Group(group) => bared(*group.elem),
        other => other,
    }
}

/// The owned form of what is borrowed, as people write it.
pub(crate) fn owned(borrowed: &Type) -> String {
    match bare(borrowed) {
        Type::Slice(slice) => format!("Vec<{}>", text(&slice.elem)),
        other => match text(other).as_str() {
            "str" => "String".into(),
            "Path" | "path::Path" | "std::path::Path" => "PathBuf".into(),
            "OsStr" | "ffi::OsStr" | "std::ffi::OsStr" => "OsString".into(),
            "CStr" | "ffi::CStr" | "std::ffi::CStr" => "CString".into(),
            other => other.into(),
        },
    }
}

/// The box that can be moved to another thread.
fn boxed(object: &TypeTraitObject) -> String {
    let sends = object.bounds.iter().any(|bound| text(bound).rsplit("::").next() == Some("Send"));
    format!("Box<{}{}>", text(object), if sends { "" } else { " + Send" })
}

/// Writes the name of the unit where `ty` says `Self`.
pub(crate) fn name_self(ty: &mut Type, unit: &Type) {
    struct Names<'a>(&'a Type);

    impl VisitMut for Names<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::Path(path) if path.qself.is_none() && path.path.is_ident("Self") => {
                    let named = respanned(self.0.to_token_stream(), path.path.segments[0].ident.span());
                    *ty = syn::parse2(named).unwrap_or_else(|_| self.0.clone());
                }
                other => visit_mut::visit_type_mut(self, other),
            }
        }
    }

    Names(unit).visit_type_mut(ty);
}

/// The first of the type parameters that `ty` mentions.
pub(crate) fn mentioned(ty: &Type, generics: &Generics) -> Option<Ident> {
    struct Mentions<'a>(&'a Generics, Option<Ident>);

    impl<'ast> Visit<'ast> for Mentions<'_> {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            let mut params = self.0.params.iter().filter_map(|param| match param {
                GenericParam::Type(param) => Some(&param.ident),
                GenericParam::Const(param) => Some(&param.ident),
                GenericParam::Lifetime(_) => None,
            });
            if let Some(first) = path.segments.first()
                && params.any(|param| *param == first.ident)
            {
                self.1.get_or_insert(first.ident.clone());
            }
            visit::visit_path(self, path);
        }
    }

    let mut mentions = Mentions(generics, None);
    mentions.visit_type(ty);
    mentions.1
}
