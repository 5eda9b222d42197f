//! The types of events that may leave their node, as data.

mod event;
mod known;

pub(crate) use self::event::AnyEvent;
pub use self::event::{Event, EventKind, only_event};
pub(crate) use self::known::{Known, of_event, of_id, of_type, twins};
