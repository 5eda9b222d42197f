// Made by `cargo test -p ember-macros golden` from the program beside it.

//! What a method can be told.
pub struct Shop;
///Calls services `shop`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct ShopClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for ShopClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> ShopClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<ShopClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl ::ember::__private::HasClient for Shop {
        type Client<__K: ::ember::__private::Kind> = ShopClient<__K>;
    }
    impl ::ember::__private::Unit for Shop {
        type Access = ::ember::__private::Alone;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Shop";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for ShopClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = ShopClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Shop as ::ember::__private::Specified>::SPEC.name,
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
    impl ::ember::__private::Specified for Shop {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
            "shop",
            "retail",
            "2.1.0",
            ::core::concat!(::core::file!(), ":", ::core::line!()),
        );
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::core::assert!(
            ::ember::__private::Replica:: < Shop > ::KIND.is_none(),
            "`Shop` is `Replicated`, so its instances must elect a master: write `#[service(elected)]`"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ! ::ember::__private::Sharding:: < Shop > ::IS_TOLD,
            "`Shop` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for Shop`"
        );
    };
    impl ::ember::__private::HasLocalClient for Shop {
        type LocalClient = ShopClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Shop as ::ember::__private::Specified > ::SPEC,
        || { use ::ember::__private::NoFactory as _; ::ember::__private::Factory:: < Shop
        > ::maker() })
    }
};
impl Shop {
    pub async fn rpc_buy(&mut self, item: u32) {}
    pub async fn rpc_price(&mut self, cx: &mut Cx<'_, Self>, item: u32) -> Option<u64> {
        None
    }
    pub async fn rpc_sell(&mut self, item: u32) -> u64 {
        7
    }
    pub async fn rpc_search(&mut self, text: String) -> Vec<String> {
        Vec::new()
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
    pub struct __rpc_buy<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_buy<fn(u32) -> ()> {
        type Args = (u32,);
        type Value = ();
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "buy",
                "(u32) -> ()",
            )
            .version(::core::env!("CARGO_PKG_VERSION"))
            .timeout(::core::time::Duration::from_nanos(2000000000u64))
            .system();
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn arg0() -> ::ember::__private::Coding<u32> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < u32 > ::JSON_ONLY,
                    "`u32` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<u32>::NEW).pick().coding()
            }
            fn value() -> ::ember::__private::Coding<()> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < () > ::JSON_ONLY,
                    "`()` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<()>::NEW).pick().coding()
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
                        &[("item", |types| arg0().shape(types))],
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
    impl ::ember::__private::Unkeyed for __rpc_buy<fn(u32) -> ()> {}
    impl ::ember::__private::HandledBy<Shop> for __rpc_buy<fn(u32) -> ()> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Shop>,
            _: &mut ::ember::__private::Cx<'_, Shop>,
            (item,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_buy(item),
                ::ember::__private::Handled::done,
            )
        }
    }
    pub struct __rpc_price<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_price<fn(u32) -> Option<u64>> {
        type Args = (u32,);
        type Value = Option<u64>;
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_price",
                "(u32) -> Option<u64>",
            )
            .version(::core::env!("CARGO_PKG_VERSION"))
            .queued()
            .idempotent();
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn arg0() -> ::ember::__private::Coding<u32> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < u32 > ::JSON_ONLY,
                    "`u32` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<u32>::NEW).pick().coding()
            }
            fn value() -> ::ember::__private::Coding<Option<u64>> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < Option < u64 > > ::JSON_ONLY,
                    "`Option<u64>` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<Option<u64>>::NEW).pick().coding()
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
                        &[("item", |types| arg0().shape(types))],
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
    impl ::ember::__private::Unkeyed for __rpc_price<fn(u32) -> Option<u64>> {}
    impl ::ember::__private::Idempotent for __rpc_price<fn(u32) -> Option<u64>> {}
    impl ::ember::__private::HandledBy<Shop> for __rpc_price<fn(u32) -> Option<u64>> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Shop>,
            cx: &mut ::ember::__private::Cx<'_, Shop>,
            (item,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_price(cx, item),
                ::ember::__private::Handled::done,
            )
        }
    }
    pub struct __rpc_sell<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_sell<fn(u32) -> u64> {
        type Args = (u32,);
        type Value = u64;
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_sell",
                "(u32) -> u64",
            )
            .version(::core::env!("CARGO_PKG_VERSION"))
            .dedupe(::core::time::Duration::from_nanos(60000000000u64));
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
                        &[("item", |types| arg0().shape(types))],
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
    impl ::ember::__private::Unkeyed for __rpc_sell<fn(u32) -> u64> {}
    impl ::ember::__private::Deduped for __rpc_sell<fn(u32) -> u64> {}
    impl ::ember::__private::HandledBy<Shop> for __rpc_sell<fn(u32) -> u64> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Shop>,
            _: &mut ::ember::__private::Cx<'_, Shop>,
            (item,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_sell(item),
                ::ember::__private::Handled::done,
            )
        }
    }
    pub struct __rpc_search<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_search<fn(String) -> Vec<String>> {
        type Args = (String,);
        type Value = Vec<String>;
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_search",
                "(String) -> Vec<String>",
            )
            .version(::core::env!("CARGO_PKG_VERSION"))
            .cancel();
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn arg0() -> ::ember::__private::Coding<String> {
                use ::ember::__private::shape::*;
                ::ember::__private::coding_by::<
                    ::ember::__private::Json,
                    String,
                >(|types| {
                    ::ember::__private::shape_by::<
                        ::ember::__private::Json,
                        String,
                    >(
                        types,
                        |types| (&&::ember::__private::Probe::<String>::NEW).shape(types),
                    )
                })
            }
            fn value() -> ::ember::__private::Coding<Vec<String>> {
                use ::ember::__private::shape::*;
                ::ember::__private::coding_by::<
                    ::ember::__private::Json,
                    Vec<String>,
                >(|types| {
                    ::ember::__private::shape_by::<
                        ::ember::__private::Json,
                        Vec<String>,
                    >(
                        types,
                        |types| {
                            (&&::ember::__private::Probe::<Vec<String>>::NEW)
                                .shape(types)
                        },
                    )
                })
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
                        &[("text", |types| arg0().shape(types))],
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
    impl ::ember::__private::Unkeyed for __rpc_search<fn(String) -> Vec<String>> {}
    impl ::ember::__private::HandledBy<Shop>
    for __rpc_search<fn(String) -> Vec<String>> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Shop>,
            _: &mut ::ember::__private::Cx<'_, Shop>,
            (text,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_search(text),
                ::ember::__private::Handled::done,
            )
        }
    }
    impl<__K: ::ember::__private::Kind> ShopClient<__K> {
        pub fn rpc_buy(&self, item: u32) -> __K::Call<__rpc_buy<fn(u32) -> ()>> {
            Self::__handle(self).call((item,))
        }
        pub fn rpc_price(
            &self,
            item: u32,
        ) -> __K::Call<__rpc_price<fn(u32) -> Option<u64>>> {
            Self::__handle(self).call((item,))
        }
        pub fn rpc_sell(&self, item: u32) -> __K::Call<__rpc_sell<fn(u32) -> u64>> {
            Self::__handle(self).call((item,))
        }
        pub fn rpc_search(
            &self,
            text: String,
        ) -> __K::Call<__rpc_search<fn(String) -> Vec<String>>> {
            Self::__handle(self).call((text,))
        }
    }
    impl ::ember::__private::OnlyOneRpcBlockPerType for Shop {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
            table.method::<__L, __rpc_buy<fn(u32) -> ()>>();
            table.method::<__L, __rpc_price<fn(u32) -> Option<u64>>>();
            table.method::<__L, __rpc_sell<fn(u32) -> u64>>();
            table.method::<__L, __rpc_search<fn(String) -> Vec<String>>>();
        }
    }
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Shop > ::SHARDS == 0,
            "`rpc_buy` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Shop > ::SHARDS == 0,
            "`rpc_price` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Shop > ::SHARDS == 0,
            "`rpc_sell` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Shop > ::SHARDS == 0,
            "`rpc_search` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
};
