//! What was done to the group, and when.

use std::time::Duration;

/// What happened to members.
#[derive(Debug, Clone, Copy)]
pub(super) enum Strike {
    Killed { master: bool, several: bool },
    Still { master: bool, for_so_long: Duration },
}

/// With microseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Strikes(Vec<(u64, Strike)>);

/// Where no master is struck, the group serves again by then, on a busy machine too: members that owe an answer are taken out after 1 s.
const SERVES: Duration = Duration::from_secs(10);
/// Another is elected when the lease of the last has run out, and takes up its office: so much later, on a busy machine.
const ELECTED: Duration = Duration::from_secs(5);

impl Strike {
    /// As reports name it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Killed { master: false, several: false } => "a member is killed",
            Self::Killed { master: false, several: true } => "several members are killed at once",
            Self::Killed { master: true, several: false } => "the master is killed",
            Self::Killed { master: true, several: true } => "the master and others are killed at once",
            Self::Still { master: false, .. } => "a member stands still for longer than its lease",
            Self::Still { master: true, .. } => "the master stands still for longer than its lease",
        }
    }
}

impl Strikes {
    pub(super) fn add(&mut self, at: u64, strike: Strike) {
        self.0.push((at, strike));
    }

    pub(super) fn all(&self) -> &[(u64, Strike)] {
        &self.0
    }

    /// How long it may take until the group serves after a strike at `from`, if it has at `upto`: each master that is struck meanwhile is one
    /// more election, and who stands still may be the only one who can be elected. Also how many of the former there were.
    pub(super) fn bound(&self, from: u64, upto: u64, lease: Duration) -> (Duration, u32) {
        let (mut bound, mut masters) = (SERVES, 0);
        for (at, strike) in &self.0 {
            let until = match strike {
                Strike::Still { for_so_long, .. } => at + u64::try_from(for_so_long.as_micros()).unwrap_or_default(),
                Strike::Killed { .. } => *at,
            };
            if until < from || *at > upto {
                continue;
            }
            if let Strike::Still { for_so_long, .. } = strike {
                bound += *for_so_long;
            }
            if let Strike::Killed { master: true, .. } | Strike::Still { .. } = strike {
                bound += lease + ELECTED;
                masters += 1;
            }
        }
        (bound, masters)
    }
}
