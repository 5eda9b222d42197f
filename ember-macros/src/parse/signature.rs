//! Reads the signature of one method, and says what callers or the runtime could not deal with.

use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::{FnArg, Pat, PatType, Receiver, ReturnType, Signature, Type, parse_quote, spanned::Spanned};

use super::output;
use crate::{
    errors::Errors,
    model::{Arg, Output, Shape},
    parse::words::{FlawKind, bare, types},
};

/// Where a stream can stand.
const STREAM_PLACE: &str = "a stream is what a method returns, and nothing else: `Streaming<T>` or `Result<Streaming<T>, E>`; its items \
    are values, and arguments cannot be streams";

/// Whose signature it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A method of a unit's own block, for the whole cluster.
    Own,
    /// A method of a unit's own block, for callers on its own node.
    Near,
    /// A method of a contract.
    Contract,
    /// A method that fulfils a contract.
    Fulfilment,
    /// A hook, a timer or an event handler.
    Hook,
}

impl Role {
    /// What it is to its author.
    const fn what(self) -> &'static str {
        match self {
            Self::Hook => "an event handler, a hook or a timer",
            _ => "a callable method",
        }
    }
}

/// Refuses `...`, and leaves an ordinary argument in its place: the compiler would refuse it once more.
pub(super) fn refuse_variadic(sig: &mut Signature, errors: &mut Errors) {
    let Some(variadic) = sig.variadic.take() else { return };
    errors.at(&variadic, "a callable method takes a fixed list of arguments: pass a `Vec<T>`");
    let pat = variadic.pat.map_or_else(|| Box::new(parse_quote!(_)), |(pat, _)| pat);
    sig.inputs.push(parse_quote!(#[allow(unused_variables)] #pat: ()));
}

/// Reads a signature. `None` if nothing can be generated for it.
pub(super) fn read(sig: &Signature, role: Role, unit: Option<&Ident>, errors: &mut Errors) -> Option<Shape> {
    let mut reader = Reader { role, unit, errors, ok: true };
    reader.qualifiers(sig);
    reader.generics(sig);
    let by_mut = reader.receiver(sig);
    let (takes_cx, args) = reader.args(sig);
    let output = reader.output(sig);
    let items = output::items(&output);
    let (ident, is_async) = (sig.ident.clone(), sig.asyncness.is_some());
    reader.ok.then_some(Shape { ident, is_async, takes_cx, by_mut, args, output, items })
}

struct Reader<'a> {
    role: Role,
    unit: Option<&'a Ident>,
    errors: &'a mut Errors,
    ok: bool,
}

impl Reader<'_> {
    fn wrong(&mut self, at: impl ToTokens, message: impl std::fmt::Display) {
        self.errors.at(at, message);
        self.ok = false;
    }

    fn qualifiers(&mut self, sig: &Signature) {
        let what = self.role.what();
        if let Some(token) = &sig.unsafety {
            let message =
                format!("{what} cannot be `unsafe`: its callers could not keep its promises; remove `unsafe`");
            self.wrong(token, message);
        }
        if let Some(abi) = &sig.abi {
            self.wrong(abi, format!("{what} cannot be `extern`: the runtime calls it; remove the ABI"));
        }
        if let Some(token) = &sig.constness {
            self.wrong(token, format!("{what} cannot be `const`: remove `const`"));
        }
    }

    fn generics(&mut self, sig: &Signature) {
        let what = self.role.what();
        if !sig.generics.params.is_empty() {
            let why = match self.role {
                Role::Hook => "the runtime calls it; write one for each type",
                _ => "its arguments travel as they are; write the types out, or use an enum",
            };
            self.wrong(&sig.generics, format!("{what} cannot be generic: {why}"));
        } else if let Some(clause) = &sig.generics.where_clause {
            self.wrong(clause, format!("{what} cannot have a `where` clause: write the types out"));
        }
    }

    /// Where it is, if it is `&mut self`.
    fn receiver(&mut self, sig: &Signature) -> Option<Span> {
        let wanted = match self.role {
            Role::Contract => "&self",
            _ => "&mut self",
        };
        let Some(FnArg::Receiver(receiver)) = sig.inputs.first() else {
            let name = &sig.ident;
            self.wrong(name, format!("`{name}` needs a receiver: write `fn {name}({wanted}, …)`"));
            return None;
        };
        match borrowed(receiver) {
            None if self.role == Role::Contract => {
                self.wrong(receiver, "the service keeps itself: write `&self`");
            }
            None => {
                self.wrong(receiver, "the service keeps itself: write `&mut self`, or `&self` where it is concurrent")
            }
            Some(true) if self.role == Role::Contract => {
                let message = "a contract says what callers see: write `&self`; whether the server needs `&mut self`, its `impl` decides";
                self.errors.at(receiver, message);
            }
            Some(true) => return Some(receiver.span()),
            Some(false) => {}
        }
        None
    }

    /// Whether `cx` comes first, and the rest.
    fn args(&mut self, sig: &Signature) -> (bool, Vec<Arg>) {
        let has_receiver = sig.receiver().is_some();
        let mut takes_cx = false;
        let mut args = Vec::new();
        for (index, arg) in sig.inputs.iter().filter_map(typed).enumerate() {
            if mentions_cx(&arg.ty) {
                takes_cx = true;
                self.cx(arg, index == 0 && has_receiver);
            } else {
                let name = self.name(arg, index, &sig.ident);
                self.caller_sees(&arg.ty, "an argument");
                args.push(Arg { name, ty: (*arg.ty).clone() });
            }
        }
        (takes_cx, args)
    }

    fn cx(&mut self, arg: &PatType, first: bool) {
        if self.role == Role::Contract {
            return self.wrong(arg, "`cx` is the server's own business: leave it out here, and take it in the `impl`");
        }
        let Type::Reference(reference) = bare(&arg.ty) else {
            return self.wrong(&arg.ty, "the context is lent: write `cx: &mut Cx<'_, Self>`");
        };
        if reference.mutability.is_none() {
            return self.wrong(&arg.ty, "the context is lent mutably: write `cx: &mut Cx<'_, Self>`");
        }
        if !first {
            return self.wrong(arg, "the context comes first: write `(&mut self, cx: &mut Cx<'_, Self>, …)`");
        }
        if let Some(other) = context_of(&reference.elem)
            && let Type::Path(path) = bare(other)
            && let Some(last) = path.path.segments.last()
            && last.ident != "Self"
            && self.unit.is_some_and(|unit| *unit != last.ident)
        {
            let found = crate::text::text(other);
            self.wrong(other, format!("this is the context of `{found}`: write `cx: &mut Cx<'_, Self>`"));
        }
    }

    fn name(&mut self, arg: &PatType, index: usize, near: &Ident) -> Ident {
        match &*arg.pat {
            Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => pat.ident.clone(),
            pat => {
                // Nobody sees the names of a hook's arguments, and those of a contract's methods are the contract's.
                if !matches!(self.role, Role::Hook | Role::Fulfilment) {
                    // Code can be generated all the same, so there are no errors that follow from this one.
                    self.errors
                        .at(pat, "an argument has a name that callers see: write one, and take it apart in the body");
                }
                format_ident!("arg{index}", span = Span::mixed_site().located_at(near.span()))
            }
        }
    }

    /// Complains of what cannot be in a type that callers see.
    fn caller_sees(&mut self, ty: &Type, what: &str) {
        let travels = self.role != Role::Near;
        let Some(flaw) = types::flaw(ty, travels).filter(|_| self.role != Role::Hook) else { return };
        let why =
            if travels { "owned, since it may travel between nodes" } else { "owned or `'static`, since it is moved" };
        let message = match flaw.kind {
            FlawKind::Borrowed(owned) => {
                format!("{what} must be {why}: write `{owned}`")
            }
            FlawKind::BorrowedTrait(_) if travels => {
                format!(
                    "{what} must be {why}: no `dyn` type travels; write a `#[message]` type, or a `String` for what is shown"
                )
            }
            FlawKind::BorrowedTrait(boxed) => format!("{what} must be {why}: write `{boxed}`"),
            FlawKind::Lifetime => {
                format!("{what} must be {why}: use a type that borrows nothing")
            }
            FlawKind::ImplTrait if what == "an argument" => {
                "an argument needs a type that has a name: write the type out".into()
            }
            FlawKind::ImplTrait => {
                "a result needs a type that has a name: write `async fn` and the type of the result".into()
            }
            FlawKind::SelfType if self.role == Role::Fulfilment => return,
            FlawKind::CallError => types::MAP_CALL_ERROR.into(),
            FlawKind::Streaming => STREAM_PLACE.into(),
            FlawKind::SelfType => match self.unit.filter(|_| matches!(self.role, Role::Own | Role::Near)) {
                Some(unit) => format!("callers see this type, and have another `Self`: write `{unit}`"),
                None => "callers see this type, and have another `Self`: name the type".into(),
            },
        };
        self.wrong(flaw.at, message);
    }

    fn output(&mut self, sig: &Signature) -> Output {
        let whole = match &sig.output {
            ReturnType::Default => {
                let span = sig.ident.span();
                return Output::Value(Type::Tuple(syn::TypeTuple {
                    paren_token: syn::token::Paren(span),
                    elems: Default::default(),
                }));
            }
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        if self.role == Role::Hook {
            // Nobody sees the type; where it depends on the block that it stands in, the compiler infers it.
            return Output::Value(if types::flaw(&whole, false).is_some() { parse_quote!(_) } else { whole });
        }
        match output::around_stream(&whole) {
            // Its items are looked at instead, and the error.
            Some(parts) => parts.into_iter().for_each(|part| self.caller_sees(part, "a result")),
            None => self.caller_sees(&whole, "a result"),
        }
        output::read(whole)
    }
}

/// `Some(true)` for `&mut self`, `Some(false)` for `&self`, `None` for anything else.
fn borrowed(receiver: &Receiver) -> Option<bool> {
    if let Some((_, lifetime)) = &receiver.reference {
        return lifetime.is_none().then_some(receiver.mutability.is_some());
    }
    let Type::Reference(reference) = bare(&receiver.ty) else { return None };
    let this: Type = parse_quote!(Self);
    (receiver.colon_token.is_some() && *bare(&reference.elem) == this).then_some(reference.mutability.is_some())
}

fn typed(arg: &FnArg) -> Option<&PatType> {
    if let FnArg::Typed(arg) = arg { Some(arg) } else { None }
}

fn mentions_cx(ty: &Type) -> bool {
    match bare(ty) {
        Type::Reference(reference) => mentions_cx(&reference.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Cx"),
        _ => false,
    }
}

/// What the context is called, if there is one and it has a name.
pub(super) fn context(sig: &Signature) -> Option<&Ident> {
    match &*sig.inputs.iter().filter_map(typed).find(|arg| mentions_cx(&arg.ty))?.pat {
        Pat::Ident(pat) => Some(&pat.ident),
        _ => None,
    }
}

/// The `U` of `Cx<'_, U>`.
fn context_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = bare(ty) else { return None };
    output::type_args(&path.path.segments.last()?.arguments).next()
}
