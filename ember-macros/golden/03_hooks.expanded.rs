// Made by `cargo test -p ember-macros golden` from the program beside it.

//! What a service does by itself.
pub struct Clock {
    ticks: u64,
}
///Calls services `Clock`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct ClockClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for ClockClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> ClockClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<ClockClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl ::ember::__private::HasClient for Clock {
        type Client<__K: ::ember::__private::Kind> = ClockClient<__K>;
    }
    impl ::ember::__private::Unit for Clock {
        type Access = ::ember::__private::Alone;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Clock";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for ClockClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = ClockClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Clock as ::ember::__private::Specified>::SPEC.name,
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
    impl ::ember::__private::Specified for Clock {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
            "Clock",
            "",
            ::core::env!("CARGO_PKG_VERSION"),
            ::core::concat!(::core::file!(), ":", ::core::line!()),
        );
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::core::assert!(
            ::ember::__private::Replica:: < Clock > ::KIND.is_none(),
            "`Clock` is `Replicated`, so its instances must elect a master: write `#[service(elected)]`"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ! ::ember::__private::Sharding:: < Clock > ::IS_TOLD,
            "`Clock` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for Clock`"
        );
    };
    impl ::ember::__private::HasLocalClient for Clock {
        type LocalClient = ClockClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Clock as ::ember::__private::Specified > ::SPEC,
        || { use ::ember::__private::NoFactory as _; ::ember::__private::Factory:: <
        Clock > ::maker() })
    }
};
impl Clock {
    fn init(&mut self) {}
    async fn start(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), Failed> {
        Ok(())
    }
    fn tick(&mut self) {
        self.ticks += 1;
    }
    async fn once(&mut self) {}
    fn heard(&mut self, news: &News) {}
    fn down(&mut self, down: &Down) {}
    async fn posted(&mut self, cx: &mut Cx<'_, Self>, posted: &Posted<Ledger>) {}
    fn gap(&mut self, gap: &EntryGap<Ledger>) {}
    async fn stop(&mut self) {}
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
    struct __init;
    impl ::ember::__private::HookOf<Clock> for __init {
        const NAME: &'static str = "init";
        fn run(
            unit: ::ember::__private::Whole<'_, Clock>,
            _: &mut ::ember::__private::Cx<'_, Clock>,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            async move {
                <() as ::ember::__private::HookResult>::into_result(unit.init())
            }
        }
    }
    struct __start;
    impl ::ember::__private::HookOf<Clock> for __start {
        const NAME: &'static str = "start";
        fn run(
            unit: ::ember::__private::Whole<'_, Clock>,
            cx: &mut ::ember::__private::Cx<'_, Clock>,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            async move {
                <Result<
                    (),
                    Failed,
                > as ::ember::__private::HookResult>::into_result(unit.start(cx).await)
            }
        }
    }
    struct __tick;
    impl ::ember::__private::TaskOf<Clock> for __tick {
        const NAME: &'static str = "tick";
        fn run(
            unit: ::ember::__private::Loan<'_, Clock>,
            _: &mut ::ember::__private::Cx<'_, Clock>,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            async move {
                <() as ::ember::__private::HookResult>::into_result(unit.tick())
            }
        }
    }
    struct __once;
    impl ::ember::__private::TaskOf<Clock> for __once {
        const NAME: &'static str = "once";
        fn run(
            unit: ::ember::__private::Loan<'_, Clock>,
            _: &mut ::ember::__private::Cx<'_, Clock>,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            async move {
                <() as ::ember::__private::HookResult>::into_result(unit.once().await)
            }
        }
    }
    struct __stop;
    impl ::ember::__private::HookOf<Clock> for __stop {
        const NAME: &'static str = "stop";
        fn run(
            unit: ::ember::__private::Whole<'_, Clock>,
            _: &mut ::ember::__private::Cx<'_, Clock>,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            async move {
                <() as ::ember::__private::HookResult>::into_result(unit.stop().await)
            }
        }
    }
    struct __heard;
    impl ::ember::__private::OnEvent<Clock> for __heard {
        type Event = News;
        const NAME: &'static str = "heard";
        fn run(
            unit: ::ember::__private::Loan<'_, Clock>,
            _: &mut ::ember::__private::Cx<'_, Clock>,
            event: &News,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            let _ = &event;
            async move {
                <() as ::ember::__private::HookResult>::into_result(unit.heard(event))
            }
        }
    }
    struct __down;
    impl ::ember::__private::OnEvent<Clock> for __down {
        type Event = Down;
        const NAME: &'static str = "down";
        fn run(
            unit: ::ember::__private::Loan<'_, Clock>,
            _: &mut ::ember::__private::Cx<'_, Clock>,
            event: &Down,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            let _ = &event;
            async move {
                <() as ::ember::__private::HookResult>::into_result(unit.down(event))
            }
        }
    }
    struct __posted;
    impl ::ember::__private::Hears<Posted<Ledger>> for Clock {}
    impl ::ember::__private::OnEvent<Clock> for __posted {
        type Event = Posted<Ledger>;
        const NAME: &'static str = "posted";
        fn run(
            unit: ::ember::__private::Loan<'_, Clock>,
            cx: &mut ::ember::__private::Cx<'_, Clock>,
            event: &Posted<Ledger>,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            let _ = &event;
            async move {
                <() as ::ember::__private::HookResult>::into_result(
                    unit.posted(cx, event).await,
                )
            }
        }
    }
    struct __gap;
    impl ::ember::__private::OnEvent<Clock> for __gap {
        type Event = EntryGap<Ledger>;
        const NAME: &'static str = "gap";
        fn run(
            unit: ::ember::__private::Loan<'_, Clock>,
            _: &mut ::ember::__private::Cx<'_, Clock>,
            event: &EntryGap<Ledger>,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::error::Result<()>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            let _ = &event;
            async move {
                <() as ::ember::__private::HookResult>::into_result(unit.gap(event))
            }
        }
    }
    impl ::ember::__private::OnlyOneRpcBlockPerType for Clock {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
            table.hook::<__L, __init>(::ember::__private::HookKind::Init);
            table.hook::<__L, __start>(::ember::__private::HookKind::Start);
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
            table
                .timer::<
                    __L,
                    __once,
                >(
                    ::ember::__private::Schedule::After(
                        ::core::time::Duration::from_nanos(60000000000u64),
                    ),
                );
            table.hook::<__L, __stop>(::ember::__private::HookKind::Stop);
            table.event::<__L, __heard>();
            table.down::<__L, __down>();
            table.entry::<__L, __posted>();
            table.gap::<__L, __gap>();
        }
    }
};
