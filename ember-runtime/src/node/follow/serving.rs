//! What a member tells those who follow its group.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{
    call::{Entries, EntriesOf, Router},
    replica::Reading,
};

/// Who asks is answered by then, also if there is nothing.
pub(super) const POLL: Duration = Duration::from_secs(2);
/// A member that knows less than who asks has learnt the rest by then, or another is to be asked.
const CATCHES_UP: Duration = Duration::from_millis(200);

/// Of one answer, whatever is asked for.
const MOST: usize = 1024 * 1024;

/// What a service here has to say, when there is something; nothing if there is no such service.
pub(crate) async fn entries(router: &Router, question: &EntriesOf) -> Option<Entries> {
    let EntriesOf { service, entry, state, after, known, most } = *question;
    let replica = router.replicas.get(service)?;
    let _counted = router.followings.ask()?;
    let types = replica.types();
    if types.0 != entry || state.is_some_and(|state| state != types.1) {
        return Some(Entries::OtherTypes);
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(MOST);
    let (mut changes, begun) = (replica.changes(), Instant::now());
    loop {
        changes.mark_unchanged();
        let (until, in_vain) = match replica.entries(after, known, most) {
            Reading::Records(first, records) => return Some(Entries::Next { first, records }),
            Reading::Last(point) => return Some(Entries::Last(point)),
            Reading::Begins { base, surely } => return Some(Entries::Begins { base, surely }),
            Reading::Undone { shared } => return Some(Entries::Undone { shared }),
            Reading::Behind => return Some(Entries::Behind),
            Reading::Nothing => (begun + POLL, Entries::Next { first: 0, records: Vec::new() }),
            Reading::Ahead => (begun + CATCHES_UP, Entries::Behind),
        };
        if !matches!(timeout_at(until, changes.changed()).await, Ok(Ok(()))) {
            return Some(in_vain);
        }
    }
}
