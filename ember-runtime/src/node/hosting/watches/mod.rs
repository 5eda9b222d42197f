//! Who watches which service, here and on other nodes, and is told when it ends. Knows nothing of how services start and stop.

mod ends;
mod remote_end;
mod watched;
mod watchers;

pub(crate) use self::watched::Watches;
