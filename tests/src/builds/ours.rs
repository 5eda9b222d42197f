//! What the callers were built with: the same line everywhere.

use super::build;

build!(adding, "adding", "1.0.0", line { /// Which.
    pub item: u32, /// How many.
    pub count: u64, });
build!(removing, "removing", "1.0.0", line { /// Which.
    pub item: u32, /// How many.
    pub count: u64, });
build!(retyping, "retyping", "1.0.0", line { /// Which.
    pub item: u32, /// How many.
    pub count: u64, });
build!(reordering, "reordering", "1.0.0", line { /// Which.
    pub item: u32, /// How many.
    pub count: u64, });
build!(extending, "extending", "1.0.0", line { /// Which.
    pub item: u32, /// How many.
    pub count: u64, });
