//! The kinds of faults, and whose calls may fail in each.

macro_rules! faults {
    ($($fault:ident: $words:literal,)*) => {
        /// What can go wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fault {
            $($fault,)*
        }

        pub(crate) const FAULTS: &[Fault] = &[$(Fault::$fault,)*];

        impl Fault {
            /// As reports name it.
            pub(crate) fn words(self) -> &'static str {
                match self {
                    $(Self::$fault => $words,)*
                }
            }
        }
    };
}

faults! {
    Killed: "a node is killed, and comes back",
    MasterKilled: "the master is killed; until another acts",
    MasterAndLeaderKilled: "the master and etcd's leader are killed; until another acts",
    Frozen: "a node stands still for up to 9 s",
    MasterFrozen: "the master stands still in a write, until another has acted",
    Restarted: "a node shuts down, and comes back",
    Cut: "what is sent to a node, or what it answers, is dropped for up to 6 s",
    CompactedMeanwhile: "a node stands still while another is replaced and etcd is compacted",
    MemberKilled: "a member of etcd is killed, and comes back",
    LeaderFrozen: "etcd's leader stands still for up to 8 s",
    QuorumLost: "two members of etcd are killed, for up to 12 s",
    EtcdAway: "etcd is away, with its data, for up to 10 s, or for 60 s",
    EtcdEmpty: "etcd comes back with nothing",
    EtcdRestored: "etcd comes back with what it held before a node was replaced",
}

use Fault::*;

impl Fault {
    /// Whether calls to counters, and to the ledger, may fail.
    pub(crate) fn may_fail(self) -> (bool, bool) {
        match self {
            Killed | MasterKilled | MasterAndLeaderKilled | Frozen | MasterFrozen | Cut | CompactedMeanwhile => {
                (true, true)
            }
            Restarted | MemberKilled => (false, false),
            // The master acts no longer than its lease.
            LeaderFrozen | QuorumLost | EtcdAway | EtcdEmpty | EtcdRestored => (false, true),
        }
    }
}
