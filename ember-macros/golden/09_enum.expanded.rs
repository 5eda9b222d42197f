// Made by `cargo test -p ember-macros golden` from the program beside it.

//! An enum that travels, with a parameter.
#[derive(
    ::ember::__private::serde::Serialize,
    ::ember::__private::serde::Deserialize,
    ::ember::__private::Travels
)]
#[serde(crate = "::ember::__private::serde")]
#[ember_message(crate = ::ember)]
pub enum Command<T> {
    Look,
    Keep(T),
    Move(i32, i32),
    #[serde(rename = "sell")]
    Sell { what: Vec<T>, #[serde(with = "price")] price: Price },
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
    impl<T> ::ember::__private::Schema for Command<T>
    where
        T: ::ember::__private::Schema,
    {
        const JSON_ONLY: bool = <T as ::ember::__private::Schema>::JSON_ONLY;
        fn shape(
            types: &mut ::ember::__private::schema::Types,
        ) -> ::ember::__private::schema::Shape {
            use ::ember::__private::shape::*;
            use ::ember::__private::AnyCodec as _;
            const {
                ::core::assert!(
                    < Self as ::ember::__private::Schema > ::JSON_ONLY || !
                    ::ember::__private::Probe:: < T > ::JSON_ONLY,
                    "`T` travels as JSON only, and cannot be a part of what travels by other codecs: put `#[message(codec = \"json\")]` on `Command` too"
                )
            };
            const {
                ::core::assert!(
                    < Self as ::ember::__private::Schema > ::JSON_ONLY || !
                    ::ember::__private::Probe:: < Vec < T > > ::JSON_ONLY,
                    "`Vec<T>` travels as JSON only, and cannot be a part of what travels by other codecs: put `#[message(codec = \"json\")]` on `Command` too"
                )
            };
            types
                .named::<
                    Self,
                >(
                    "Command",
                    "",
                    "",
                    |types| {
                        let _ = &types;
                        ::ember::__private::schema::Body::Enum(
                            ::ember::__private::Vec::from([
                                ::ember::__private::schema::Variant::new(
                                    "Look",
                                    ::ember::__private::schema::Fields::Unit,
                                ),
                                ::ember::__private::schema::Variant::new(
                                    "Keep",
                                    ::ember::__private::schema::Fields::Newtype(
                                        ::ember::__private::Box::new(
                                            ::ember::__private::schema::Field::new(
                                                "",
                                                (&&::ember::__private::Probe::<T>::NEW).shape(types),
                                            ),
                                        ),
                                    ),
                                ),
                                ::ember::__private::schema::Variant::new(
                                    "Move",
                                    ::ember::__private::schema::Fields::Numbered(
                                        ::ember::__private::Vec::from([
                                            ::ember::__private::schema::Field::new(
                                                "",
                                                (&&::ember::__private::Probe::<i32>::NEW).shape(types),
                                            ),
                                            ::ember::__private::schema::Field::new(
                                                "",
                                                (&&::ember::__private::Probe::<i32>::NEW).shape(types),
                                            ),
                                        ]),
                                    ),
                                ),
                                ::ember::__private::schema::Variant::new(
                                        "Sell",
                                        ::ember::__private::schema::Fields::Named(
                                            ::ember::__private::Vec::from([
                                                ::ember::__private::schema::Field::new(
                                                    "what",
                                                    (&&::ember::__private::Probe::<Vec<T>>::NEW).shape(types),
                                                ),
                                                ::ember::__private::schema::Field::new(
                                                        "price",
                                                        (&&::ember::__private::Probe::<Price>::NEW).shape(types),
                                                    )
                                                    .options("with = \"price\""),
                                            ]),
                                        ),
                                    )
                                    .renamed("sell"),
                            ]),
                        )
                    },
                )
        }
    }
    impl<T, __D: ::ember::__private::Depth> ::ember::__private::Ordered<__D>
    for Command<T>
    where
        T: ::ember::__private::Ordered<__D::Less>,
    {
        const UNORDERED: bool = {
            use ::ember::__private::AnyOrder as _;
            ::ember::__private::refuse(
                ::ember::__private::Order::<T, __D>::UNORDERED,
                "`T` of `Command::Keep` is in another order on each node, and cannot be replicated: write `BTreeMap` or `BTreeSet`",
            );
            ::ember::__private::refuse(
                ::ember::__private::Order::<Vec<T>, __D>::UNORDERED,
                "`what: Vec<T>` of `Command::Sell` is in another order on each node, and cannot be replicated: write `BTreeMap` or `BTreeSet`",
            );
            false
        };
    }
    use ::ember::__private::AnyCodec as _;
    const _: () = ::core::assert!(
        ! ::ember::__private::Probe:: < i32 > ::JSON_ONLY,
        "`i32` travels as JSON only, and cannot be a part of what travels by other codecs: put `#[message(codec = \"json\")]` on `Command` too"
    );
    const _: () = ::core::assert!(
        ! ::ember::__private::Probe:: < i32 > ::JSON_ONLY,
        "`i32` travels as JSON only, and cannot be a part of what travels by other codecs: put `#[message(codec = \"json\")]` on `Command` too"
    );
};
