//! The replicated services that a node hosts, by number: what their masters send, and the pictures of their state.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::oneshot,
    task::yield_now,
    time::{Instant, timeout},
};

use super::cells::Cells;
use crate::{
    id::{Epoch, NodeKey, Pid},
    office::Appointment,
    replica::{Answer, Batch, Far, Fingerprints, InSync, KEPT_RECORDS, Learnt, Member, OnDisk, Point, Replica},
    sync::lock,
};

/// A picture that nobody has asked for in this time is dropped.
const UNUSED: Duration = Duration::from_secs(10);

/// Memory is used for the first time in parts of so many bytes, between which others have their turn.
const USED_AT_ONCE: usize = 256 * 1024;

/// All of one node.
#[derive(Default)]
pub(crate) struct Replicas {
    by_number: Mutex<BTreeMap<u64, Arc<Replica>>>,
    pictures: Mutex<Pictures>,
    /// Each keeps so many records of its log, if that was said.
    kept_records: OnceLock<u64>,
}

#[derive(Default)]
struct Pictures {
    last: u64,
    /// Services of which one is being taken.
    taken: BTreeSet<u64>,
    /// By service; one each.
    kept: BTreeMap<u64, Picture>,
}

/// A state, as it was at a point of its log.
#[derive(Clone)]
struct Picture {
    number: u64,
    at: Point,
    bytes: Bytes,
    used: Instant,
}

/// A part of a [`Picture`].
pub(crate) struct Part {
    pub(crate) picture: u64,
    pub(crate) at: Point,
    /// The bytes of the whole.
    pub(crate) total: u64,
    pub(crate) bytes: Bytes,
}

impl Replicas {
    /// Each that is added from now on keeps so many records of its log.
    #[cfg(feature = "cluster")]
    pub(crate) fn keep_records(&self, records: Option<u64>) {
        if let Some(records) = records {
            let _said_before = self.kept_records.set(records);
        }
    }

    pub(crate) fn kept_records(&self) -> u64 {
        self.kept_records.get().copied().unwrap_or(KEPT_RECORDS)
    }

    pub(crate) fn add(&self, number: u64, replica: Arc<Replica>) {
        lock(&self.by_number).insert(number, replica);
    }

    pub(crate) fn get(&self, number: u64) -> Option<Arc<Replica>> {
        lock(&self.by_number).get(&number).cloned()
    }

    /// Those whose groups are of another build.
    pub(crate) fn left_out(&self) -> Vec<Pid> {
        lock(&self.by_number).values().filter(|it| it.is_left_out()).map(|it| it.pid()).collect()
    }

    /// How far a service here is. On that node this other of its group asks, if one does.
    pub(crate) fn far(&self, number: u64, asks: Option<(NodeKey, Member)>) -> Option<Far> {
        let replica = self.get(number)?;
        if let Some((node, member)) = asks {
            replica.hears(node, member);
        }
        Some(replica.far())
    }

    /// What a service here promises the master of its group.
    pub(crate) fn promises(&self, number: u64, master: (Member, Epoch), lasts: Duration) -> Option<Member> {
        self.get(number)?.promises(master, lasts, Instant::now())
    }

    pub(crate) fn remove(&self, number: u64) {
        lock(&self.by_number).remove(&number);
        lock(&self.pictures).kept.remove(&number);
    }

    /// Takes what the master of a service here sends; nothing if there is no such service, or one of another build. What is answered may be told when
    /// what it says is on the disk.
    pub(crate) fn receive(
        &self,
        number: u64,
        types: Fingerprints,
        batch: Batch,
        cells: &Cells,
    ) -> Option<(Answer, OnDisk)> {
        let replica = self.get(number)?;
        if !replica.has_types(types) {
            return None;
        }
        let (answer, is_due) = replica.receive(batch)?;
        if is_due && let Some(cell) = cells.get(number) {
            cell.appoint(Appointment::CatchUp);
        }
        Some((answer, replica.on_disk()))
    }

    /// A service here has learnt the state of its group. What its master is to know, when that is on the disk.
    pub(crate) async fn learn(
        &self,
        number: u64,
        master: (Member, Epoch, InSync),
        learnt: Learnt,
        cells: &Cells,
    ) -> Option<Answer> {
        let replica = self.get(number)?;
        let (answer, is_new) = replica.learn(master, learnt)?;
        if is_new && let Some(cell) = cells.get(number) {
            cell.appoint(Appointment::CatchUp);
        }
        replica.on_disk().waits().await.then_some(answer)
    }

    /// The state of a service here, as it was at a point that is acknowledged; nothing, if that cannot be had now.
    pub(crate) async fn picture(&self, service: u64, cells: &Cells) -> Option<(Point, Bytes)> {
        let picture = self.take(service, cells).await?;
        Some((picture.at, picture.bytes))
    }

