//! Services and modules.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, ItemStruct, LitStr, Path, Type, ext::IdentExt};

/// Where generated code finds the runtime: `::ember`, unless `crate = path` says otherwise.
#[derive(Clone)]
pub(crate) struct Runtime(pub(crate) Option<Path>);

impl Runtime {
    /// The path of what generated code uses, as if it were written at `span`: there the compiler points.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        respanned(self.to_token_stream(), span)
    }

    /// The path of the face crate.
    pub(crate) fn face(&self) -> TokenStream {
        self.0.as_ref().map_or_else(|| quote!(::ember), ToTokens::to_token_stream)
    }
}

/// The same as if it were written at `span`.
pub(crate) fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    let respan = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    tokens.into_iter().map(respan).collect()
}

impl ToTokens for Runtime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let face = self.face();
        tokens.extend(quote!(#face::__private));
    }
}

/// A struct with `#[service]` or `#[module]`.
pub(crate) struct Unit {
    pub(crate) runtime: Runtime,
    pub(crate) item: ItemStruct,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) kind: UnitKind,
}

impl Unit {
    /// The name of its client.
    pub(crate) fn client(&self) -> Ident {
        client_of(&self.item.ident)
    }

    /// Whether several of its handlers run at once.
    pub(crate) fn is_concurrent(&self) -> bool {
        match &self.kind {
            UnitKind::Service(spec) => spec.concurrent.is_some(),
            UnitKind::Module { concurrent, .. } => *concurrent,
        }
    }
}

/// `Player` → `PlayerClient`.
pub(crate) fn client_of(ident: &Ident) -> Ident {
    format_ident!("{}Client", ident.unraw(), span = ident.span())
}

pub(crate) enum UnitKind {
    Service(ServiceSpec),
    Module {
        parent: Option<Path>,
        /// Its handlers take `&self`.
        concurrent: bool,
    },
}

/// The options of `#[service]`.
pub(crate) struct ServiceSpec {
    pub(crate) name: String,
    pub(crate) kind: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) contracts: Vec<Path>,
    /// Its instances elect a master.
    pub(crate) elected: bool,
    /// So many members of its group must be in sync, with where that is said.
    pub(crate) min_in_sync: Option<(Ident, u16)>,
    /// What it says waits for the acknowledgements of all in sync, or of its master alone; with where that is said.
    pub(crate) acks: Option<(Ident, Acks)>,
    /// How many states it has, if it is sharded, with where that is said.
    pub(crate) shards: Option<(Ident, u16)>,
    /// Where it says that its handlers run beside each other.
    pub(crate) concurrent: Option<Ident>,
    /// How many of its handlers, or of its shards, are at work at once, at least and at most, with where that is said.
    pub(crate) workers: Option<(Ident, (u16, u16))>,
}

/// Whose acknowledgements are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acks {
    All,
    Leader,
}

/// A field that holds a module.
pub(crate) struct Mount {
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    pub(crate) cfgs: Vec<Attribute>,
}
