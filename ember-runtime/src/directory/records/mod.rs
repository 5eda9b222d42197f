//! What the registry holds of a cluster, and how it is read.

mod change;
mod claim;
#[cfg(feature = "testing")]
pub(crate) mod inputs;
mod master;
mod office;
mod reading;
mod record;
mod slot;
mod told;

pub use self::record::NodeRecord;
pub(crate) use self::{
    change::{ClusterChange, Subject},
    claim::{ClaimRecord, RoundRecord},
    master::{EpochRecord, GroupRecord, MasterRecord, Written},
    office::{OfficePart, claim_key, epoch_key, master_key, office_change, round_key},
    record::{MethodRecord, Published, ServiceRecord, SharedRecord, keys},
    slot::{BeginRecord, SlotKey, SlotRecord},
};
