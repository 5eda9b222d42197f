//! How much a master keeps.

use super::{Leader, MOST_OWED, Member, Record, Way};

/// A log of more bytes than this keeps nothing for those who learn: whoever falls out of it learns a later state.
const FOR_LEARNERS: usize = 64 * 1024 * 1024;

impl Leader {
    /// Drops records up to `index`: none that are not acknowledged and applied, none that a member of the set (or of the next) has not
    /// acknowledged in this epoch; and, unless the log has become too long for that, none that come after a snapshot that is on its way.
    pub(crate) fn trim(&mut self, index: u64) {
        let base = self.held.log.base().index;
        let members = self.needed.iter().map(|member| self.peer_of(*member).map_or(0, |peer| peer.has));
        let is_short = self.held.log.bytes() <= FOR_LEARNERS;
        let learners = self.peers.values().filter(|_| is_short).filter_map(|peer| match peer.way {
            Way::Learns { at } => at,
            // Outside of the set, and about to catch up: else it would have to learn again.
            Way::Streams if peer.has >= base => Some(peer.has),
            _ => None,
        });
        let held = members.chain(learners).min().unwrap_or(u64::MAX);
        self.held.trim(index.min(held).min(self.acknowledged));
    }

    /// So many must be in sync from now on.
    #[cfg(test)]
    pub(in crate::replica) fn needs(mut self, min_in_sync: usize) -> Self {
        self.min_in_sync = min_in_sync;
        self
    }

    /// Whether as much as may be is not acknowledged.
    pub(crate) fn is_full(&self) -> bool {
        self.owed > MOST_OWED
    }

    /// About so many bytes of records come after `index`, and were shipped or may be.
    pub(crate) fn size_after(&self, index: u64) -> usize {
        self.held.log.size(index, self.open)
    }

    /// Up to where a member has acknowledged, and the bytes of the batch that it owes an answer to, if that has so many at most, or one record.
    pub(crate) fn gets_on(&self, member: Member, max_bytes: usize) -> (u64, usize) {
        let has = self.peer_of(member).map_or(0, |peer| peer.counted);
        let log = &self.held.log;
        let (from, mut bytes) = (has.max(log.base().index), 0_usize);
        for index in from + 1..=self.open {
            let size = log.get(index).map_or(0, Record::size);
            if bytes > 0 && bytes.saturating_add(size) > max_bytes {
                break;
            }
            bytes = bytes.saturating_add(size);
        }
        (has, bytes)
    }

    /// Whether it alone is in sync, and is to stay that.
    pub(crate) fn is_alone(&self) -> bool {
        self.needed.is_empty()
    }

    /// The entries of the last record, which may not be shipped yet, have come to this.
    pub(crate) fn came_to(&mut self, outputs: u32) {
        self.held.log.came_to(outputs);
    }

    /// Drops its last record, if nobody can have got that, and the state of nobody else has what is here. Whether it has.
    pub(crate) fn forgets(&mut self, index: u64) -> bool {
        let log = &mut self.held.log;
        if !self.needed.is_empty() || index != log.last().index || index <= self.open {
            return false;
        }
        self.owed -= log.size(index - 1, index);
        log.cut(index - 1);
        true
    }
}
