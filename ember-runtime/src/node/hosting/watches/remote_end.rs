//! Watching a service on another node: one call that its node answers when the service has ended. It is made again when the
//! link breaks; the node is taken for lost when it has left the view, has started anew, nobody listens at its address any more, or it
//! could not be reached for [`PATIENCE`].

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    actor::DownReason,
    call::{EndOf, Router},
    directory::{Departed, Directory, NodeRecord},
    error::Failure,
    id::{NodeKey, Pid},
    message::{RawReply, ReplyBody, encode},
    sync::ordered,
};

/// A node that is in the view, but cannot be reached for this long, is lost for those who watch its services.
const PATIENCE: Duration = Duration::from_secs(10);
/// A node that the view does not have (yet: a pid may arrive before the news of its node) is taken for lost after this.
const UNKNOWN: Duration = Duration::from_secs(2);
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// A link that has lasted for this long was not just another failed attempt.
const LASTING: Duration = Duration::from_secs(1);

/// What the view says of a run of a node.
enum Standing {
    Present(Arc<NodeRecord>),
    Absent,
    /// It was shut down, with all its services.
    ShutDown,
    /// A later run has taken its place, its process has ended, or it has left the view.
    Over,
}

/// How `pid` ends, as soon as that is known.
pub(crate) async fn end_of(router: &Router, pid: Pid) -> DownReason {
    let directory = router.directory();
    let mut changes = directory.news_of(pid.node.id);
    let (mut seen, mut again, mut pause) = (false, false, MIN_PAUSE);
    let mut unreachable: Option<Instant> = None;
    loop {
        changes.mark_unchanged();
        let mut patience = PATIENCE;
        match standing(directory, pid.node) {
            Standing::Over => return DownReason::NodeLost,
            Standing::ShutDown if seen => return DownReason::Stopped,
            Standing::ShutDown => return DownReason::NoSuchService,
            Standing::Absent if seen => return DownReason::NodeLost,
            Standing::Absent => patience = UNKNOWN,
            Standing::Present(record) => {
                seen = true;
                let (asked, question) = (Instant::now(), EndOf { service: pid.number, again });
                let give_up = unreachable.map(|since| since + PATIENCE);
                tokio::select! {
                    biased;
                    answer = router.ask(&record, &question, give_up) => match answer {
                        Ok(reason) => return reason,
                        Err(failure) => {
                            tracing::debug!(target: "ember::watch", %pid, ?failure, "asking again for the end of a service");
                            let arrived = matches!(failure, Failure::MaybeExecuted(_));
                            again |= arrived;
                            if asked.elapsed() >= LASTING && arrived {
                                (unreachable, pause) = (None, MIN_PAUSE);
                            }
                        }
                    },
                    () = absence(directory, &mut changes, pid.node) => continue,
                }
            }
        }
        let since = *unreachable.get_or_insert_with(Instant::now);
        if since.elapsed() >= patience {
            return DownReason::NodeLost;
        }
        let _ = timeout(pause / 2 + router.rng().jitter(pause / 2), changes.changed()).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

fn standing(directory: &Directory, node: NodeKey) -> Standing {
    // First: it may have gone, and another run may be there, before the registry says so.
    match directory.departed(node) {
        Some(Departed::InOrder) => return Standing::ShutDown,
        Some(Departed::Lost) => return Standing::Over,
        None => {}
    }
    match directory.node(node.id) {
        Some(record) if record.key == node && directory.is_deserted(node) => Standing::Over,
        Some(record) if record.key == node => Standing::Present(record),
        Some(record) if record.key.incarnation > node.incarnation => Standing::Over,
        _ => Standing::Absent,
    }
}

/// Waits until the view no longer has the node.
async fn absence(directory: &Directory, changes: &mut ordered::Receiver<()>, node: NodeKey) {
    while changes.changed().await.is_ok() {
        if !matches!(standing(directory, node), Standing::Present(_)) {
            return;
        }
    }
}

impl Router {
    /// Asks the node of a service to tell when it has ended, and waits for that. Connecting ends at `give_up`.
    async fn ask(&self, node: &NodeRecord, question: &EndOf, give_up: Option<Instant>) -> Result<DownReason, Failure> {
        let asked = self.ask_node(node, question);
        let pending = match give_up {
            Some(give_up) => timeout_at(give_up, asked)
                .await
                .unwrap_or_else(|_| Err(crate::error::RefusedReason::Unreachable("no link in time".into()).into()))?,
            None => asked.await?,
        };
        pending.await
    }
}

/// Tells another node how the service that it watches has ended.
pub(crate) fn answer(reply: RawReply<'static>, reason: DownReason) {
    reply.send(ReplyBody::Value(&mut |out| encode(&reason, out)));
}
