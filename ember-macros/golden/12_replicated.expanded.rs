// Made by `cargo test -p ember-macros golden` from the program beside it.

//! An elected service: whether its state is replicated, the compiler finds out.
pub struct Ledger;
///Calls services `Ledger`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct LedgerClient<K: ::ember::__private::Kind = ::ember::__private::One>(
    ::ember::__private::Handle<K>,
);
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
    impl<
        K: ::ember::__private::Kind,
    > ::core::convert::From<::ember::__private::Handle<K>> for LedgerClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> LedgerClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<LedgerClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl ::ember::__private::HasClient for Ledger {
        type Client<__K: ::ember::__private::Kind> = LedgerClient<__K>;
    }
    impl ::ember::__private::Unit for Ledger {
        type Access = ::ember::__private::Alone;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Ledger";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for LedgerClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = LedgerClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Ledger as ::ember::__private::Specified>::SPEC.name,
                ),
            )
        }
        fn from_handle(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
        fn handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
    }
    impl ::ember::__private::Specified for Ledger {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
                "Ledger",
                "",
                ::core::env!("CARGO_PKG_VERSION"),
                ::core::concat!(::core::file!(), ":", ::core::line!()),
            )
            .elected();
        const REPLICA: ::core::option::Option<::ember::__private::ReplicaKind> = {
            use ::ember::__private::NotReplicated as _;
            ::ember::__private::Replica::<Ledger>::KIND
        };
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::ember::__private::Replica::<Ledger>::FIT
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ! ::ember::__private::Sharding:: < Ledger > ::IS_TOLD,
            "`Ledger` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for Ledger`"
        );
    };
    impl ::ember::__private::HasLocalClient for Ledger {
        type LocalClient = LedgerClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Ledger as ::ember::__private::Specified >
        ::SPEC, || { use ::ember::__private::NoFactory as _;
        ::ember::__private::Factory:: < Ledger > ::maker() })
    }
};
