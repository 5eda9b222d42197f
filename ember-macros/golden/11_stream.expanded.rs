// Made by `cargo test -p ember-macros golden` from the program beside it.

//! A method with many replies.
pub struct Chat;
///Calls services `Chat`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct ChatClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for ChatClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> ChatClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<ChatClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl ::ember::__private::HasClient for Chat {
        type Client<__K: ::ember::__private::Kind> = ChatClient<__K>;
    }
    impl ::ember::__private::Unit for Chat {
        type Access = ::ember::__private::Alone;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Chat";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for ChatClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = ChatClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Chat as ::ember::__private::Specified>::SPEC.name,
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
    impl ::ember::__private::Specified for Chat {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
            "Chat",
            "",
            ::core::env!("CARGO_PKG_VERSION"),
            ::core::concat!(::core::file!(), ":", ::core::line!()),
        );
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::core::assert!(
            ::ember::__private::Replica:: < Chat > ::KIND.is_none(),
            "`Chat` is `Replicated`, so its instances must elect a master: write `#[service(elected)]`"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ! ::ember::__private::Sharding:: < Chat > ::IS_TOLD,
            "`Chat` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for Chat`"
        );
    };
    impl ::ember::__private::HasLocalClient for Chat {
        type LocalClient = ChatClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Chat as ::ember::__private::Specified > ::SPEC,
        || { use ::ember::__private::NoFactory as _; ::ember::__private::Factory:: < Chat
        > ::maker() })
    }
};
impl Chat {
    pub async fn rpc_feed(
        &mut self,
        cx: &mut Cx<'_, Self>,
        topic: String,
    ) -> Result<Streaming<Line>, NoTopic> {
        let (tx, lines) = cx.streaming(64);
        self.keep(topic, tx)?;
        Ok(lines)
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
    pub struct __rpc_feed<T>(::core::marker::PhantomData<T>);
    impl ::ember::__private::Method
    for __rpc_feed<fn(String) -> Result<Streaming<Line>, NoTopic>> {
        type Args = (String,);
        type Value = Streaming<Line>;
        type Error = NoTopic;
        const INFO: ::ember::__private::MethodInfo = ::ember::__private::MethodInfo::new(
                "",
                "rpc_feed",
                "(String) -> Result<Streaming<Line>, NoTopic>",
            )
            .version(::core::env!("CARGO_PKG_VERSION"));
        fn wire() -> ::core::option::Option<::ember::__private::WireOf<Self>> {
            fn arg0() -> ::ember::__private::Coding<String> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < String > ::JSON_ONLY,
                    "`String` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<String>::NEW).pick().coding()
            }
            fn item() -> ::ember::__private::Coding<Line> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < Line > ::JSON_ONLY,
                    "`Line` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<Line>::NEW).pick().coding()
            }
            fn value() -> ::ember::__private::Coding<Streaming<Line>> {
                ::ember::__private::stream_coding(|types| ::ember::__private::stream_shape(
                    item().shape(types),
                ))
            }
            fn error() -> ::ember::__private::Coding<NoTopic> {
                use ::ember::__private::{AnyCodec as _, pick::*};
                const _: () = ::core::assert!(
                    ! ::ember::__private::Probe:: < NoTopic > ::JSON_ONLY,
                    "`NoTopic` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method"
                );
                (&&&::ember::__private::Probe::<NoTopic>::NEW).pick().coding()
            }
            fn signature() -> &'static ::ember::__private::Signature {
                static SIGNATURE: ::ember::__private::OnceLock<
                    ::ember::__private::Signature,
                > = ::ember::__private::OnceLock::new();
                ::ember::__private::Signature::lazily(
                    &SIGNATURE,
                    || ::ember::__private::Signature::new(
                        &[("topic", |types| arg0().shape(types))],
                        |types| value().shape(types),
                        ::core::option::Option::Some(|types| error().shape(types)),
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
                    )
                    .streaming(
                        ::ember::__private::StreamOf::new(
                            |stream| stream.lend(item()),
                            |stream, at| stream.adopt(item(), at),
                        ),
                    ),
            )
        }
    }
    impl ::ember::__private::Unkeyed
    for __rpc_feed<fn(String) -> Result<Streaming<Line>, NoTopic>> {}
    impl ::ember::__private::HandledBy<Chat>
    for __rpc_feed<fn(String) -> Result<Streaming<Line>, NoTopic>> {
        fn handle(
            unit: ::ember::__private::Loan<'_, Chat>,
            cx: &mut ::ember::__private::Cx<'_, Chat>,
            (topic,): Self::Args,
        ) -> impl ::core::future::Future<
            Output = ::ember::__private::Handled<Self::Value, Self::Error>,
        > + ::core::marker::Send {
            ::ember::__private::by_mut()(&unit);
            ::ember::__private::answered(
                unit.rpc_feed(cx, topic),
                ::ember::__private::Handled::from,
            )
        }
    }
    impl<__K: ::ember::__private::Kind> ChatClient<__K> {
        pub fn rpc_feed(
            &self,
            topic: String,
        ) -> __K::Call<__rpc_feed<fn(String) -> Result<Streaming<Line>, NoTopic>>> {
            Self::__handle(self).call((topic,))
        }
    }
    impl ::ember::__private::OnlyOneRpcBlockPerType for Chat {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
            table
                .method::<
                    __L,
                    __rpc_feed<fn(String) -> Result<Streaming<Line>, NoTopic>>,
                >();
        }
    }
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ::ember::__private::Sharding:: < Chat > ::SHARDS == 0,
            "`rpc_feed` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or leave `sharded` out"
        );
    };
};
