//! What the other program hosts: each service has changed in one way.

use super::build;

build!(adding, "adding", "2.0.0", line { /// Which.
    pub item: u32, /// How many.
    pub count: u64, /// New.
    pub note: String, });
build!(removing, "removing", "2.0.0", line { /// Which.
    pub item: u32, });
build!(retyping, "retyping", "2.0.0", line { /// Which.
    pub item: u32, /// How many.
    pub count: u32, });
build!(reordering, "reordering", "2.0.0", line { /// How many.
    pub count: u64, /// Which.
    pub item: u32, });
build!(extending, "extending", "2.0.0",
line { /// Which.
pub item: u32, /// How many.
pub count: u64, },
more {
    /// New.
    pub async fn rpc_cancel(&mut self) {}
});
