// Made by `cargo test -p ember-macros golden` from the program beside it.

//! A contract, and a service that fulfils it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fulfil the contract `Buys`",
    label = "this needs an `#[rpc] impl Buys for {Self}`"
)]
pub trait Buys: ::ember::__private::Unit {
    /// Buys one.
    #[allow(clippy::too_many_arguments, reason = "generated")]
    fn rpc_buy(
        lent: (
            ::ember::__private::Lent<'_, Self>,
            &mut ::ember::__private::Cx<'_, Self>,
        ),
        item: u32,
    ) -> impl ::core::future::Future<
        Output: ::ember::__private::Returned<Result<u64, Refusal>>,
    > + ::core::marker::Send;
    #[doc(hidden)]
    #[allow(dead_code)]
    const RPC_ATTRIBUTE_ON_THE_IMPL: ();
    #[doc(hidden)]
    const RPC_ATTRIBUTE_ON_THE_TRAIT: __Buys = __Buys;
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    non_camel_case_types,
    unreachable_pub,
    reason = "generated"
)]
pub struct __Buys;
///Calls services that implement [`Buys`].
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct BuysClient<K: ::ember::__private::Kind = ::ember::__private::One>(
    ::ember::__private::Handle<K>,
);
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    non_camel_case_types,
    unreachable_pub,
    reason = "generated"
)]
pub struct __Buys_rpc_buy<T>(::core::marker::PhantomData<T>);
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
    > ::core::convert::From<::ember::__private::Handle<K>> for BuysClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> BuysClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<BuysClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for BuysClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = BuysClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Contract(::core::convert::Into::into("Buys"))
        }
        fn from_handle(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
        fn handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
    }
    impl ::ember::__private::Method for __Buys_rpc_buy<fn(u32) -> Result<u64, Refusal>> {
        type Args = (u32,);
        type Value = u64;
        type Error = Refusal;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "Buys",
                "rpc_buy",
                "(u32) -> Result<u64, Refusal>",
            )
            .version(::core::env!("CARGO_PKG_VERSION"))
            .timeout(::core::time::Duration::from_nanos(1000000000u64))
            .key("item");
        fn key(
            __args: &Self::Args,
        ) -> ::ember::__private::Result<
            ::ember::__private::Option<u64>,
            ::ember::__private::CodecError,
        > {
            ::ember::__private::key_hash(&__args.0).map(::ember::__private::Option::Some)
        }
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn arg0() -> ::ember::__private::Coding<u32> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < u32 > ::JSON_ONLY,
                    "`u32` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<u32>::NEW).pick().coding()
            }
            fn value() -> ::ember::__private::Coding<u64> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < u64 > ::JSON_ONLY,
                    "`u64` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<u64>::NEW).pick().coding()
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
                    || ::ember::__private::Signature::keyed(
                        &[("item", |types| arg0().shape(types))],
                        |types| value().shape(types),
                        ::core::option::Option::Some(|types| error().shape(types)),
                        (
                            "item",
                            |types| {
                                use ::ember::__private::shape::*;
                                let probe = ::ember::__private::Probe::of(|__args: &(u32,)| {
                                    &__args.0
                                });
                                (&&probe).shape(types)
                            },
                        ),
                    ),
                )
            }
            ::core::option::Option::Some(
                ::ember::__private::Wire::new(
                    |(value0,), out| ::ember::__private::put_all(
                        out,
                        &mut |out| {
                            arg0().put(value0, out)?;
                            ::core::result::Result::Ok(())
                        },
                    ),
                    |mut bytes| {
                        let args = (arg0().take(&mut bytes)?,);
                        ::ember::__private::at_end(bytes)?;
                        ::core::result::Result::Ok(args)
                    },
                    value(),
                    error(),
                    signature,
                ),
            )
        }
    }
    impl<__U: Buys> ::ember::__private::HandledBy<__U>
    for __Buys_rpc_buy<fn(u32) -> Result<u64, Refusal>> {
        fn handle(
            unit: ::ember::__private::Loan<'_, __U>,
            cx: &mut ::ember::__private::Cx<'_, __U>,
            (item,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            async move {
                ::ember::__private::Handled::returned_result(
                    __U::rpc_buy((::ember::__private::Lent(unit), cx), item).await,
                )
            }
        }
    }
    impl<__K: ::ember::__private::Kind> BuysClient<__K> {
        /// Buys one.
        pub fn rpc_buy(
            &self,
            item: u32,
        ) -> __K::Call<__Buys_rpc_buy<fn(u32) -> Result<u64, Refusal>>> {
            Self::__handle(self).call((item,))
        }
    }
    impl __Buys {
        #[doc(hidden)]
        pub const fn name(self) -> &'static str {
            "Buys"
        }
        #[doc(hidden)]
        pub const fn why_not_sharded(self) -> ::core::option::Option<&'static str> {
            ::core::option::Option::None
        }
        #[doc(hidden)]
        pub fn enter<
            __U: Buys,
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = __U>,
        >(self, table: &mut ::ember::__private::Table<__S>) {
            table.contract("Buys");
            table.method::<__L, __Buys_rpc_buy<fn(u32) -> Result<u64, Refusal>>>();
        }
    }
};
pub struct Stall;
///Calls services `Stall`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct StallClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for StallClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> StallClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<StallClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl ::ember::__private::HasClient for Stall {
        type Client<__K: ::ember::__private::Kind> = StallClient<__K>;
    }
    impl ::ember::__private::Unit for Stall {
        type Access = ::ember::__private::Alone;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Stall";
        const CONTRACTS: &'static [&'static str] = &[
            <Self as Buys>::RPC_ATTRIBUTE_ON_THE_TRAIT.name(),
        ];
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
            <Self as Buys>::RPC_ATTRIBUTE_ON_THE_TRAIT.enter::<Self, __S, __L>(table);
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for StallClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = StallClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Stall as ::ember::__private::Specified>::SPEC.name,
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
    impl ::ember::__private::Specified for Stall {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
            "Stall",
            "",
            ::core::env!("CARGO_PKG_VERSION"),
            ::core::concat!(::core::file!(), ":", ::core::line!()),
        );
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::core::assert!(
            ::ember::__private::Replica:: < Stall > ::KIND.is_none(),
            "`Stall` is `Replicated`, so its instances must elect a master: write `#[service(elected)]`"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ! ::ember::__private::Sharding:: < Stall > ::IS_TOLD,
            "`Stall` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for Stall`"
        );
    };
    impl ::ember::__private::HasLocalClient for Stall {
        type LocalClient = StallClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Stall as ::ember::__private::Specified > ::SPEC,
        || { use ::ember::__private::NoFactory as _; ::ember::__private::Factory:: <
        Stall > ::maker() })
    }
};
#[allow(private_interfaces, unreachable_pub, reason = "the contract says who sees what")]
impl Stall {
    ///See the contract `Buys`.
    pub async fn rpc_buy(&mut self, item: u32) -> Result<u64, Refusal> {
        Err(Refusal)
    }
}
#[allow(
    clippy::too_many_arguments,
    deprecated,
    refining_impl_trait,
    reason = "generated"
)]
impl Buys for Stall {
    fn rpc_buy(
        (
            ::ember::__private::Lent(unit),
            _,
        ): (
            ::ember::__private::Lent<'_, <Self as ::ember::__private::Unit>::This>,
            &mut ::ember::__private::Cx<'_, <Self as ::ember::__private::Unit>::This>,
        ),
        item: u32,
    ) -> impl ::core::future::Future<
        Output = Result<u64, Refusal>,
    > + ::core::marker::Send {
        ::ember::__private::by_mut()(&unit);
        unit.rpc_buy(item)
    }
    const RPC_ATTRIBUTE_ON_THE_IMPL: () = ();
}
const _: () = ::core::assert!(
    ::ember::__private::says(<< Stall as ::ember::__private::Unit > ::This as
    ::ember::__private::Unit > ::CONTRACTS, < < Stall as ::ember::__private::Unit >
    ::This as Buys > ::RPC_ATTRIBUTE_ON_THE_TRAIT.name()),
    "`Stall` does not say that it fulfils `Buys`: write `#[service(implements(Buys))]` on the struct (a module fulfils none)"
);
const _: () = {
    #[allow(unused_imports, reason = "only where it is a module")]
    use ::ember::__private::NotSharded as _;
    if ::ember::__private::Sharding::<Stall>::SHARDS != 0 {
        if let ::core::option::Option::Some(why) = <<Stall as ::ember::__private::Unit>::This as Buys>::RPC_ATTRIBUTE_ON_THE_TRAIT
            .why_not_sharded()
        {
            ::core::panic!("{}", why)
        }
    }
};
