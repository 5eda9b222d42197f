//! Single things that attributes say: names, durations, patterns, paths, types.

pub(crate) mod attrs;
pub(crate) mod cron;
mod docs;
pub(crate) mod duration;
mod item;
mod key;
pub(crate) mod labels;
mod options;
mod path;
pub(crate) mod serde;
mod stays;
mod told;
pub(crate) mod types;
mod unseen;

pub(crate) use self::{
    docs::docs,
    item::keyword,
    key::key,
    options::{NameOrPath, Options, closest, list},
    path::{client_path, unit_path},
    serde::{is_converted, is_skipped, is_transparent, skip, stand_in, that_count},
    stays::stays,
    told::told,
    types::{FlawKind, bare, bared, mentioned, name_self, owned},
};
