//! What the registry holds of a cluster, and how it is read.

mod change;
mod reading;
mod record;
mod told;

pub use self::record::NodeRecord;
pub(crate) use self::{
    change::{ClusterChange, Subject},
    record::{MethodRecord, Published, ServiceRecord, SharedRecord, keys},
};
