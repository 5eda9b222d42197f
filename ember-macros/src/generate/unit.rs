//! Services and modules: the struct, its client, and what it consists of.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{ItemStruct, Type, ext::IdentExt, parse_quote, spanned::Spanned};

use super::client;
use crate::{
    generate::parts::{ends, hidden, marker},
    model::{Acks, Mount, Runtime, ServiceSpec, Unit, UnitKind, respanned},
};

pub(crate) fn unit(unit: &Unit) -> TokenStream {
    let Unit { runtime: k, item, cfgs, .. } = unit;
    let client = unit.client();
    let kind = match &unit.kind {
        UnitKind::Service(spec) => service(k, &item.ident, &client, spec),
        UnitKind::Module { parent, .. } => module(k, item, parent.as_ref()),
    };
    let doc = match &unit.kind {
        UnitKind::Service(spec) => format!("Calls services `{}`.", spec.name),
        UnitKind::Module { .. } => format!("Calls modules `{}`.", item.ident),
    };
    let parts = [
        client::from_handle(k, &client),
        accessors(k, &client, &unit.mounts),
        has_client(k, item, &client),
        unit.mounts.iter().map(|mount| field(k, item, mount)).collect(),
        unit.mounts.iter().filter(|_| unit.is_concurrent()).map(|mount| shared_field(k, item, mount)).collect(),
        description(unit),
        kind,
    ];
    let declaration = client::declaration(k, cfgs, &item.vis, &client, &doc);
    let hidden = hidden(cfgs, &parts.into_iter().collect());
    quote!(#item #declaration #hidden)
}

fn has_client(k: &Runtime, ItemStruct { ident, generics, .. }: &ItemStruct, client: &Ident) -> TokenStream {
    let (params, args, bounds) = generics.split_for_impl();
    quote! {
        impl #params #k::HasClient for #ident #args #bounds {
            type Client<__K: #k::Kind> = #client<__K>;
        }
    }
}

