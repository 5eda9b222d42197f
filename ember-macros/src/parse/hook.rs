//! Methods that run by themselves: `#[on(…)]`, `#[every("…")]`, `#[after("…")]`, `#[tick("…")]`.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Attribute, Ident, LitStr, Signature, Type, ext::IdentExt, parse::ParseStream};

use super::{
    calendar, events,
    signature::{self, Role},
};
use crate::{
    errors::Errors,
    model::{Event, EventOf, Hook, Missed, Shape, Takes, Timing},
    parse::words::{attrs, bared, closest, duration, list},
};

/// The hooks in the life of a service, and what the runtime's `HookKind` calls them.
const HOOKS: &[(&str, &str)] = &[("init", "Init"), ("start", "Start"), ("started", "Started"), ("stop", "Stop")];

/// What an instance of an elected service becomes, and what the runtime's `Role` calls it.
const ROLES: &[(&str, &str)] = &[("master", "Master"), ("slave", "Slave")];

/// What a service hears of another that it follows.
const FOLLOWED: [Follows; 2] = [
    Follows { name: "entry", told: "posted", takes: "Posted", event: EventOf::Entry },
    Follows { name: "gap", told: "gap", takes: "EntryGap", event: EventOf::Gap },
];

/// Of one function. Several functions may have the same.
const GIVEN_TWICE: &str = "this says that it runs twice, one time after the other: leave one of them out";

