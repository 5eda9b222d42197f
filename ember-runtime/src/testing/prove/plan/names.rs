//! What a plan calls hosts by: what they do in a group.

/// Where the master of an elected group acts.
pub(in super::super) const MASTER: &str = "*master";
/// Where another instance of its group is.
pub(in super::super) const SLAVE: &str = "*slave";
/// Where a third is.
pub(in super::super) const OTHER: &str = "*other";
/// All of them.
pub(in super::super) const ROLES: [&str; 3] = [MASTER, SLAVE, OTHER];
