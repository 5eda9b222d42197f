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
        type Access = ::ember::__private::Alone;
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
    pub async fn rpc_count(&mut self) -> usize {
        self.entries.len()
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
    pub struct __rpc_count<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_count<fn() -> usize> {
        type Args = ();
        type Value = usize;
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_count",
                "() -> usize",
            )
            .version(::core::env!("CARGO_PKG_VERSION"));
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn value() -> ::ember::__private::Coding<usize> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < usize > ::JSON_ONLY,
                    "`usize` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<usize>::NEW).pick().coding()
            }
            fn error() -> ::ember::__private::Coding<::ember::__private::Infallible> {
                ::ember::__private::no_error()
            }
            fn signature() -> &'static ::ember::__private::Signature {
                static SIGNATURE: ::ember::__private::OnceLock<
                    ::ember::__private::Signature,
                > = ::ember::__private::OnceLock::new();
                ::ember::__private::Signature::lazily(
                    &SIGNATURE,
                    || ::ember::__private::Signature::new(
                        &[],
                        |types| value().shape(types),
                        ::core::option::Option::None,
                    ),
                )
            }
            ::core::option::Option::Some(
                ::ember::__private::Wire::new(
                    |(), _| ::core::result::Result::Ok(()),
                    ::ember::__private::at_end,
                    value(),
                    error(),
                    signature,
                ),
            )
        }
    }
    impl ::ember::__private::Unkeyed for __rpc_count<fn() -> usize> {}
    impl<K: ModuleKey, V: Message + Clone> ::ember::__private::HandledBy<Cache<K, V>>
    for __rpc_count<fn() -> usize> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Cache<K, V>>,
            _: &mut ::ember::__private::Cx<'_, Cache<K, V>>,
            (): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_count(),
                ::ember::__private::Handled::done,
            )
        }
    }
    impl<__K: ::ember::__private::Kind> CacheClient<__K> {
        pub fn rpc_count(&self) -> __K::Call<__rpc_count<fn() -> usize>> {
            Self::__handle(self).call(())
        }
    }
    impl<K: ModuleKey, V: Message + Clone> ::ember::__private::OnlyOneRpcBlockPerType
    for Cache<K, V> {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
            table.method::<__L, __rpc_count<fn() -> usize>>();
        }
    }
};