/// What the attributes of a function say of it.
#[derive(Default)]
pub(super) struct Marks {
    when: Vec<Timing>,
    event: Option<(Attribute, Takes)>,
    missed: Option<Attribute>,
    down: Option<Attribute>,
    followed: Option<(Attribute, Follows)>,
    role: Option<(Attribute, &'static str)>,
    tick: Option<(Attribute, (Duration, Missed))>,
    first: Option<Attribute>,
    /// One could not be read, so that there is no telling what the function is.
    unclear: bool,
}

/// A function that runs by itself.
pub(super) enum Automatic {
    Hook(Box<Hook>),
    Event(Box<Event>),
}

impl Marks {
    /// Takes the attributes off the function. `None` if it has none.
    pub(super) fn take(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Self> {
        let mut marks = Self::default();
        for attr in attrs::take(attributes, "on") {
            match on(&attr, errors) {
                Some(On::Hook(kind)) => {
                    if marks.when.iter().any(|when| matches!(when, Timing::On(before) if *before == kind)) {
                        errors.at(&attr, GIVEN_TWICE);
                        marks.unclear = true;
                    }
                    marks.when.push(Timing::On(kind));
                }
                Some(On::Event(takes)) => {
                    if marks.event.is_some() {
                        errors.at(&attr, GIVEN_TWICE);
                        marks.unclear = true;
                    }
                    marks.event = Some((attr.clone(), takes));
                }
                Some(On::Missed) => marks.missed = Some(attr.clone()),
                Some(On::Down) => marks.down = Some(attr.clone()),
                Some(On::Followed(what)) => {
                    if let Some((_, before)) = &marks.followed {
                        let twice = before.name == what.name;
                        errors.at(
                            &attr,
                            if twice {
                                GIVEN_TWICE
                            } else {
                                "what takes entries is not what is told of a gap: split it in two"
                            },
                        );
                        marks.unclear = true;
                    }
                    marks.followed = Some((attr.clone(), what));
                }
                Some(On::Role(role)) => {
                    if let Some((other, before)) = &marks.role {
                        if *before == role {
                            errors.at(&attr, GIVEN_TWICE);
                        } else {
                            errors.at(
                                other,
                                "what runs when it becomes master is not what runs when it becomes slave: split it in two",
                            );
                        }
                        marks.unclear = true;
                    }
                    marks.role = Some((attr.clone(), role));
                }
                None => marks.unclear = true,
            }
            marks.first.get_or_insert(attr);
        }
        for attr in attrs::take(attributes, "every") {
            let pace = calendar::pace(&attr, ("every", "missed"), Missed::Delay, errors);
            marks.timing(pace.map(|(period, missed)| Timing::Every(period, missed)), attr);
        }
        for attr in attrs::take(attributes, "after") {
            marks.timing(delay(&attr, errors).map(Timing::After), attr);
        }
        for attr in attrs::take(attributes, "tick") {
            let pace = calendar::pace(&attr, ("tick", "late"), Missed::Skip, errors);
            if marks.tick.is_some() {
                errors.at(&attr, GIVEN_TWICE);
            }
            marks.unclear |= pace.is_none() || marks.tick.is_some();
            marks.tick = pace.map(|pace| (attr.clone(), pace));
            marks.first.get_or_insert(attr);
        }
        for attr in attrs::take(attributes, "cron") {
            marks.timing(calendar::read(&attr, errors).map(Timing::Cron), attr);
        }
        marks.first.is_some().then_some(marks)
    }

    fn timing(&mut self, timing: Option<Timing>, attr: Attribute) {
        self.unclear |= timing.is_none();
        self.when.extend(timing);
        self.first.get_or_insert(attr);
    }

    /// The attribute to point at.
    pub(super) fn attribute(&self) -> &Attribute {
        self.first.as_ref().expect("a function with marks has a first one")
    }

    /// The hook, or `None` if something is wrong with it.
    pub(super) fn read(
        self,
        sig: &Signature,
        unit: Option<&Ident>,
        attributes: &[Attribute],
        errors: &mut Errors,
    ) -> Option<Automatic> {
        let mut shape = signature::read(sig, Role::Hook, unit, errors)?;
        if self.unclear {
            return None;
        }
        let cfgs = attrs::cfgs(attributes);
        if let Some((attr, pace)) = self.tick {
            let others = self.event.is_some() || self.down.is_some() || self.followed.is_some() || self.role.is_some();
            if others || !self.when.is_empty() {
                errors.at(attr, "what runs at a fixed step is no other hook: split it in two");
                return None;
            }
            return read_tick(pace, shape, cfgs, &sig.ident, errors).map(|tick| Automatic::Event(Box::new(tick)));
        }
        if let Some(missed) = self.missed {
            let others = self.event.is_some() || self.down.is_some() || self.followed.is_some() || self.role.is_some();
            if others || !self.when.is_empty() {
                errors.at(missed, "what is told of missed events is no other hook: split it in two");
                return None;
            }
            return events::read_missed(shape, cfgs, &sig.ident, errors).map(|it| Automatic::Event(Box::new(it)));
        }
        if let Some(down) = self.down {
            if self.event.is_some() || self.followed.is_some() || !self.when.is_empty() {
                errors.at(down, "what runs when a watched service has ended is no other hook: split it in two");
                return None;
            }
            return read_down(shape, cfgs, &sig.ident, errors).map(|down| Automatic::Event(Box::new(down)));
        }
        if let Some((attr, what)) = self.followed {
            if self.event.is_some() || self.role.is_some() || !self.when.is_empty() {
                errors.at(attr, "what hears of the entries of another service is no other hook: split it in two");
                return None;
            }
            return read_followed(what, shape, cfgs, &sig.ident, errors).map(|it| Automatic::Event(Box::new(it)));
        }
        if let Some((attr, role)) = self.role {
            if self.event.is_some() || !self.when.is_empty() {
                errors.at(attr, "what runs when its role changes is no other hook: split it in two");
                return None;
            }
            return read_role(role, shape, cfgs, &sig.ident, errors).map(|role| Automatic::Event(Box::new(role)));
        }
        let Some((event, takes)) = self.event else {
            if let Some(arg) = shape.args.first() {
                let name = &sig.ident;
                errors.at(
                    &arg.ty,
                    format!("nobody passes an argument to a hook: write `fn {name}(&mut self)`, with `cx` if need be"),
                );
                return None;
            }
            return Some(Automatic::Hook(Box::new(Hook { shape, when: self.when, cfgs })));
        };
        if !self.when.is_empty() {
            errors.at(event, "an event handler is no hook and no timer: split it in two");
            return None;
        }
        let name = &sig.ident;
        if shape.args.len() != 1 {
            errors
                .at(name, format!("an event handler takes the event: write `fn {name}(&mut self, event: &TheEvent)`"));
            return None;
        }
        let arg = shape.args.remove(0);
        match bared(arg.ty) {
            Type::Reference(reference) if reference.mutability.is_none() => {
                let of = EventOf::Type(*reference.elem, takes);
                Some(Automatic::Event(Box::new(Event { shape, of, cfgs })))
            }
            Type::Reference(reference) => {
                let event = crate::text::text(&reference.elem);
                errors.at(&reference, format!("an event may have other subscribers: write `&{event}`"));
                None
            }
            owned => {
                let message = format!("an event may have other subscribers: write `&{}`", crate::text::text(&owned));
                errors.at(owned, message);
                None
            }
        }
    }
}

/// `#[on(down)]`: with `&Down`, or without an argument.
fn read_down(mut shape: Shape, cfgs: Vec<Attribute>, name: &Ident, errors: &mut Errors) -> Option<Event> {
    let Some(arg) = shape.args.pop() else {
        return Some(Event { shape, of: EventOf::Down(None), cfgs });
    };
    match bared(arg.ty) {
        Type::Reference(down) if down.mutability.is_none() && shape.args.is_empty() => {
            Some(Event { shape, of: EventOf::Down(Some(*down.elem)), cfgs })
        }
        _ => {
            errors.at(name, format!("it is told which service has ended: write `fn {name}(&mut self, down: &Down)`"));
            None
        }
    }
}

/// `#[on(entry)]`, `#[on(gap)]`: with a reference that says of which service.
fn read_followed(
    what: Follows,
    mut shape: Shape,
    cfgs: Vec<Attribute>,
    name: &Ident,
    errors: &mut Errors,
) -> Option<Event> {
    let arg = shape.args.pop().filter(|_| shape.args.is_empty());
    match arg.map(|arg| bared(arg.ty)) {
        Some(Type::Reference(of)) if of.mutability.is_none() => Some(Event { shape, of: (what.event)(*of.elem), cfgs }),
        _ => {
            let Follows { takes, told, .. } = what;
            errors.at(
                name,
                format!("it is told of which service: write `fn {name}(&mut self, {told}: &{takes}<TheService>)`"),
            );
            None
        }
    }
}

/// `#[on(master)]`, `#[on(slave)]`: with `Epoch`, or without an argument.
fn read_role(
    role: &'static str,
    mut shape: Shape,
    cfgs: Vec<Attribute>,
    name: &Ident,
    errors: &mut Errors,
) -> Option<Event> {
    let Ok(epoch) = one_by_value(&mut shape) else {
        errors.at(name, format!("it is told the epoch: write `fn {name}(&mut self, epoch: Epoch)`"));
        return None;
    };
    Some(Event { shape, of: EventOf::Role(role, epoch), cfgs })
}

/// `#[tick(…)]`: with `Tick`, or without an argument.
fn read_tick(
    (period, missed): (Duration, Missed),
    mut shape: Shape,
    cfgs: Vec<Attribute>,
    name: &Ident,
    errors: &mut Errors,
) -> Option<Event> {
    let Ok(tick) = one_by_value(&mut shape) else {
        errors.at(name, format!("it is told which step it is: write `fn {name}(&mut self, tick: Tick)`"));
        return None;
    };
    Some(Event { shape, of: EventOf::Tick(period, missed, tick.is_some()), cfgs })
}

/// Takes out the one argument that there may be, which is no reference: its type. An error, if there is more, or another.
fn one_by_value(shape: &mut Shape) -> Result<Option<Type>, ()> {
    let ty = shape.args.pop().map(|arg| arg.ty);
    let is_reference = ty.as_ref().is_some_and(|ty| matches!(bared(ty.clone()), Type::Reference(_)));
    if shape.args.is_empty() && !is_reference { Ok(ty) } else { Err(()) }
}

/// What a hook of a service that follows another takes.
#[derive(Clone, Copy)]
struct Follows {
    name: &'static str,
    told: &'static str,
    takes: &'static str,
    event: fn(Type) -> EventOf,
}

enum On {
    Hook(&'static str),
    Followed(Follows),
    Role(&'static str),
    Event(Takes),
    Missed,
    Down,
}

fn on(attr: &Attribute, errors: &mut Errors) -> Option<On> {
    let known: Vec<&str> = HOOKS
        .iter()
        .map(|(name, _)| *name)
        .chain(["event", "missed", "down", "entry", "gap", "master", "slave"])
        .collect();
    if let Some(args) = events::of_event(attr) {
        return Some(On::Event(events::takes(args, errors)));
    }
    let Some((ident, rest)) = attr.parse_args_with(name_and_rest).ok() else {
        errors.at(attr, format!("write `#[on(…)]` with one of {}", list(&known)));
        return None;
    };
    let name = ident.to_string();
    if !rest.is_empty() && known.contains(&name.as_str()) {
        errors.at(&rest, events::no_options(&name, &rest));
        return None;
    }
    if name == "event" {
        return Some(On::Event(Takes::default()));
    }
    if name == "missed" {
        return Some(On::Missed);
    }
    if name == "down" {
        return Some(On::Down);
    }
    if let Some(what) = FOLLOWED.iter().find(|it| it.name == name) {
        return Some(On::Followed(*what));
    }
    if let Some((_, role)) = ROLES.iter().find(|(role, _)| *role == name) {
        return Some(On::Role(role));
    }
    if let Some((_, kind)) = HOOKS.iter().find(|(hook, _)| *hook == name) {
        return Some(On::Hook(kind));
    }
    let mean = closest(&name, &known).map(|close| format!("did you mean `{close}`? ")).unwrap_or_default();
    errors.at(ident, format!("unknown hook `{name}`: {mean}the hooks are {}", list(&known)));
    None
}

/// Which hook, and what stands behind it.
fn name_and_rest(input: ParseStream<'_>) -> syn::Result<(Ident, TokenStream)> {
    Ok((Ident::parse_any(input)?, input.parse()?))
}

/// `#[after(…)]`
fn delay(attr: &Attribute, errors: &mut Errors) -> Option<Duration> {
    let Ok(text) = attr.parse_args::<LitStr>() else {
        errors.at(attr, "write how long: `#[after(\"10s\")]`");
        return None;
    };
    let read = duration::parse(&text.value()).map_err(|message| {
        let at_once = duration::is_nothing(&text.value());
        if at_once { format!("{message}; what begins at once is `#[on(started)]`") } else { message }
    });
    read.map_err(|message| errors.at(&text, message)).ok()
}
