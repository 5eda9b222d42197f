//! What another node need not know at once: that something is not wanted any more.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::event::local::Wants;

/// That something is not wanted any more is said so much later. A subscriber that is started again, or another in its place, has nothing missing before it
/// then.
const LINGER: Duration = Duration::from_secs(1);

/// Since when events of a type, that go to the cluster or to the server id, are not wanted, and are said to be.
#[derive(Debug, Default)]
pub(super) struct Lingering(BTreeMap<(u64, bool), Instant>);

impl Lingering {
    /// What is wanted `now`, with what was not long ago, as far as the other node was `told` so; and when that will be less.
    pub(super) fn with(&mut self, now: Arc<Wants>, told: Option<&Wants>) -> (Arc<Wants>, Option<Instant>) {
        let wanted = |of: &Wants, event: &u64| of.get(event).map_or([0, 0], |want| [want.server, want.cluster]);
        let gone = |event: &u64, told: &Wants| {
            let (had, has) = (wanted(told, event), wanted(&now, event));
            [false, true].map(|cluster| had[usize::from(cluster)] > 0 && has[usize::from(cluster)] == 0)
        };
        let mut before = std::mem::take(&mut self.0);
        let present = Instant::now();
        for (event, told) in told.into_iter().flat_map(|told| told.keys().map(move |event| (*event, told))) {
            for (is_gone, cluster) in gone(&event, told).into_iter().zip([false, true]) {
                let since = before.remove(&(event, cluster)).unwrap_or(present);
                // Also when its time is over, until the other node is told.
                if is_gone {
                    self.0.insert((event, cluster), since);
                }
            }
        }
        let lingers = |since: &Instant| present < *since + LINGER;
        let Some(first) = self.0.values().filter(|since| lingers(since)).min() else { return (now, None) };
        let mut wants = Wants::clone(&now);
        for ((event, cluster), _) in self.0.iter().filter(|(_, since)| lingers(since)) {
            let want = wants.entry(*event).or_default();
            *(if *cluster { &mut want.cluster } else { &mut want.server }) = 1;
        }
        (Arc::new(wants), Some(*first + LINGER))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::event::local::Want;

    fn wants(of: &[(u64, u32, u32)]) -> Arc<Wants> {
        let want = |&(event, server, cluster)| (event, Want { server, cluster, retain: 0 });
        Arc::new(of.iter().map(want).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn each_type_and_scope_lingers_for_itself() {
        let (mut lingering, tenth) = (Lingering::default(), LINGER / 10);
        let told = wants(&[(1, 2, 2), (2, 0, 3)]);
        assert_eq!(lingering.with(Arc::clone(&told), Some(&told)), (Arc::clone(&told), None));

        let begun = Instant::now();
        let less = wants(&[(1, 0, 2), (2, 0, 3)]);
        assert_eq!(
            lingering.with(Arc::clone(&less), Some(&told)),
            (wants(&[(1, 1, 2), (2, 0, 3)]), Some(begun + LINGER))
        );
        advance(tenth * 9).await;
        let (still, at) = lingering.with(wants(&[(1, 0, 2)]), Some(&told));
        assert_eq!((still, at), (wants(&[(1, 1, 2), (2, 0, 1)]), Some(begun + LINGER)));
        // The first is over, and the other node is told; something new comes as well.
        advance(tenth).await;
        let (still, at) = lingering.with(wants(&[(1, 0, 2), (3, 0, 1)]), Some(&told));
        assert_eq!((&still, at), (&wants(&[(1, 0, 2), (2, 0, 1), (3, 0, 1)]), Some(begun + tenth * 19)));
        assert_eq!(lingering.with(wants(&[(1, 0, 2), (3, 0, 1)]), Some(&told)).0, still, "as often as it is asked");
        let told = still;
        // The second is wanted again, and then is not again.
        let again = wants(&[(1, 0, 2), (2, 0, 5), (3, 0, 1)]);
        assert_eq!(lingering.with(Arc::clone(&again), Some(&told)), (again, None));
        assert_eq!(lingering.with(wants(&[(1, 0, 2), (3, 0, 1)]), Some(&told)).1, Some(Instant::now() + LINGER));
    }
}
