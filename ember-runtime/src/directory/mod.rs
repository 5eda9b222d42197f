//! The local view of the cluster: who is there, what they offer, and whom to choose. Looking up never goes to the network.
//! Knows the registry, not the wire.

mod breakers;
#[cfg(all(test, feature = "cluster"))]
mod come_and_go;
mod instances;
#[cfg(feature = "cluster")]
mod membership;
mod records;
#[cfg(all(test, feature = "cluster"))]
mod tests;
mod views;

#[cfg(all(test, not(feature = "cluster")))]
pub(crate) use self::records::ServiceRecord;
#[cfg(feature = "testing")]
pub(crate) use self::records::inputs;
pub use self::{
    breakers::{Breaker, BreakerState},
    instances::{Among, Balance, Candidate, Candidates, Choice, Instance, Interest, Key, Selector},
    records::NodeRecord,
    views::View,
};
pub(crate) use self::{
    breakers::{Due, Fault},
    instances::{
        Balancers, Chance, Group, InFlight, InShare, Kept, Probing, Share, Terms, Turn, breaker_open, distance,
        no_master_yet,
    },
    records::{ClaimRecord, EpochRecord, GroupRecord, MasterRecord, MethodRecord, Written},
    views::{Departed, Directory, OfficeNow, Vacancy, deserted, ended, no_such_run, of_another_kind, what_they_have},
};
#[cfg(feature = "cluster")]
pub(crate) use self::{
    membership::{AnnounceConfig, Announced, Announcer, Contact, FollowConfig, Follower, Held, Mine, Stalls, Upkeep},
    records::{
        BeginRecord, RoundRecord, ServiceRecord, SlotKey, SlotRecord, claim_key, epoch_key, master_key, round_key,
    },
};
