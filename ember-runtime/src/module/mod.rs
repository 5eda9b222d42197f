//! Parts of a service: the slot that holds a module, and the path that lends its parent to it. Knows nothing of mailboxes
//! or networks.

mod beside;
mod keyed;
mod mount;
mod nested;
mod slot;
mod under;

pub use self::{
    beside::Beside,
    keyed::{ModuleKey, Modules},
    mount::{Field, MountIn, Mounted, SharedField},
    nested::{In, Lent},
    slot::Module,
    under::{LentKeyed, Under},
};
