//! What callers hold: clients, their filters and addresses, and the call as a future.

mod address;
mod client;
mod cx;
mod handle;
mod kind;
mod many;
mod mounted;
mod select;
mod single;

pub use self::{
    address::{Address, Origin},
    client::{Client, HasClient},
    handle::Handle,
    kind::{Kind, Local, Many, OnThisNode, One},
    many::{CallMany, Sent},
    mounted::{ModulesClient, Reached},
    select::Select,
    single::Call,
};
