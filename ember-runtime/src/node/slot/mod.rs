//! The unique ids of a node: the slot that it takes in the registry when it first needs one, the time that it reserves there, and the handle
//! by which ids are made. How one id follows another is a rule of `id`.

#[cfg(feature = "cluster")]
mod choice;
mod keeper;
#[cfg(feature = "cluster")]
mod ledger;
#[cfg(all(test, feature = "cluster"))]
mod ledger_tests;
mod place;
mod reserved;
mod source;
mod unique_ids;

#[cfg(feature = "cluster")]
pub(crate) use self::ledger::Ledger;
pub(crate) use self::source::Source;
pub use self::unique_ids::UniqueIds;
