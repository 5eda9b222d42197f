//! What one node knows of its cluster, as it changes.

mod listing;
mod news;
mod nobody;
mod node_directory;
mod offices;
mod passage;
mod peers;
mod reports;
mod seats;
mod vacancy;
mod view;

pub use self::view::View;
pub(crate) use self::{
    news::Departed,
    nobody::{deserted, ended, no_such_run, of_another_kind},
    node_directory::{Applied, Directory},
    offices::OfficeNow,
    vacancy::{Vacancy, what_they_have},
};
