// Made by `cargo test -p ember-macros golden` from the program beside it.

//! The ways in which a method can answer.
pub struct Desk;
///Calls services `Desk`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct DeskClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for DeskClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> DeskClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<DeskClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl ::ember::__private::HasClient for Desk {
        type Client<__K: ::ember::__private::Kind> = DeskClient<__K>;
    }
    impl ::ember::__private::Unit for Desk {
        type Access = ::ember::__private::Alone;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Desk";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for DeskClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = DeskClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Desk as ::ember::__private::Specified>::SPEC.name,
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
    impl ::ember::__private::Specified for Desk {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
            "Desk",
            "",
            ::core::env!("CARGO_PKG_VERSION"),
            ::core::concat!(::core::file!(), ":", ::core::line!()),
        );
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::core::assert!(
            ::ember::__private::Replica:: < Desk > ::KIND.is_none(),
            "`Desk` is `Replicated`, so its instances must elect a master: write `#[service(elected)]`"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ! ::ember::__private::Sharding:: < Desk > ::IS_TOLD,
            "`Desk` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for Desk`"
        );
    };
    impl ::ember::__private::HasLocalClient for Desk {
        type LocalClient = DeskClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Desk as ::ember::__private::Specified > ::SPEC,
        || { use ::ember::__private::NoFactory as _; ::ember::__private::Factory:: < Desk
        > ::maker() })
    }
};
impl Desk {
    pub async fn rpc_fail(&mut self) -> Result<(), Refusal> {
        Err(Refusal)
    }
    pub async fn rpc_io(&mut self) -> std::io::Result<u8> {
        Ok(7)
    }
    pub async fn rpc_later(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        cx.defer().0
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
    pub struct __rpc_fail<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_fail<fn() -> Result<(), Refusal>> {
        type Args = ();
        type Value = ();
        type Error = Refusal;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_fail",
                "() -> Result<(), Refusal>",
            )
            .version(::core::env!("CARGO_PKG_VERSION"));
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn value() -> ::ember::__private::Coding<()> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < () > ::JSON_ONLY,
                    "`()` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<()>::NEW).pick().coding()
            }
            fn error() -> ::ember::__private::Coding<Refusal> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < Refusal > ::JSON_ONLY,
                    "`Refusal` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<Refusal>::NEW).pick().coding()
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
                        ::core::option::Option::Some(|types| error().shape(types)),
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
    impl ::ember::__private::Unkeyed for __rpc_fail<fn() -> Result<(), Refusal>> {}
    impl ::ember::__private::HandledBy<Desk>
    for __rpc_fail<fn() -> Result<(), Refusal>> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Desk>,
            _: &mut ::ember::__private::Cx<'_, Desk>,
            (): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_fail(),
                ::ember::__private::Handled::from,
            )
        }
    }
    pub struct __rpc_io<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_io<fn() -> std::io::Result<u8>> {
        type Args = ();
        type Value = <std::io::Result<u8> as ::ember::__private::ResultType>::Value;
        type Error = <std::io::Result<u8> as ::ember::__private::ResultType>::Error;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_io",
                "() -> std::io::Result<u8>",
            )
            .version(::core::env!("CARGO_PKG_VERSION"));
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn value() -> ::ember::__private::Coding<
                <std::io::Result<u8> as ::ember::__private::ResultType>::Value,
            > {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < < std::io::Result < u8 > as
                    ::ember::__private::ResultType > ::Value > ::JSON_ONLY,
                    "`std::io::Result<u8>` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<
                    <std::io::Result<u8> as ::ember::__private::ResultType>::Value,
                >::NEW)
                    .pick()
                    .coding()
            }
            fn error() -> ::ember::__private::Coding<
                <std::io::Result<u8> as ::ember::__private::ResultType>::Error,
            > {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < < std::io::Result < u8 > as
                    ::ember::__private::ResultType > ::Error > ::JSON_ONLY,
                    "`std::io::Result<u8>` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<
                    <std::io::Result<u8> as ::ember::__private::ResultType>::Error,
                >::NEW)
                    .pick()
                    .coding()
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
                        ::core::option::Option::Some(|types| error().shape(types)),
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
    impl ::ember::__private::Unkeyed for __rpc_io<fn() -> std::io::Result<u8>> {}
    impl ::ember::__private::HandledBy<Desk> for __rpc_io<fn() -> std::io::Result<u8>> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Desk>,
            _: &mut ::ember::__private::Cx<'_, Desk>,
            (): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_io(),
                ::ember::__private::Handled::from,
            )
        }
    }
    pub struct __rpc_later<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_later<fn() -> Deferred<u64>> {
        type Args = ();
        type Value = u64;
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_later",
                "() -> u64",
            )
            .version(::core::env!("CARGO_PKG_VERSION"));
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn value() -> ::ember::__private::Coding<u64> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < u64 > ::JSON_ONLY,
                    "`u64` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<u64>::NEW).pick().coding()
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
    impl ::ember::__private::Unkeyed for __rpc_later<fn() -> Deferred<u64>> {}
    impl ::ember::__private::HandledBy<Desk> for __rpc_later<fn() -> Deferred<u64>> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Desk>,
            cx: &mut ::ember::__private::Cx<'_, Desk>,
            (): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_later(cx),
                ::ember::__private::Handled::later,
            )
        }
    }
    impl<__K: ::ember::__private::Kind> DeskClient<__K> {
        pub fn rpc_fail(&self) -> __K::Call<__rpc_fail<fn() -> Result<(), Refusal>>> {
            Self::__handle(self).call(())
        }
        pub fn rpc_io(&self) -> __K::Call<__rpc_io<fn() -> std::io::Result<u8>>> {
            Self::__handle(self).call(())
        }
        pub fn rpc_later(&self) -> __K::Call<__rpc_later<fn() -> Deferred<u64>>> {
            Self::__handle(self).call(())
        }
    }
    impl ::ember::__private::OnlyOneRpcBlockPerType for Desk {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
            table.method::<__L, __rpc_fail<fn() -> Result<(), Refusal>>>();
            table.method::<__L, __rpc_io<fn() -> std::io::Result<u8>>>();
            table.method::<__L, __rpc_later<fn() -> Deferred<u64>>>();
        }
    }
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Desk > ::SHARDS == 0,
            "`rpc_fail` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Desk > ::SHARDS == 0,
            "`rpc_io` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Desk > ::SHARDS == 0,
            "`rpc_later` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
};
