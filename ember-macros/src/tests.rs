//! Whole attributes on token streams: what the errors say, that they are all there, and that the item comes back.

use proc_macro2::TokenStream;
use quote::quote;

use crate::attribute;

/// The texts of the `compile_error!`s.
fn errors(tokens: &TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(tokens.clone()).expect("the output is Rust");
    let is_error = |item: &syn::Item| match item {
        syn::Item::Macro(it) if it.mac.path.segments.last().is_some_and(|last| last.ident == "compile_error") => {
            Some(it.mac.parse_body::<syn::LitStr>().expect("an error has a text").value())
        }
        _ => None,
    };
    file.items.iter().filter_map(is_error).collect()
}

fn contains(tokens: &TokenStream, part: &TokenStream) -> bool {
    tokens.to_string().contains(&part.to_string())
}

#[test]
fn correct_items_have_no_errors() {
    let service = attribute::service(
        quote!(implements(Buys)),
        quote!(
            pub struct Player {
                #[module]
                bag: Module<Bag>,
            }
        ),
    );
    assert_eq!(errors(&service), [""; 0]);
    let block =
        quote!(impl Player { pub async fn rpc_get(&mut self, cx: &mut Cx<'_, Self>, item: u32) -> u32 { item } });
    assert_eq!(errors(&attribute::rpc(quote!(), block)), [""; 0]);
    let contract = quote!(
        pub trait Buys {
            async fn rpc_buy(&self, item: u32) -> Result<u64, String>;
        }
    );
    assert_eq!(errors(&attribute::rpc(quote!(), contract)), [""; 0]);
    assert_eq!(
        errors(&attribute::message(
            quote!(),
            quote!(
                struct Item;
            )
        )),
        [""; 0]
    );
}

#[test]
fn all_errors_of_an_item_come_in_one_build() {
    let block = quote! {
        impl Player {
            pub async fn rpc_a(item: &str) {}
            async fn rpc_b<T>(&mut self, item: T) {}
            #[on(never)]
            async fn c(&mut self) {}
            #[every("5 parsecs")]
            async fn d(&mut self) {}
        }
    };
    let errors = errors(&attribute::rpc(quote!(nmae = 5), block));
    assert_eq!(errors.len(), 7, "{errors:#?}");
}

#[test]
fn item_comes_back_without_our_attributes_also_when_it_is_wrong() {
    let method = quote!(
        pub async fn rpc_a<T>(&mut self, item: T) {
            body(item)
        }
    );
    let out =
        attribute::rpc(quote!(), quote!(impl Player { #[rpc(name = 5)] #method #[on(start)] fn b() { other() } }));
    assert!(contains(&out, &quote!(impl Player { #method fn b() { other() } })), "{out}");
    let generic = quote!(
        impl<T> Player<T> {
            fn b() {
                other()
            }
        }
    );
    assert!(contains(&attribute::rpc(quote!(), generic.clone()), &generic));
    let union = quote!(union Player { a: u32 });
    assert!(contains(&attribute::service(quote!(), union.clone()), &union));
}

#[test]
fn what_is_no_rust_is_left_to_the_compiler() {
    let broken = quote!(pub struct Player { a: });
    assert_eq!(attribute::service(quote!(), broken.clone()).to_string(), broken.to_string());
}

#[test]
fn renamed_crate_is_the_only_one_named() {
    let args = quote!(crate = flame);
    let all = [
        attribute::service(
            args.clone(),
            quote!(
                pub struct Player {
                    #[module]
                    bag: Module<Bag>,
                }
            ),
        ),
        attribute::module(
            args.clone(),
            quote!(
                pub struct Bag;
            ),
        ),
        attribute::rpc(
            args.clone(),
            quote!(
                pub trait Buys {
                    async fn rpc_buy(&self) -> Result<u64, String>;
                }
            ),
        ),
        attribute::rpc(
            args.clone(),
            quote!(impl Buys for Player { async fn rpc_buy(&mut self) -> Result<u64, String> { Ok(7) } }),
        ),
        attribute::rpc(
            args.clone(),
            quote!(impl Player { #[on(event)] fn e(&mut self, event: &E) {} pub fn api_a(&mut self) {} }),
        ),
        attribute::message(
            args,
            quote!(
                struct Item;
            ),
        ),
    ];
    for tokens in all {
        assert_eq!(errors(&tokens), [""; 0]);
        let text = tokens.to_string();
        assert!(!text.contains("ember ::") && !text.contains("::ember"), "{text}");
        assert!(
            text.contains("flame :: __private") || text.contains("flame::__private") || text.contains("impl Player"),
            "{text}"
        );
    }
}

#[test]
fn options_end_up_in_the_description() {
    let block = quote!(impl Player { #[rpc(name = "buy", timeout = "2s", priority = "system")] pub fn purchase(&mut self, a: Option<u8>) {} });
    let out = attribute::rpc(quote!(), block);
    let info = quote!(::ember::__private::MethodInfo::new("", "buy", "(Option<u8>) -> ()"));
    assert!(contains(&out, &info), "{out}");
    assert!(contains(&out, &quote!(.timeout(::core::time::Duration::from_nanos(2000000000u64)).system())), "{out}");
}

#[test]
fn cfg_of_a_method_is_on_everything_made_for_it() {
    let block = quote!(impl Player { #[cfg(feature = "x")] pub async fn rpc_get(&mut self) {} });
    let out = attribute::rpc(quote!(), block).to_string();
    let cfg = quote!(#[cfg(feature = "x")]).to_string();
    // The method, its type, three implementations, the client's method, and the entry in the table.
    assert_eq!(out.matches(&cfg).count(), 7, "{out}");
}

#[test]
fn every_option_refuses_a_value_of_another_kind() {
    const KINDS: [(&str, &str); 9] = [
        ("flag", "{}"),
        ("number", "{} = 2"),
        ("number of something", "{} = 2s"),
        ("negative", "{} = -1"),
        ("bool", "{} = true"),
        ("text", "{} = \"system\""),
        ("path", "{} = some::Path"),
        ("list", "{}(A)"),
        ("array", "{} = [1]"),
    ];
    /// With the kinds that it takes. `bool` is a word of Rust, and no path; what else is `path` may be anything.
    const OPTIONS: [(&str, &str, &[&str]); 21] = [
        ("service", "name", &["text"]),
        ("service", "kind", &["text"]),
        ("service", "version", &[]),
        ("service", "implements", &["list"]),
        ("service", "elected", &["flag"]),
        ("service", "elected, min_in_sync", &["number"]),
        ("service", "elected, acks", &[]),
        ("service", "crate", &["path"]),
        ("module", "parent", &["path"]),
        ("module", "crate", &["path"]),
        ("message", "codec", &[]),
        ("message", "crate", &["path"]),
        ("rpc", "name", &["text"]),
        ("rpc", "timeout", &[]),
        ("rpc", "priority", &["text"]),
        ("rpc", "queued", &["flag"]),
        ("rpc", "cancel", &["flag"]),
        ("rpc", "read", &["flag"]),
        ("rpc", "idempotent", &["flag"]),
        ("rpc", "dedupe", &[]),
        ("rpc", "codec", &["path"]),
    ];
    for (on, option, takes) in OPTIONS {
        for (kind, written) in KINDS {
            let text = written.replace("{}", option);
            let args: TokenStream = text.parse().expect("they are tokens");
            let out = match on {
                "service" => attribute::service(
                    args,
                    quote!(
                        pub struct Player;
                    ),
                ),
                "module" => attribute::module(
                    args,
                    quote!(
                        pub struct Bag;
                    ),
                ),
                "message" => attribute::message(
                    args,
                    quote!(
                        pub struct Item;
                    ),
                ),
                _ => attribute::rpc(quote!(), quote!(impl Player { #[rpc(#args)] pub async fn rpc_a(&mut self) {} })),
            };
            let found = errors(&out);
            assert_eq!(found.is_empty(), takes.contains(&kind), "`#[{on}({text})]`: {found:?}");
        }
    }
}
