//! What followers of its entries read. They see what is acknowledged, and hold nothing: the log does not wait for them.

use super::*;

impl Replica {
    /// What is acknowledged after the record `after`, or, if its reader has not `whole` of that, with it; about so many bytes. `None`: the last there
    /// is. `known`: an epoch of its group that its reader has heard of.
    pub(crate) fn entries(&self, after: Option<(Point, bool)>, known: Epoch, max_bytes: usize) -> Reading {
        let shows_nothing = self.shows_nothing();
        let inner = self.lock();
        let (epoch, upto, surely) = match &inner.part {
            Part::Follows(it) => (it.epoch(), it.held().commit(), false),
            Part::Leads(it) => (it.epoch(), it.acknowledged(), it.acknowledged() >= it.barrier()),
        };
        if shows_nothing || epoch < known {
            return Reading::Behind;
        }
        let log = inner.part.held().log();
        let Some((after, whole)) = after else { return log.point_at(upto).map_or(Reading::Behind, Reading::Last) };
        if epoch < after.epoch {
            return Reading::Behind;
        }
        let base = log.base();
        if after.index < base.index || (!whole && after.index == base.index) {
            return Reading::Begins { base, surely };
        }
        if after.index > upto || log.epoch_at(after.index) != Some(after.epoch) {
            // What is acknowledged is in the log of whoever is in office: unless somebody has accepted that it is lost.
            return match surely {
                true => Reading::Undone { shared: last_until(log, after, upto) },
                false if after.index > upto => Reading::Ahead,
                false => Reading::Behind,
            };
        }
        let first = if whole { after.index } else { after.index.saturating_sub(1) };
        match log.after(first, upto, max_bytes) {
            Some(records) if !records.is_empty() => {
                let told = |record: Record| Record::new(record.epoch, record.entries);
                Reading::Records(first + 1, records.into_iter().map(told).collect())
            }
            Some(_) => Reading::Nothing,
            None => Reading::Begins { base, surely },
        }
    }
}

/// The last record that is not later than this one: by its epoch, for that only grows, and by its index.
fn last_until(log: &Log, after: Point, upto: u64) -> Point {
    let base = log.base();
    let (mut low, mut high) = (base.index, after.index.min(upto).max(base.index));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if log.epoch_at(middle).is_some_and(|epoch| epoch <= after.epoch) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    log.point_at(low).unwrap_or(base)
}
