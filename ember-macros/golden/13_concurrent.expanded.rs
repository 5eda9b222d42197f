// Made by `cargo test -p ember-macros golden` from the program beside it.

//! A service of which several handlers run at once, with a module.
pub struct Hall {
    desk: Module<Desk>,
}
///Calls services `Hall`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct HallClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for HallClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> HallClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<HallClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl<__K: ::ember::__private::Kind> HallClient<__K> {
        ///Calls the module `desk`.
        pub fn desk(
            &self,
        ) -> <<Module<
            Desk,
        > as ::ember::__private::Mounted>::Slot as ::ember::__private::Reached<
            <<Module<
                Desk,
            > as ::ember::__private::Mounted>::Child as ::ember::__private::Unit>::This,
        >>::Client<__K> {
            self.0.module("desk")
        }
    }
    impl ::ember::__private::HasClient for Hall {
        type Client<__K: ::ember::__private::Kind> = HallClient<__K>;
    }
    struct __desk(::core::marker::PhantomData<fn() -> Hall>);
    impl ::ember::__private::Field for __desk {
        type Owner = Hall;
        type Child = <<Module<
            Desk,
        > as ::ember::__private::Mounted>::Child as ::ember::__private::Unit>::This;
        type Slot = <Module<Desk> as ::ember::__private::Mounted>::Slot;
        const NAME: &'static str = "desk";
        fn slot(owner: &mut Hall) -> &mut Module<Desk> {
            &mut owner.desk
        }
    }
    impl ::ember::__private::SharedField for __desk {
        fn within(
            owner: ::ember::__private::Loan<'_, Hall>,
        ) -> ::ember::__private::Result<
            ::ember::__private::Loan<
                '_,
                <<Module<
                    Desk,
                > as ::ember::__private::Mounted>::Child as ::ember::__private::Unit>::This,
            >,
            ::ember::__private::ModuleBusy,
        > {
            ::ember::__private::by_ref::<
                <<Module<
                    Desk,
                > as ::ember::__private::Mounted>::Child as ::ember::__private::Unit>::This,
                ::ember::__private::ModuleBusy,
            >(owner.desk.try_get())
        }
    }
    impl ::ember::__private::SharedByHandlers for Hall {}
    impl ::ember::__private::Unit for Hall {
        type Access = ::ember::__private::Together;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Hall";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
            table.shared::<__L, __desk>();
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for HallClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = HallClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Hall as ::ember::__private::Specified>::SPEC.name,
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
    impl ::ember::__private::Specified for Hall {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
                "Hall",
                "",
                ::core::env!("CARGO_PKG_VERSION"),
                ::core::concat!(::core::file!(), ":", ::core::line!()),
            )
            .concurrent(2, 16);
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::core::assert!(
            ::ember::__private::Replica:: < Hall > ::KIND.is_none(),
            "`Hall` is `Replicated`, and in a replicated service one handler runs at a time: leave out `concurrent`, and write `elected`"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ! ::ember::__private::Sharding:: < Hall > ::IS_TOLD,
            "`Hall` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for Hall`"
        );
    };
    impl ::ember::__private::HasLocalClient for Hall {
        type LocalClient = HallClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Hall as ::ember::__private::Specified > ::SPEC,
        || { use ::ember::__private::NoFactory as _; ::ember::__private::Factory:: < Hall
        > ::maker() })
    }
};
impl Hall {
    async fn load(&mut self) {}
    async fn tick(&self) {}
    pub async fn rpc_enter(&self, cx: &mut Cx<'_, Self>, player: u64) -> u64 {
        player
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
    pub struct __rpc_enter<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method for __rpc_enter<fn(u64) -> u64> {
        type Args = (u64,);
        type Value = u64;
        type Error = ::ember::__private::Infallible;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_enter",
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
                        &[("player", |types| arg0().shape(types))],
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
    impl ::ember::__private::Unkeyed for __rpc_enter<fn(u64) -> u64> {}
    impl ::ember::__private::HandledBy<Hall> for __rpc_enter<fn(u64) -> u64> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Hall>,
            cx: &mut ::ember::__private::Cx<'_, Hall>,
            (player,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::answered(
                unit.rpc_enter(cx, player),
                ::ember::__private::Handled::done,
            )
        }
    }
    struct __load;
    impl ::ember::__private::HookOf<Hall> for __load {
        const NAME: &'static str = "load";
        fn run(
            unit: ::ember::__private::Whole<'_, Hall>,
            _: &mut ::ember::__private::Cx<'_, Hall>,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            async move {
                <() as ::ember::__private::HookResult>::into_result(unit.load().await)
            }
        }
    }
    struct __tick;
    impl ::ember::__private::TaskOf<Hall> for __tick {
        const NAME: &'static str = "tick";
        fn run(
            unit: ::ember::__private::Loan<'_, Hall>,
            _: &mut ::ember::__private::Cx<'_, Hall>,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            async move {
                <() as ::ember::__private::HookResult>::into_result(unit.tick().await)
            }
        }
    }
    impl<__K: ::ember::__private::Kind> HallClient<__K> {
        pub fn rpc_enter(&self, player: u64) -> __K::Call<__rpc_enter<fn(u64) -> u64>> {
            Self::__handle(self).call((player,))
        }
    }
    impl ::ember::__private::OnlyOneRpcBlockPerType for Hall {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
            table.method::<__L, __rpc_enter<fn(u64) -> u64>>();
            table.hook::<__L, __load>(::ember::__private::HookKind::Start);
            table
                .timer::<
                    __L,
                    __tick,
                >(
                    ::ember::__private::Schedule::Every(
                        ::core::time::Duration::from_nanos(10000000000u64),
                        ::ember::__private::MissedTicks::Delay,
                    ),
                );
        }
    }
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Hall > ::SHARDS == 0,
            "`rpc_enter` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
};
