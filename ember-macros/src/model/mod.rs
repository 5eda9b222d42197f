//! What the attributes mean: units (services and modules) and interfaces (own methods and contracts). Every piece of
//! generated code comes from here. May not hold parsing or code templates.

mod checks;
mod interface;
mod message;
mod method;
mod unit;

pub(crate) use self::{
    checks::{check_name, check_names},
    interface::{
        Calendar, Contract, Cron, Event, EventOf, Fulfilment, Hook, Interface, Missed, OwnBlock, Takes, Timing, Written,
    },
    message::{Body, Copied, EventName, Field, Fields, LeftOut, Message, TOLD, Travels, Variant},
    method::{Arg, Codec, Key, Method, Output, Reach, Shape, Told, says},
    unit::{Acks, Mount, Runtime, ServiceSpec, Unit, UnitKind, client_of, respanned},
};
