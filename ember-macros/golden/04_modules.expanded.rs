// Made by `cargo test -p ember-macros golden` from the program beside it.

//! A service with a module, and with modules under keys.
pub struct Player {
    name: String,
    bag: Module<Bag>,
    pets: Modules<u32, Pet>,
}
///Calls services `Player`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct PlayerClient<K: ::ember::__private::Kind = ::ember::__private::One>(
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
    > ::core::convert::From<::ember::__private::Handle<K>> for PlayerClient<K> {
        fn from(handle: ::ember::__private::Handle<K>) -> Self {
            Self(handle)
        }
    }
    impl<K: ::ember::__private::Kind> PlayerClient<K> {
        #[doc(hidden)]
        pub fn __handle(&self) -> &::ember::__private::Handle<K> {
            &self.0
        }
        /// Where its calls go, as data that can be sent to other nodes.
        pub fn address(&self) -> ::ember::__private::Address<PlayerClient> {
            ::ember::__private::Address::of(&self.0)
        }
    }
    impl<__K: ::ember::__private::Kind> PlayerClient<__K> {
        ///Calls the module `bag`.
        pub fn bag(
            &self,
        ) -> <<Module<
            Bag,
        > as ::ember::__private::Mounted>::Slot as ::ember::__private::Reached<
            <<Module<
                Bag,
            > as ::ember::__private::Mounted>::Child as ::ember::__private::Unit>::This,
        >>::Client<__K> {
            self.0.module("bag")
        }
        ///Calls the module `pets`.
        pub fn pets(
            &self,
        ) -> <<Modules<
            u32,
            Pet,
        > as ::ember::__private::Mounted>::Slot as ::ember::__private::Reached<
            <<Modules<
                u32,
                Pet,
            > as ::ember::__private::Mounted>::Child as ::ember::__private::Unit>::This,
        >>::Client<__K> {
            self.0.module("pets")
        }
    }
    impl ::ember::__private::HasClient for Player {
        type Client<__K: ::ember::__private::Kind> = PlayerClient<__K>;
    }
    struct __bag(::core::marker::PhantomData<fn() -> Player>);
    impl ::ember::__private::Field for __bag {
        type Owner = Player;
        type Child = <<Module<
            Bag,
        > as ::ember::__private::Mounted>::Child as ::ember::__private::Unit>::This;
        type Slot = <Module<Bag> as ::ember::__private::Mounted>::Slot;
        const NAME: &'static str = "bag";
        fn slot(owner: &mut Player) -> &mut Module<Bag> {
            &mut owner.bag
        }
    }
    struct __pets(::core::marker::PhantomData<fn() -> Player>);
    impl ::ember::__private::Field for __pets {
        type Owner = Player;
        type Child = <<Modules<
            u32,
            Pet,
        > as ::ember::__private::Mounted>::Child as ::ember::__private::Unit>::This;
        type Slot = <Modules<u32, Pet> as ::ember::__private::Mounted>::Slot;
        const NAME: &'static str = "pets";
        fn slot(owner: &mut Player) -> &mut Modules<u32, Pet> {
            &mut owner.pets
        }
    }
    impl ::ember::__private::Unit for Player {
        type Access = ::ember::__private::Alone;
        type Parent = ::ember::__private::Orphan;
        type This = Self;
        const NAME: &'static str = "Player";
        fn describe<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            use ::ember::__private::NoRpcBlock as _;
            ::ember::__private::RpcBlock::<Self>::describe::<__S, __L>(table);
            table.module::<__L, __bag>();
            table.module::<__L, __pets>();
        }
    }
    impl<K: ::ember::__private::Kind> ::ember::__private::Client for PlayerClient<K> {
        type Kind = K;
        type As<L: ::ember::__private::Kind> = PlayerClient<L>;
        fn interest() -> ::ember::__private::Interest {
            ::ember::__private::Interest::Service(
                ::core::convert::Into::into(
                    <Player as ::ember::__private::Specified>::SPEC.name,
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
    impl ::ember::__private::Specified for Player {
        const SPEC: ::ember::__private::ServiceSpec = ::ember::__private::ServiceSpec::new(
            "Player",
            "",
            ::core::env!("CARGO_PKG_VERSION"),
            ::core::concat!(::core::file!(), ":", ::core::line!()),
        );
    }
    const _: () = {
        use ::ember::__private::NotReplicated as _;
        ::core::assert!(
            ::ember::__private::Replica:: < Player > ::KIND.is_none(),
            "`Player` is `Replicated`, so its instances must elect a master: write `#[service(elected)]`"
        );
    };
    const _: () = {
        use ::ember::__private::NotSharded as _;
        ::core::assert!(
            ! ::ember::__private::Sharding:: < Player > ::IS_TOLD,
            "`Player` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for Player`"
        );
    };
    impl ::ember::__private::HasLocalClient for Player {
        type LocalClient = PlayerClient<::ember::__private::Local>;
    }
    ::ember::__private::inventory::submit! {
        ::ember::__private::Class::new(< Player as ::ember::__private::Specified >
        ::SPEC, || { use ::ember::__private::NoFactory as _;
        ::ember::__private::Factory:: < Player > ::maker() })
    }
};
impl Player {}
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
    impl ::ember::__private::OnlyOneRpcBlockPerType for Player {
        fn describe_block<
            __S: ::ember::__private::Service,
            __L: ::ember::__private::Path<__S, Unit = Self>,
        >(table: &mut ::ember::__private::Table<__S>) {
            let _ = &table;
        }
    }
};
