// Made by `cargo test -p ember-macros golden` from the program beside it.

//! A module with a parameter.
pub struct Cache<K: ModuleKey, V> {
    entries: BTreeMap<K, V>,
}
///Calls modules `Cache`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct CacheClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for CacheClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> CacheClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<CacheClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl<K: ModuleKey, V> ::ember::__private::HasClient for Cache<K, V> {
        type Client<__K: ::ember::__private::Kind> = CacheClient<__K>;
    }
    impl<K: ModuleKey, V> ::ember::__private::Unit for Cache<K, V> {
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Cache";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            <Self as ::ember::__private::OnlyOneRpcBlockPerType>::describe_block::<
                __S,
                __L,
            >(table);
        }
    }
    impl<
        K: ModuleKey,
        V,
        __P: ::ember::__private::Unit,
    > ::ember::__private::MountIn<__P, ::ember::__private::Orphan> for Cache<K, V> {
        fn lend(_: &mut __P) -> &mut ::ember::__private::Orphan {
            ::ember::__private::Orphan::stand_in()
        }
    }
};
impl<K: ModuleKey, V: Message + Clone> Cache<K, V> {
    pub async fn rpc_get(&mut self, key: K) -> Option<V> {
        self.entries.get(&key).cloned()
    }
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
    impl<K: ModuleKey, V: Message + Clone> ::ember::__private::OnlyOneRpcBlockPerType
    for Cache<K, V> {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
        }
    }
};
::core::compile_error! {
    "callers see this type, and know nothing of `K`: write a type that they know"
}
