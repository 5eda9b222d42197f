// Made by `cargo test -p ember-macros golden` from the program beside it.

//! A service with one method for the cluster and one for its node.
#[derive(Default)]
pub struct Counter {
    count: u64,
}
///Calls services `Counter`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct CounterClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for CounterClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> CounterClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<CounterClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl ::ember::__private::HasClient for Counter {
        type Client<__K: ::ember::__private::Kind> = CounterClient<__K>;
    }
    impl ::ember::__private::Unit for Counter {
        type Access = ::ember::__private::Alone;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Counter";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for CounterClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = CounterClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Counter as ::ember::__private::Specified>::SPEC.name,
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
    impl ::ember::__private::Specified for Counter {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
            "Counter",
            "",
            ::core::env!("CARGO_PKG_VERSION"),
            ::core::concat!(::core::file!(), ":", ::core::line!()),
        );
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::core::assert!(
            ::ember::__private::Replica:: < Counter > ::KIND.is_none(),
            "`Counter` is `Replicated`, so its instances must elect a master: write `#[service(elected)]`"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ! ::ember::__private::Sharding:: < Counter > ::IS_TOLD,
            "`Counter` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for Counter`"
        );
    };
    impl ::ember::__private::HasLocalClient for Counter {
        type LocalClient = CounterClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Counter as ::ember::__private::Specified >
        ::SPEC, || { use ::ember::__private::NoFactory as _;
        ::ember::__private::Factory:: < Counter > ::maker() })
    }
};
impl Counter {
    /// Adds, and tells the sum.
    pub async fn rpc_add(&mut self, amount: u64) -> u64 {
        self.count += amount;
        self.count
    }
    pub fn api_reset(&mut self) {
        self.count = 0;
    }
    fn helper(&self) -> u64 {
        self.count
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
    pub struct __rpc_add<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_add<fn(u64) -> u64> {
        type Args = (u64,);
        type Value = u64;
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_add",
                "(u64) -> u64",
            )
            .version(::core::env!("CARGO_PKG_VERSION"));
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn arg0() -> ::ember::__private::Coding<u64> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < u64 > ::JSON_ONLY,
                    "`u64` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<u64>::NEW).pick().coding()
            }
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
                        &[("amount", |types| arg0().shape(types))],
                        |types| value().shape(types),
                        ::core::option::Option::None,
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
    impl ::ember::__private::Unkeyed for __rpc_add<fn(u64) -> u64> {}
    impl ::ember::__private::HandledBy<Counter> for __rpc_add<fn(u64) -> u64> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Counter>,
            _: &mut ::ember::__private::Cx<'_, Counter>,
            (amount,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_add(amount),
                ::ember::__private::Handled::done,
            )
        }
    }
    pub struct __api_reset<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __api_reset<fn() -> ()> {
        type Args = ();
        type Value = ();
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "api_reset",
                "() -> ()",
            )
            .version(::core::env!("CARGO_PKG_VERSION"))
            .node_only();
    }
    impl ::ember::__private::Unkeyed for __api_reset<fn() -> ()> {}
    impl ::ember::__private::HandledBy<Counter> for __api_reset<fn() -> ()> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Counter>,
            _: &mut ::ember::__private::Cx<'_, Counter>,
            (): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            async move {
                ::ember::__private::Handled::from(
                    ::core::result::Result::Ok(unit.api_reset()),
                )
            }
        }
    }
    impl<__K: ::ember::__private::Kind> CounterClient<__K> {
        /// Adds, and tells the sum.
        pub fn rpc_add(&self, amount: u64) -> __K::Call<__rpc_add<fn(u64) -> u64>> {
            Self::__handle(self).call((amount,))
        }
        pub fn api_reset(&self) -> __K::Call<__api_reset<fn() -> ()>>
        where
            __K: ::ember::__private::OnThisNode,
        {
            Self::__handle(self).call(())
        }
    }
    impl ::ember::__private::OnlyOneRpcBlockPerType for Counter {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
            table.method::<__L, __rpc_add<fn(u64) -> u64>>();
            table.method::<__L, __api_reset<fn() -> ()>>();
        }
    }
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Counter > ::SHARDS == 0,
            "`rpc_add` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Counter > ::SHARDS == 0,
            "`api_reset` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
};
