//! The way from a master to one other member of its group.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::{sleep, timeout};

use super::learn;

use crate::{
    call::{LearnFrom, Replicate, Router},
    id::{Epoch, Pid},
    replica::{Answer, Batch, Fingerprints, Heard, Member, Record, Replica},
};

/// So many batches are on their way to one member: what is committed meanwhile gathers for the next. Measured: with two, commits are a fifth slower.
const AHEAD: usize = 1;
/// The bytes of records in one batch, but for a record that is larger by itself.
pub(super) const BATCH: usize = 256 * 1024;
/// A batch that is not answered in this time, and that which it takes on its way, is sent again.
const UNANSWERED: Duration = Duration::from_secs(1);
/// Where each batch is waited for by disks, and several callers by each batch: they are given so much time to come back with what goes into the next.
const GATHERS: Duration = Duration::from_millis(1);
/// After a failure, so long until the next.
const PAUSE: Duration = Duration::from_millis(100);
/// So many bytes come through in a second at least: a link that is slower is none for a group.
const SLOWEST: u64 = 1024 * 1024;
/// A state that is not learnt in this time is not: its source may have stood still.
const LEARNS: Duration = Duration::from_secs(120);

/// Ships until aborted, or until the master of this epoch is that no more.
pub(super) async fn lane(replica: Arc<Replica>, router: Arc<Router>, epoch: Epoch, to: Pid) {
    let (mut changes, bytes) = (replica.changes(), router.fitting(BATCH));
    let mut under_way = FuturesUnordered::new();
    let (is_kept, mut gathers) = (replica.is_kept(), false);
    loop {
        changes.mark_unchanged();
        while under_way.len() < AHEAD {
            if std::mem::take(&mut gathers) {
                sleep(GATHERS).await;
            }
            let Some(batch) = replica.batch_for(epoch, to, bytes) else { return };
            let Some(batch) = batch else { break };
            gathers = is_kept && batch.records.len() > 1;
            let sent = send(&router, replica.types(), to, batch).await;
            under_way.push(sent);
        }
        tokio::select! {
            biased;
            Some(answer) = under_way.next(), if !under_way.is_empty() => {
                let heard = replica.lead(epoch, |leader| {
                    let heard = match answer {
                        Some(answer) => leader.answered(to, answer),
                        None => {
                            leader.unanswered(to);
                            Heard::Nothing
                        }
                    };
                    (heard, heard == Heard::Deposed || leader.may_add(to).is_some())
                });
                if heard.is_some_and(|(_, changes_the_set)| changes_the_set) {
                    replica.attend();
                }
                let heard = heard.map(|(heard, _)| heard);
                match heard {
                    None => return,
                    Some(Heard::WantsSnapshot) => teach(&replica, &router, epoch, to).await,
                    Some(Heard::WantsState) => {
                        sleep(PAUSE).await;
                        teach(&replica, &router, epoch, to).await;
                    }
                    Some(Heard::Newer(_) | Heard::Deposed) => sleep(PAUSE).await,
                    Some(_) if answer.is_none() => sleep(PAUSE).await,
                    Some(_) => {}
                }
            }
            // What is committed while a batch travels goes with the next one.
            _ = changes.changed(), if under_way.len() < AHEAD => {}
        }
    }
}

/// How long so many bytes may be on their way.
pub(super) fn on_its_way(bytes: usize) -> Duration {
    Duration::from_millis((bytes as u64).saturating_mul(1_000) / SLOWEST)
}

/// How long its answer may take.
fn patience(batch: &Batch) -> Duration {
    UNANSWERED + on_its_way(batch.records.iter().map(Record::size).sum())
}

/// Hands a batch to the link; the future is its answer, or nothing if there is none.
async fn send(router: &Arc<Router>, types: Fingerprints, to: Pid, batch: Batch) -> BoxFuture<'static, Option<Answer>> {
    if to.node == router.key {
        let answer = router.replicas.receive(to.number, types, batch, &router.cells);
        return async move {
            let (answer, on_disk) = answer?;
            on_disk.waits().await.then_some(answer)
        }
        .boxed();
    }
    let Some(node) = router.directory().node(to.node.id).filter(|node| node.key == to.node) else {
        return std::future::ready(None).boxed();
    };
    let patience = patience(&batch);
    let question = Replicate { service: to.number, types, batch };
    match timeout(patience, router.ask_node(&node, &question)).await {
        Ok(Ok(answer)) => timeout(patience, answer).map(|it| it.ok().and_then(Result::ok).flatten()).boxed(),
        Ok(Err(_)) | Err(_) => std::future::ready(None).boxed(),
    }
}

/// Has a member learn the state: from another that is in sync, if there is one, so that the master's calls do not wait.
async fn teach(replica: &Replica, router: &Arc<Router>, epoch: Epoch, to: Pid) {
    let told = replica.look(epoch, |leader| {
        // Nothing that comes after its state may be dropped meanwhile.
        leader.learns(to, leader.held().log().base());
        let reached =
            |it: &Member| leader.reached(*it).filter(|at| *at != replica.pid() && router.directory().lists(*at));
        let source = leader.set().members.iter().find_map(reached).unwrap_or(replica.pid());
        let least = leader.held().log().base().index;
        LearnFrom { service: to.number, source, least, from: leader.me(), epoch, set: leader.set().clone() }
    });
    let Some(question) = told else { return };
    let answer = if to.node == router.key {
        learn::learn(router, question).await
    } else if let Some(node) = router.directory().node(to.node.id).filter(|node| node.key == to.node) {
        match timeout(UNANSWERED, router.ask_node(&node, &question)).await {
            Ok(Ok(learnt)) => timeout(LEARNS, learnt).await.ok().and_then(Result::ok).flatten(),
            Ok(Err(_)) | Err(_) => None,
        }
    } else {
        None
    };
    let heard = replica.lead(epoch, |leader| match answer {
        Some(answer) => leader.answered(to, answer),
        None => {
            leader.unanswered(to);
            Heard::Nothing
        }
    });
    if answer.is_none() && heard.is_some() {
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{
        id::{Incarnation, NodeId, NodeKey},
        replica::Point,
    };

    #[test]
    fn an_answer_may_take_a_second_and_what_the_batch_takes_on_a_slow_link() {
        let to = Pid { node: NodeKey { id: NodeId(1), incarnation: Incarnation(1) }, number: 1 };
        let of = |records| Batch {
            epoch: Epoch(1),
            from: Member::first(to),
            to,
            previous: Point::NOTHING,
            records,
            end: 0,
            commit: 0,
            version: 1,
            members: Vec::new(),
        };
        assert_eq!(patience(&of(Vec::new())), Duration::from_secs(1));
        let record = Record::new(Epoch(1), vec![Bytes::from(vec![7; 1 << 20])]);
        let seconds = patience(&of(vec![record.clone(), record])).as_secs_f64();
        assert!((3.0..3.1).contains(&seconds), "{seconds}");
    }
}
