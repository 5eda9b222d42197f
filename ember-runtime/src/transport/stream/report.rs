//! How busy the services of a node are, as its peers are told with every ping: an addition to the control stream, which a node of an earlier release
//! skips.
//!
//! | bytes | what |
//! | --- | --- |
//! | varint | how many services follow |
//! | three varints each | the number of the service, how many handlers run, how many messages wait |
//!
//! Those that are not in it have nothing to do. So each report replaces the one before. What has not changed is said again with each fourth ping: the
//! peer may not have known the services yet, and counts its own calls anew with each.

use std::sync::Arc;

use crate::actor::Load;

/// The number of the addition.
pub(crate) const REPORT: u16 = 1;

/// What has not changed is told again with each so many pings.
const AGAIN: u8 = 4;

/// What a peer has been told, and what it is to be told.
#[derive(Debug, Default)]
pub(super) struct Reports {
    told: Option<Arc<[(u64, Load)]>>,
    /// How often that was still so.
    same: u8,
    next: Option<Vec<u8>>,
}

impl Reports {
    /// These are busy, in the order of their numbers. Once for each ping.
    pub(super) fn tell(&mut self, busy: Arc<[(u64, Load)]>) {
        if self.told.as_deref().unwrap_or_default() == &*busy {
            self.same += 1;
            if self.same < AGAIN || self.told.is_none() {
                self.same %= AGAIN;
                return;
            }
        }
        self.same = 0;
        self.next = Some(write(&busy));
        self.told = Some(busy);
    }

    /// What is to be sent.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        self.next.take()
    }
}

/// Postcard cannot fail on these types.
pub(crate) fn write(busy: &[(u64, Load)]) -> Vec<u8> {
    let written: Vec<_> = busy.iter().map(|(number, load)| (*number, load.running, load.waiting)).collect();
    postcard::to_stdvec(&written).unwrap_or_default()
}

/// Reads one, in the order of the numbers; none if it is none.
pub(crate) fn read(report: &[u8]) -> Option<Vec<(u64, Load)>> {
    let read: Vec<(u64, u32, u32)> = postcard::from_bytes(report).ok()?;
    let load = |(number, running, waiting): (u64, u32, u32)| (number, Load::new(running as usize, waiting as usize));
    let mut busy: Vec<_> = read.into_iter().map(load).collect();
    busy.sort_by_key(|(number, _)| *number);
    Some(busy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::stream::MAX_CONTROL;

    fn told(reports: &mut Reports, busy: &[(u64, Load)]) -> Option<Vec<(u64, Load)>> {
        reports.tell(busy.into());
        read(&reports.take()?)
    }

    #[test]
    fn what_has_changed_is_told_at_once_also_that_nobody_is_busy_any_more_and_the_same_now_and_then() {
        let (mut reports, busy) = (Reports::default(), [(1, Load::new(1, 0)), (9, Load::new(1, 300))]);
        assert!((0..300).all(|_| told(&mut reports, &[]).is_none()), "nobody was");
        assert_eq!(told(&mut reports, &busy).as_deref(), Some(&busy[..]));
        for same in 1..20 {
            assert_eq!(told(&mut reports, &busy).is_some(), same % AGAIN == 0);
        }
        assert_eq!(told(&mut reports, &[]).as_deref(), Some(&[][..]));
        assert_eq!(told(&mut reports, &[]), None);
    }

    #[test]
    fn the_largest_fits_and_what_is_no_report_is_none() {
        let busy: Vec<_> = (0..512).map(|number| (u64::MAX - number, Load::new(usize::MAX, usize::MAX))).collect();
        let mut reports = Reports::default();
        reports.tell(busy.into());
        assert!(reports.take().is_some_and(|report| report.len() + 8 < MAX_CONTROL));
        assert!(read(b"more").is_none() && read(&[]).is_none());
    }
}
