//! What callers hold: clients, their filters and addresses, and the call as a future.

mod address;
mod by_name;
mod client;
mod cx;
mod fresh;
mod handle;
mod kind;
mod many;
mod mounted;
mod once;
mod select;
mod setters;
mod single;

pub use self::{
    address::{Address, Origin},
    by_name::CallByName,
    client::{Client, HasClient, HasLocalClient},
    handle::Handle,
    kind::{Kind, Local, Many, OnThisNode, One},
    many::{CallMany, Sent},
    mounted::{KeyOf, ModulesClient, Reached},
    once::{Once, OnceId, OneWayOnce},
    select::{ChoosesOne, Filtered, Select},
    single::Call,
};
