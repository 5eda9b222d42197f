//! Hooks, timers and event handlers.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Generics, Type, ext::IdentExt, spanned::Spanned};

use super::{
    method::{by_mut, context, duration, future, invoke, loan, whole},
    names::{Lent, local, marker},
};
use crate::model::{Calendar, Cron, Event, EventOf, Hook, Missed, Runtime, Shape, Timing};

/// The type that stands for a hook, and how it is run.
pub(crate) fn hook(k: &Runtime, generics: &Generics, unit: &Type, Hook { shape, cfgs, when }: &Hook) -> TokenStream {
    let marker = marker(&shape.ident);
    let (params, _, bounds) = generics.split_for_impl();
    let name = shape.ident.unraw().to_string();
    let Lent { this, cx, cx_pattern } = Lent::new(shape);
    let (future, run) = run(k, shape, &invoke(&this, &cx, shape));
    let (context, loan, by_mut) = (context(k, unit), loan(k, unit), by_mut(k, &this, shape));
    let alone = when.iter().any(has_alone).then(|| {
        let whole = whole(k, unit);
        quote! {
            #(#cfgs)*
            impl #params #k::HookOf<#unit> for #marker #bounds {
                const NAME: &'static str = #name;

                fn run(#this: #whole, #cx_pattern: &mut #context) -> #future {
                    #run
                }
            }
        }
    });
    let is_task = when.iter().any(|timing| !has_alone(timing)).then(|| {
        quote! {
            #(#cfgs)*
            impl #params #k::TaskOf<#unit> for #marker #bounds {
                const NAME: &'static str = #name;

                fn run(#this: #loan, #cx_pattern: &mut #context) -> #future {
                    #by_mut
                    #run
                }
            }
        }
    });
    quote! {
        #(#cfgs)*
        struct #marker;

        #alone
        #is_task
    }
}

/// Whether it runs while no handler does.
fn has_alone(timing: &Timing) -> bool {
    matches!(timing, Timing::On(kind) if *kind != "Started")
}

/// The type that stands for an event handler, and how it is run.
pub(crate) fn event(k: &Runtime, generics: &Generics, unit: &Type, handler: &Event) -> TokenStream {
    let Event { shape, of, cfgs } = handler;
    let (params, _, bounds) = generics.split_for_impl();
    let event = match of {
        EventOf::Type(event, _)
        | EventOf::Missed(Some(event))
        | EventOf::Down(Some(event))
        | EventOf::Entry(event)
        | EventOf::Gap(event) => {
            quote!(#event)
        }
        EventOf::Missed(None) => quote!(#k::Missed),
        EventOf::Down(None) => quote!(#k::Down),
        EventOf::Role(..) => quote!(#k::Epoch),
        EventOf::Tick(..) => quote!(#k::Tick),
    };
    let (ident, marker) = (handler.ident(), marker(handler.ident()));
    let name = ident.unraw().to_string();
    let Lent { this, cx, cx_pattern } = Lent::new(shape);
    let the_event = local("event", ident);
    let cx_argument = shape.takes_cx.then(|| quote!(#cx,));
    let the_argument = match of {
        EventOf::Type(..) | EventOf::Missed(Some(_)) | EventOf::Down(Some(_)) | EventOf::Entry(_) | EventOf::Gap(_) => {
            quote!(#the_event)
        }
        EventOf::Missed(None) | EventOf::Down(None) | EventOf::Role(_, None) | EventOf::Tick(_, _, false) => quote!(),
        EventOf::Tick(_, _, true) => quote!(*#the_event),
        // What it takes may be no epoch.
        EventOf::Role(_, Some(ty)) => {
            let at = k.at(ty.span());
            quote_spanned!(ty.span()=> <#ty as #at::ToldTheEpoch>::told(*#the_event))
        }
    };
    let (future, run) = run(k, shape, &quote!(#this.#ident(#cx_argument #the_argument)));
    let (context, loan, by_mut) = (context(k, unit), loan(k, unit), by_mut(k, &this, shape));
    // It can say where to begin.
    let hears = matches!(of, EventOf::Entry(_)).then(|| {
        quote! {
            #(#cfgs)*
            impl #params #k::Hears<#event> for #unit #bounds {}
        }
    });
    quote! {
        #(#cfgs)*
        struct #marker;

        #hears

        #(#cfgs)*
        impl #params #k::OnEvent<#unit> for #marker #bounds {
            type Event = #event;
            const NAME: &'static str = #name;

            fn run(#this: #loan, #cx_pattern: &mut #context, #the_event: &#event) -> #future {
                #by_mut
                let _ = &#the_event;
                #run
            }
        }
    }
}

/// `table.hook::<L, __load>(HookKind::Start);`
pub(crate) fn enter_hook(k: &Runtime, Hook { shape, when, cfgs }: &Hook) -> TokenStream {
    let marker = marker(&shape.ident);
    let entries = when.iter().map(|timing| {
        let entry = match timing {
            Timing::On("Started") => quote!(started::<__L, #marker>()),
            Timing::On(kind) => {
                let kind = format_ident!("{kind}");
                quote!(hook::<__L, #marker>(#k::HookKind::#kind))
            }
            Timing::Every(period, policy) => {
                let (period, policy) = (duration(*period), missed(k, *policy));
                quote!(timer::<__L, #marker>(#k::Schedule::Every(#period, #policy)))
            }
            Timing::Cron(Calendar { text, cron, zone, gap, overlap }) => {
                let Cron { seconds, minutes, hours, days, months, weekdays, either } = cron;
                let (gap, overlap) = (format_ident!("{gap}"), format_ident!("{overlap}"));
                let zone = zone.as_ref().map_or_else(|| quote!("UTC"), |zone| quote!(#zone));
                quote!(timer::<__L, #marker>(#k::Schedule::Cron(#k::Cron {
                    text: #text, seconds: #seconds, minutes: #minutes, hours: #hours, days: #days, months: #months,
                    weekdays: #weekdays, either: #either, zone: #zone,
                    gap: #k::Gap::#gap, overlap: #k::Overlap::#overlap,
                })))
            }
            Timing::After(delay) => {
                let delay = duration(*delay);
                quote!(timer::<__L, #marker>(#k::Schedule::After(#delay)))
            }
        };
        quote!(#(#cfgs)* table.#entry;)
    });
    quote!(#(#entries)*)
}

/// `MissedTicks::Skip`
pub(crate) fn missed(k: &Runtime, missed: Missed) -> TokenStream {
    match missed {
        Missed::Delay => quote!(#k::MissedTicks::Delay),
        Missed::Skip => quote!(#k::MissedTicks::Skip),
        Missed::CatchUp(most) => quote!(#k::MissedTicks::CatchUp(#most)),
    }
}

/// The future of a hook, and its body.
fn run(k: &Runtime, shape: &Shape, call: &TokenStream) -> (TokenStream, TokenStream) {
    let waits = shape.is_async.then(|| quote!(.await));
    let span = shape.output.whole().span();
    let at = k.at(span);
    let returned = shape.output.whole();
    let result = quote_spanned!(span=> <#returned as #at::HookResult>::into_result(#call #waits));
    (future(shape, &quote!(#k::error::Result<()>)), quote!(async move { #result }))
}
