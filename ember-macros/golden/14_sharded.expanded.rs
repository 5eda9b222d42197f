// Made by `cargo test -p ember-macros golden` from the program beside it.

//! A sharded service with a range of workers.
pub struct Scores;
///Calls services `Scores`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct ScoresClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for ScoresClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> ScoresClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<ScoresClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl ::ember::__private::HasClient for Scores {
        type Client<__K: ::ember::__private::Kind> = ScoresClient<__K>;
    }
    impl ::ember::__private::Unit for Scores {
        type Access = ::ember::__private::Alone;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Scores";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for ScoresClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = ScoresClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Scores as ::ember::__private::Specified>::SPEC.name,
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
    impl ::ember::__private::Specified for Scores {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
                "Scores",
                "",
                ::core::env!("CARGO_PKG_VERSION"),
                ::core::concat!(::core::file!(), ":", ::core::line!()),
            )
            .sharded(32)
            .workers(2, 16);
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::core::assert!(
            ::ember::__private::Replica:: < Scores > ::KIND.is_none(),
            "`Scores` is `Replicated`, and a sharded service has many states: leave out `sharded`, and write `elected`"
        );
    };
    impl ::ember::__private::HasLocalClient for Scores {
        type LocalClient = ScoresClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Scores as ::ember::__private::Specified >
        ::SPEC, || { use ::ember::__private::NoFactory as _;
        ::ember::__private::Factory:: < Scores > ::maker() })
    }
};
impl Scores {
    pub async fn rpc_add(&mut self, player: u64) -> u64 {
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
            .version(::core::env!("CARGO_PKG_VERSION"))
            .key("player");
        fn key(
            __args: &Self::Args,
        ) -> ::ember::__private::Result<
            ::ember::__private::Option<u64>,
            ::ember::__private::CodecError,
        > {
            ::ember::__private::key_hash(&__args.0).map(::ember::__private::Option::Some)
        }
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
                    || ::ember::__private::Signature::keyed(
                        &[("player", |types| arg0().shape(types))],
                        |types| value().shape(types),
                        ::core::option::Option::None,
                        (
                            "player",
                            |types| {
                                use ::ember::__private::shape::*;
                                let probe = ::ember::__private::Probe::of(|__args: &(u64,)| {
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
    impl ::ember::__private::HandledBy<Scores> for __rpc_add<fn(u64) -> u64> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Scores>,
            _: &mut ::ember::__private::Cx<'_, Scores>,
            (player,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_add(player),
                ::ember::__private::Handled::done,
            )
        }
    }
    impl<__K: ::ember::__private::Kind> ScoresClient<__K> {
        pub fn rpc_add(&self, player: u64) -> __K::Call<__rpc_add<fn(u64) -> u64>> {
            Self::__handle(self).call((player,))
        }
    }
    impl ::ember::__private::OnlyOneRpcBlockPerType for Scores {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
            table.method::<__L, __rpc_add<fn(u64) -> u64>>();
        }
    }
};
