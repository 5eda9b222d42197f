//! The way of each attribute: parse, check, generate, then the errors beside what could be generated.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Item, ItemStruct};

use crate::{
    errors::Errors,
    generate,
    model::Unit,
    parse::{self, Block},
};

pub(crate) fn service(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |item, errors| match item {
        Item::Struct(item) => unit(parse::service(args, item, errors)),
        other => refuse(&other, errors, "`#[service]` goes on the struct that is the service's state"),
    })
}

pub(crate) fn module(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |item, errors| match item {
        Item::Struct(item) => unit(parse::module(args, item, errors)),
        other => refuse(
            &other,
            errors,
            "`#[module]` goes on the struct that is the module's state, and on the field that holds it",
        ),
    })
}

/// The struct alone comes back if nothing can be generated for it; not even that if there can be no such struct.
fn unit(read: Result<Unit, Option<Box<ItemStruct>>>) -> TokenStream {
    read.map_or_else(|item| item.into_token_stream(), |unit| generate::unit(&unit))
}

pub(crate) fn rpc(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |item, errors| match item {
        Item::Trait(item) => generate::contract(&parse::contract(args, item, errors)),
        Item::Impl(item) => match parse::block(args, item, errors) {
            Block::Own(block) => generate::own_block(&block),
            Block::Fulfilment(fulfilment) => generate::fulfilment(&fulfilment),
            Block::Wrong(item) => quote::quote!(#item),
            Block::Impossible => TokenStream::new(),
        },
        Item::Fn(item) => refuse(
            &Item::Fn(item),
            errors,
            "`#[rpc]` on one method works inside a block that has it too: put `#[rpc]` on the `impl`",
        ),
        other => refuse(&other, errors, "`#[rpc]` goes on an `impl` block, a trait, or a method in such a block"),
    })
}

pub(crate) fn message(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |item, errors| match item {
        Item::Struct(_) | Item::Enum(_) => generate::message(&parse::message(args, item, errors)),
        other => refuse(&other, errors, "`#[message]` goes on a struct or an enum"),
    })
}

/// What `#[message]` derives, beside serde's traits.
pub(crate) fn travels(item: TokenStream) -> TokenStream {
    let Ok(item) = syn::parse2(item) else { return TokenStream::new() };
    let mut errors = Errors::default();
    let travels = parse::travels(item, &mut errors);
    let mut tokens = travels.as_ref().map(generate::travels).unwrap_or_default();
    tokens.extend(errors.into_tokens());
    tokens
}

/// Parses the item, lets `generate` do the rest, and appends the errors. An item that is no Rust goes back untouched: the
/// compiler explains it better.
fn expand(item: TokenStream, generate: impl FnOnce(Item, &mut Errors) -> TokenStream) -> TokenStream {
    let Ok(parsed) = syn::parse2::<Item>(item.clone()) else { return item };
    let mut errors = Errors::default();
    let mut tokens = generate(parsed, &mut errors);
    tokens.extend(errors.into_tokens());
    tokens
}

/// Writes the item out as it was, and says what is wrong with it.
fn refuse(item: &Item, errors: &mut Errors, message: &str) -> TokenStream {
    let keyword = parse::keyword(item);
    errors.at(keyword, message);
    quote::quote!(#item)
}
