//! What the attributes make of fourteen programs, as it would be read: expanded, formatted, and compared with what is checked in under
//! `golden/`. `EMBER_GOLDEN=write` writes it anew.

use std::{env, fs, path::Path};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, File, Item, Meta};

use crate::attribute;

type Expand = fn(TokenStream, TokenStream) -> TokenStream;

const ATTRIBUTES: [(&str, Expand); 4] = [
    ("service", attribute::service),
    ("module", attribute::module),
    ("rpc", attribute::rpc),
    ("message", attribute::message),
];

fn attributes(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    match item {
        Item::Struct(item) => Some(&mut item.attrs),
        Item::Enum(item) => Some(&mut item.attrs),
        Item::Trait(item) => Some(&mut item.attrs),
        Item::Impl(item) => Some(&mut item.attrs),
        _ => None,
    }
}

/// Takes the first of our attributes off an item.
fn take(item: &mut Item) -> Option<(Expand, TokenStream)> {
    let attrs = attributes(item)?;
    let of =
        |attr: &Attribute| ATTRIBUTES.iter().find(|(name, _)| attr.path().is_ident(name)).map(|(_, expand)| *expand);
    let (index, expand) = attrs.iter().enumerate().find_map(|(index, attr)| Some((index, of(attr)?)))?;
    let args = match attrs.remove(index).meta {
        Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    Some((expand, args))
}

/// Whether an item derives what `#[message]` derives, which is then a part of what is shown.
fn travels(item: &mut Item) -> bool {
    let derives =
        |attr: &Attribute| attr.path().is_ident("derive") && attr.to_token_stream().to_string().contains("Travels");
    attributes(item).is_some_and(|attrs| attrs.iter().any(derives))
}

fn expanded(program: File) -> File {
    let mut whole = File { items: Vec::new(), ..program };
    let mut left: Vec<Item> = program.items.into_iter().rev().collect();
    while let Some(mut item) = left.pop() {
        let more = match take(&mut item) {
            Some((expand, args)) => expand(args, item.into_token_stream()),
            None => {
                let derived = travels(&mut item).then(|| attribute::travels(item.to_token_stream()));
                whole.items.push(item);
                derived.unwrap_or_default()
            }
        };
        let more: File = syn::parse2(more).expect("the output is Rust");
        left.extend(more.items.into_iter().rev());
    }
    whole
}

#[test]
fn what_the_attributes_make_of_fourteen_programs_is_as_it_was_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let names = fs::read_dir(&folder).expect("the folder of the programs").map(|entry| entry.expect("a file").path());
    let mut programs: Vec<_> = names.filter(|path| !path.to_string_lossy().ends_with(".expanded.rs")).collect();
    programs.sort();
    assert_eq!(programs.len(), 14);
    let mut differ = Vec::new();
    for program in programs {
        let text = fs::read_to_string(&program).expect("a program");
        let whole = expanded(syn::parse_file(&text).expect("it is Rust"));
        assert!(!whole.to_token_stream().to_string().contains("compile_error"), "{program:?} is wrong");
        let mut made = prettyplease::unparse(&whole);
        made.insert_str(0, "// Made by `cargo test -p ember-macros golden` from the program beside it.\n\n");
        let kept = program.with_extension("expanded.rs");
        if env::var("EMBER_GOLDEN").is_ok_and(|how| how == "write") {
            fs::write(&kept, &made).expect("it can be written");
        } else if fs::read_to_string(&kept).unwrap_or_default() != made {
            differ.push(kept.file_name().expect("a name").to_string_lossy().into_owned());
        }
    }
    assert!(
        differ.is_empty(),
        "the attributes make something else of {differ:?}: look at it with `EMBER_GOLDEN=write cargo test -p ember-macros golden` and \
         `git diff`, and keep it if it reads as well as hand-written code"
    );
}