/// `client.bag()`.
fn accessors(k: &Runtime, client: &Ident, mounts: &[Mount]) -> TokenStream {
    if mounts.is_empty() {
        return TokenStream::new();
    }
    let accessors = mounts.iter().map(|Mount { field, ty, cfgs }| {
        let name = field.unraw().to_string();
        let (slot, child) = (slot(k, ty), child(k, ty));
        let at = k.at(ty.span());
        let client = projection(ty, slot, &quote!(#at::Reached<#child>), quote!(Client<__K>));
        let doc = format!("Calls the module `{name}`.");
        quote! {
            #(#cfgs)*
            #[doc = #doc]
            pub fn #field(&self) -> #client {
                self.0.module(#name)
            }
        }
    });
    quote!(impl<__K: #k::Kind> #client<__K> { #(#accessors)* })
}

/// The type that stands for a field with a module.
fn field(
    k: &Runtime,
    ItemStruct { ident, generics, .. }: &ItemStruct,
    Mount { field, ty, cfgs }: &Mount,
) -> TokenStream {
    let (params, args, bounds) = generics.split_for_impl();
    let owner = quote!(#ident #args);
    let (name, marker) = (field.unraw().to_string(), marker(field));
    let types = [("Child", child(k, ty)), ("Slot", slot(k, ty))].map(|(name, is)| {
        let (first, last) = ends(ty);
        let (start, name) = (quote_spanned!(first=> type), Ident::new(name, last));
        quote_spanned!(last=> #start #name = #is;)
    });
    let slot = quote_spanned! {ty.span()=>
        fn slot(owner: &mut #owner) -> &mut #ty {
            &mut owner.#field
        }
    };
    quote! {
        #(#cfgs)*
        struct #marker #params (::core::marker::PhantomData<fn() -> #owner>) #bounds;

        #(#cfgs)*
        impl #params #k::Field for #marker #args #bounds {
            type Owner = #owner;
            #(#types)*
            const NAME: &'static str = #name;

            #slot
        }
    }
}

/// The module in the field, as handlers have it of which several run at once.
fn shared_field(
    k: &Runtime,
    ItemStruct { ident, generics, .. }: &ItemStruct,
    Mount { field, ty, cfgs }: &Mount,
) -> TokenStream {
    let (params, args, bounds) = generics.split_for_impl();
    let (owner, marker, child) = (quote!(#ident #args), marker(field), child(k, ty));
    let at = k.at(ty.span());
    let within = quote_spanned!(ty.span()=> #at::by_ref::<#child, #at::ModuleBusy>(owner.#field.try_get()));
    quote! {
        #(#cfgs)*
        impl #params #k::SharedField for #marker #args #bounds {
            fn within(owner: #k::Loan<'_, #owner>) -> #k::Result<#k::Loan<'_, #child>, #k::ModuleBusy> {
                #within
            }
        }
    }
}

/// The type of a field.
fn slot(k: &Runtime, ty: &Type) -> TokenStream {
    let at = k.at(ty.span());
    projection(ty, ty, &quote!(#at::Mounted), quote!(Slot))
}

/// The module in a field of this type.
fn child(k: &Runtime, ty: &Type) -> TokenStream {
    let at = k.at(ty.span());
    let child = projection(ty, ty, &quote!(#at::Mounted), quote!(Child));
    projection(ty, &child, &quote!(#at::Unit), quote!(This))
}

/// `<of as Trait>::Name`, as if it were written all over `at`.
fn projection(at: &Type, of: impl ToTokens, the_trait: &TokenStream, name: TokenStream) -> TokenStream {
    let (first, last) = ends(at);
    let name = respanned(name, last);
    quote_spanned!(first=> <#of as #the_trait>::#name)
}

/// `impl Unit`.
fn description(unit: &Unit) -> TokenStream {
    let Unit { runtime: k, item, mounts, .. } = unit;
    let ident = &item.ident;
    let name = ident.unraw().to_string();
    let (parent, contracts) = match &unit.kind {
        UnitKind::Service(spec) => (None, &spec.contracts[..]),
        UnitKind::Module { parent, .. } => (parent.as_ref(), &[][..]),
    };
    let (params, args, bounds) = item.generics.split_for_impl();
    // A generic block that has other bounds than the struct must not go unnoticed.
    let block = if item.generics.params.is_empty() {
        quote! {
            use #k::NoRpcBlock as _;
            #k::RpcBlock::<Self>::describe::<__S, __L>(table);
        }
    } else {
        let at = k.at(ident.span());
        quote_spanned!(ident.span()=> <Self as #at::OnlyOneRpcBlockPerType>::describe_block::<__S, __L>(table);)
    };
    let parent = parent.map_or_else(|| quote!(#k::Orphan), ToTokens::to_token_stream);
    let names = contracts
        .iter()
        .map(|contract| quote_spanned!(contract.span()=> <Self as #contract>::RPC_ATTRIBUTE_ON_THE_TRAIT.name()));
    let said = (!contracts.is_empty()).then(|| quote!(const CONTRACTS: &'static [&'static str] = &[#(#names),*];));
    let contracts = contracts.iter().map(
        |contract| quote_spanned!(contract.span()=> <Self as #contract>::RPC_ATTRIBUTE_ON_THE_TRAIT.enter::<Self, __S, __L>(table);),
    );
    let enter = format_ident!("{}", if unit.is_concurrent() { "shared" } else { "module" });
    let access = format_ident!("{}", if unit.is_concurrent() { "Together" } else { "Alone" }, span = ident.span());
    let at = k.at(ident.span());
    let access = quote_spanned!(ident.span()=> type Access = #at::#access;);
    let shared = unit
        .is_concurrent()
        .then(|| quote_spanned!(ident.span()=> impl #params #at::SharedByHandlers for #ident #args #bounds {}));
    let modules = mounts.iter().map(|Mount { field, cfgs, .. }| {
        let marker = marker(field);
        quote!(#(#cfgs)* table.#enter::<__L, #marker #args>();)
    });
    quote! {
        #shared

        impl #params #k::Unit for #ident #args #bounds {
            #access
            type Parent = #parent;
            type This = Self;
            const NAME: &'static str = #name;
            #said

            fn describe<__S: #k::Service, __L: #k::Path<__S, Unit = Self>>(table: &mut #k::Table<__S>) {
                #block
                #(#contracts)*
                #(#modules)*
            }
        }
    }
}

fn service(k: &Runtime, ident: &Ident, client: &Ident, spec: &ServiceSpec) -> TokenStream {
    let ServiceSpec { name, kind, version, elected, min_in_sync, acks, shards, concurrent, workers, .. } = spec;
    let (replica, only_elected) = replica(k, ident, spec);
    let of_groups = [min_in_sync.as_ref().map(|(key, _)| key), acks.as_ref().map(|(key, _)| key)];
    let only_replicated = of_groups.into_iter().flatten().map(|key| only_replicated(k, ident, key));
    let min_in_sync = min_in_sync.as_ref().map(|(_, members)| {
        let members = Literal::u16_unsuffixed(*members);
        quote!(.min_in_sync(#members))
    });
    let acks = acks.as_ref().filter(|(_, acks)| *acks == Acks::Leader).map(|_| quote!(.acks_of_leader()));
    let sharded = shards.as_ref().map(|(_, shards)| {
        let shards = Literal::u16_unsuffixed(*shards);
        quote!(.sharded(#shards))
    });
    let workers = workers.as_ref().map(|(_, (least, most))| {
        let [least, most] = [least, most].map(|number| Literal::u16_unsuffixed(*number));
        if concurrent.is_some() { quote!(.concurrent(#least, #most)) } else { quote!(.workers(#least, #most)) }
    });
    let elected = elected.then(|| quote!(.elected()));
    let kind = kind.as_ref().map_or_else(|| quote!(""), ToTokens::to_token_stream);
    let version = version.as_ref().map_or_else(|| quote!(::core::env!("CARGO_PKG_VERSION")), ToTokens::to_token_stream);
    let location = quote!(::core::concat!(::core::file!(), ":", ::core::line!()));
    let only_sharded = shards.is_none().then(|| only_sharded(k, ident));
    let entry = client::entry(
        k,
        client,
        &quote!(#k::Interest::Service(::core::convert::Into::into(<#ident as #k::Specified>::SPEC.name))),
    );
    quote! {
        #entry

        impl #k::Specified for #ident {
            const SPEC: #k::ServiceSpec = #k::ServiceSpec::new(#name, #kind, #version, #location)#elected #min_in_sync #acks #sharded #workers;
            #replica
        }

        #only_elected
        #only_sharded
        #(#only_replicated)*

        impl #k::HasLocalClient for #ident {
            type LocalClient = #client<#k::Local>;
        }

        #k::inventory::submit! {
            #k::Class::new(<#ident as #k::Specified>::SPEC, || {
                use #k::NoFactory as _;
                #k::Factory::<#ident>::maker()
            })
        }
    }
}

/// What an elected service does with its state, if that is replicated. One that is not elected must have none: this stands beside.
fn replica(k: &Runtime, ident: &Ident, spec: &ServiceSpec) -> (TokenStream, TokenStream) {
    let at = k.at(ident.span());
    let kind = quote_spanned!(ident.span()=> #at::Replica::<#ident>::KIND);
    if spec.elected {
        let replica = quote! {
            const REPLICA: ::core::option::Option<#k::ReplicaKind> = {
                use #k::NotReplicated as _;
                #kind
            };
        };
        let fit = quote_spanned!(ident.span()=> #at::Replica::<#ident>::FIT);
        let beside = quote! {
            const _: () = {
                use #k::NotReplicated as _;
                #fit
            };
        };
        return (replica, beside);
    }
    let name = ident.unraw();
    let instead = match (&spec.shards, &spec.concurrent) {
        (Some(_), _) => "and a sharded service has many states: leave out `sharded`, and write `elected`",
        (_, Some(_)) => {
            "and in a replicated service one handler runs at a time: leave out `concurrent`, and write `elected`"
        }
        (None, None) => "so its instances must elect a master: write `#[service(elected)]`",
    };
    let message = format!("`{name}` is `Replicated`, {instead}");
    let check = quote_spanned!(ident.span()=> ::core::assert!(#kind.is_none(), #message););
    let beside = quote! {
        const _: () = {
            use #k::NotReplicated as _;
            #check
        };
    };
    (TokenStream::new(), beside)
}

/// A service that says how its shards are made has some.
fn only_sharded(k: &Runtime, ident: &Ident) -> TokenStream {
    let at = k.at(ident.span());
    let name = ident.unraw();
    let message = format!(
        "`{name}` is `Sharded`, and has no shards: write `#[service(sharded)]`, or leave out the `impl Sharded for {name}`"
    );
    let check = quote_spanned!(ident.span()=> ::core::assert!(!#at::Sharding::<#ident>::IS_TOLD, #message););
    quote! {
        const _: () = {
            use #k::NotSharded as _;
            #check
        };
    }
}

/// What is said of a group's members, of one that is replicated only.
fn only_replicated(k: &Runtime, ident: &Ident, key: &Ident) -> TokenStream {
    let at = k.at(key.span());
    let name = ident.unraw();
    let message = format!(
        "`{key}` is about a replicated state, and `{name}` has none: write an `impl Replicated for {name}`, or leave it out"
    );
    let check = quote_spanned!(key.span()=> ::core::assert!(#at::Replica::<#ident>::KIND.is_some(), #message););
    quote! {
        const _: () = {
            use #k::NotReplicated as _;
            #check
        };
    }
}

/// Where a module can be mounted.
fn module(k: &Runtime, ItemStruct { ident, generics, .. }: &ItemStruct, parent: Option<&syn::Path>) -> TokenStream {
    let (params, args, bounds) = generics.split_for_impl();
    let Some(parent) = parent else {
        let mut anywhere = generics.clone();
        anywhere.params.push(parse_quote!(__P: #k::Unit));
        let (params, ..) = anywhere.split_for_impl();
        return quote! {
            impl #params #k::MountIn<__P, #k::Orphan> for #ident #args #bounds {
                fn lend(_: &mut __P) -> &mut #k::Orphan {
                    #k::Orphan::stand_in()
                }
            }
        };
    };
    // Said of the parent itself, so that the compiler points to it.
    let there = k.at(parent.span());
    let is_unit = quote_spanned!(parent.span()=> #parent: #there::Unit);
    let mut known = generics.clone();
    known.make_where_clause().predicates.push(parse_quote!(#is_unit));
    let bounds = &known.where_clause;
    quote! {
        impl #params #k::MountIn<#parent, #parent> for #ident #args #bounds {
            fn lend(parent: &mut #parent) -> &mut #parent {
                parent
            }
        }
    }
}