    /// A part of the state of a service here, at most so many bytes from an offset on: of this picture of it, or of one that was taken after the
    /// record `least`. Nothing, if that cannot be had.
    pub(crate) async fn part(
        &self,
        (service, picture): (u64, Option<u64>),
        (offset, most): (u64, u64),
        least: u64,
        cells: &Cells,
    ) -> Option<Part> {
        let picture = match (self.kept(service, picture, least), picture) {
            (Some(kept), _) => kept,
            (None, Some(_)) => return None,
            (None, None) => self.take(service, cells).await.filter(|taken| taken.at.index >= least)?,
        };
        let from = usize::try_from(offset).ok()?.min(picture.bytes.len());
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        let bytes = picture.bytes.slice(from..from.saturating_add(most).min(picture.bytes.len()));
        Some(Part { picture: picture.number, at: picture.at, total: picture.bytes.len() as u64, bytes })
    }

    fn kept(&self, service: u64, picture: Option<u64>, least: u64) -> Option<Picture> {
        let (mut pictures, now) = (lock(&self.pictures), Instant::now());
        pictures.kept.retain(|_, it| now.saturating_duration_since(it.used) < UNUSED);
        let kept = pictures.kept.get_mut(&service)?;
        let fits = picture.map_or(kept.at.index >= least, |number| number == kept.number);
        fits.then(|| {
            kept.used = now;
            kept.clone()
        })
    }

    /// Has its service tell its state, in its turn. What a master tells waits until it is acknowledged. One at a time: whoever else asks meanwhile
    /// gets nothing, and asks again.
    async fn take(&self, number: u64, cells: &Cells) -> Option<Picture> {
        let _taking = Taking::begin(&self.pictures, number)?;
        let (replica, cell) = (self.get(number)?, cells.get(number)?);
        let (tell, told) = oneshot::channel();
        cell.appoint(Appointment::Picture(blank(replica.expected()).await, tell));
        let taken = async {
            let ((epoch, index), bytes) = told.await.ok().flatten()?;
            let at = Point { epoch, index };
            replica.is_acknowledged(at).await.then_some((at, bytes))
        };
        let (at, bytes) = timeout(UNUSED, taken).await.ok().flatten()?;
        let mut pictures = lock(&self.pictures);
        pictures.last += 1;
        let picture = Picture { number: pictures.last, at, bytes, used: Instant::now() };
        pictures.kept.insert(number, picture.clone());
        Some(picture)
    }
}

/// Memory for a picture of about so many bytes, all of which has been used: the first use of each page takes longer than what is written there, and the
/// service would wait for it in its turn.
async fn blank(bytes: usize) -> Vec<u8> {
    let mut blank = Vec::new();
    if blank.try_reserve_exact(bytes).is_ok() {
        while blank.len() < bytes {
            // Not zeros, which an allocator may have without using anything.
            blank.resize(bytes.min(blank.len() + USED_AT_ONCE), 1);
            yield_now().await;
        }
    }
    blank
}

/// A picture of a service is being taken.
struct Taking<'a> {
    pictures: &'a Mutex<Pictures>,
    service: u64,
}

impl<'a> Taking<'a> {
    /// Nothing, if one is already.
    fn begin(pictures: &'a Mutex<Pictures>, service: u64) -> Option<Self> {
        // Not made while that is locked, nor where it is to be nothing: dropped, it would lock it again.
        let begins = lock(pictures).taken.insert(service);
        begins.then(|| Self { pictures, service })
    }
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        lock(self.pictures).taken.remove(&self.service);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{Incarnation, NodeId},
        replica::Terms,
    };

    #[test]
    fn one_picture_of_a_service_is_taken_at_a_time() {
        let pictures = Mutex::default();
        let first = Taking::begin(&pictures, 1).expect("none is taken");
        assert!(Taking::begin(&pictures, 1).is_none(), "one is");
        assert!(Taking::begin(&pictures, 1).is_none(), "it still is");
        assert!(Taking::begin(&pictures, 2).is_some(), "another's");
        drop(first);
        assert!(Taking::begin(&pictures, 1).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_picture_is_kept_for_who_has_begun_with_it_and_for_who_wants_no_newer_one_until_nobody_asks() {
        let all = Replicas::default();
        let at = Point { epoch: Epoch(1), index: 5 };
        let picture = Picture { number: 3, at, bytes: Bytes::new(), used: Instant::now() };
        lock(&all.pictures).kept.insert(1, picture);
        let has = |picture, least| all.kept(1, picture, least).is_some();
        assert!(has(Some(3), 9) && !has(Some(2), 0), "by its number");
        assert!(has(None, 5) && !has(None, 6), "by the record that it has to have");
        assert!(all.kept(2, None, 0).is_none(), "of another service");
        for _ in 0..3 {
            tokio::time::advance(UNUSED - Duration::from_millis(1)).await;
            assert!(has(None, 0), "each time that it is asked for counts");
        }
        tokio::time::advance(UNUSED).await;
        assert!(!has(None, 0));
    }

    #[test]
    fn a_replica_is_found_by_its_number_while_it_is_there() {
        let node = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
        let (all, pid) = (Replicas::default(), Pid { node, number: 1 });
        all.add(1, Arc::new(Replica::new(pid, (1, 2), Terms::default(), usize::MAX)));
        assert!(all.get(1).is_some() && all.get(2).is_none() && all.far(1, None).is_some());
        all.remove(1);
        assert!(all.get(1).is_none() && all.far(1, None).is_none());
    }
}
