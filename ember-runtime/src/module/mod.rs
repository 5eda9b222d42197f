//! Parts of a service: the slot that holds a module, and the path that lends its parent to it. Knows nothing of mailboxes
//! or networks.

mod mount;
mod nested;
mod slot;

pub use self::{
    mount::{Field, MountIn, Mounted},
    nested::{In, Lent},
    slot::Module,
};
