// Made by `cargo test -p ember-macros golden` from the program beside it.

//! A struct that travels.
#[derive(
    ::ember::__private::serde::Serialize,
    ::ember::__private::serde::Deserialize,
    ::ember::__private::Travels
)]
#[serde(crate = "::ember::__private::serde")]
#[ember_message(crate = ::ember)]
/// What is sold.
#[derive(Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// By its number.
    pub item_number: u32,
    #[serde(rename = "label", default)]
    pub name: Option<String>,
    #[serde(skip)]
    seen: bool,
}
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    dead_code,
    deprecated,
    missing_debug_implementations,
    non_camel_case_types,
    non_snake_case,
    private_bounds,
    private_interfaces,
    unnameable_types,
    unreachable_pub,
    unused_imports,
    unused_qualifications,
    reason = "generated"
)]
const _: () = {
    impl ::ember::__private::Schema for Item {
        fn shape(
            types: &mut ::ember::__private::schema::Types,
        ) -> ::ember::__private::schema::Shape {
            use ::ember::__private::shape::*;
            types
                .named::<
                    Self,
                >(
                    "Item",
                    "",
                    "What is sold.",
                    |types| {
                        let _ = &types;
                        ::ember::__private::schema::Body::Struct(
                            ::ember::__private::schema::Fields::Named(
                                ::ember::__private::Vec::from([
                                    ::ember::__private::schema::Field::new(
                                            "item_number",
                                            (&&::ember::__private::Probe::<u32>::NEW).shape(types),
                                        )
                                        .renamed("itemNumber")
                                        .docs("By its number."),
                                    ::ember::__private::schema::Field::new(
                                            "name",
                                            (&&::ember::__private::Probe::<Option<String>>::NEW)
                                                .shape(types),
                                        )
                                        .renamed("label"),
                                ]),
                            ),
                        )
                    },
                )
        }
    }
    impl<__D: ::ember::__private::Depth> ::ember::__private::Ordered<__D> for Item {
        const UNORDERED: bool = {
            use ::ember::__private::AnyOrder as _;
            ::ember::__private::refuse(
                ::ember::__private::Order::<Option<String>, __D>::UNORDERED,
                "`name: Option<String>` of `Item` is in another order on each node, and cannot be replicated: write `BTreeMap` or `BTreeSet`",
            );
            ::ember::__private::refuse(
                true,
                "`seen: bool` of `Item` is left out of what is replicated, so that other nodes have something else there: leave `skip` out. What each instance has for itself goes into the service's struct; what can be made of the rest is made anew by `#[serde(from = \"…\", into = \"…\")]`",
            );
            false
        };
    }
    use ::ember::__private::AnyCodec as _;
    const _: () = ::core::assert!(
        ! ::ember::__private::Probe:: < u32 > ::JSON_ONLY,
        "`u32` travels as JSON only, and cannot be a part of what travels by other codecs: put `#[message(codec = \"json\")]` on `Item` too"
    );
    const _: () = ::core::assert!(
        ! ::ember::__private::Probe:: < Option < String > > ::JSON_ONLY,
        "`Option<String>` travels as JSON only, and cannot be a part of what travels by other codecs: put `#[message(codec = \"json\")]` on `Item` too"
    );
};
