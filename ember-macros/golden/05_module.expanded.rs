// Made by `cargo test -p ember-macros golden` from the program beside it.

//! A module that knows its parent.
#[derive(Default)]
pub struct Bag {
    items: Vec<u32>,
}
///Calls modules `Bag`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct BagClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for BagClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> BagClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<BagClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl ::ember::__private::HasClient for Bag {
        type Client<__K: ::ember::__private::Kind> = BagClient<__K>;
    }
    impl ::ember::__private::Unit for Bag {
        type Access = ::ember::__private::Alone;
        type Parent = Player;
        type This = Self;
        const NAME: &'static str = "Bag";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
        }
    }
    impl ::ember::__private::MountIn<Player, Player> for Bag
    where
        Player: ::ember::__private::Unit,
    {
        fn lend(parent: &mut Player) -> &mut Player {
            parent
        }
    }
};
impl Bag {
    pub async fn rpc_drop(&mut self, cx: &mut Cx<'_, Self>, item: u32) -> bool {
        cx.parent().dropped += 1;
        self.items.contains(&item)
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
    pub struct __rpc_drop<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_drop<fn(u32) -> bool> {
        type Args = (u32,);
        type Value = bool;
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_drop",
                "(u32) -> bool",
            )
            .version(::core::env!("CARGO_PKG_VERSION"));
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn arg0() -> ::ember::__private::Coding<u32> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < u32 > ::JSON_ONLY,
                    "`u32` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<u32>::NEW).pick().coding()
            }
            fn value() -> ::ember::__private::Coding<bool> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < bool > ::JSON_ONLY,
                    "`bool` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<bool>::NEW).pick().coding()
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
    impl ::ember::__private::Unkeyed for __rpc_drop<fn(u32) -> bool> {}
    impl ::ember::__private::HandledBy<Bag> for __rpc_drop<fn(u32) -> bool> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Bag>,
            cx: &mut ::ember::__private::Cx<'_, Bag>,
            (item,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_drop(cx, item),
                ::ember::__private::Handled::done,
            )
        }
    }
    impl<__K: ::ember::__private::Kind> BagClient<__K> {
        pub fn rpc_drop(&self, item: u32) -> __K::Call<__rpc_drop<fn(u32) -> bool>> {
            Self::__handle(self).call((item,))
        }
    }
    impl ::ember::__private::OnlyOneRpcBlockPerType for Bag {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
            table.method::<__L, __rpc_drop<fn(u32) -> bool>>();
        }
    }
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Bag > ::SHARDS == 0,
            "`rpc_drop` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
};
