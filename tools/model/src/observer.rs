//! Whoever sees everything writes down what has been promised, and compares.

use crate::{
    log::{Log, What},
    model::Model,
    properties::{Property::*, Stop, holds},
    rules::Members,
    set::{Member, PLACES, Set},
    world::{Role, World},
};

/// What has been promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Observer {
    /// What has been acknowledged, in order.
    pub(crate) truth: Log,
    /// The last set that the registry had.
    pub(crate) in_sync: Set,
    /// The highest epoch that there was.
    pub(crate) highest: u8,
    /// Epochs before this one are of a group whose members are all gone: nothing is promised of it.
    pub(crate) base: u8,
    /// Who had records acknowledged, by epoch.
    owners: [Option<Member>; EPOCHS],
    /// Calls (as bits) whose callers were told that they have, or have not, been executed.
    pub(crate) told_done: u8,
    pub(crate) told_void: u8,
    /// Those of whom it was said that they have been executed in part, and never will be further.
    pub(crate) told_unfinished: u8,
    /// In which epoch a reply left that waited for nobody; 0: none.
    pub(crate) early: [u8; 2],
    /// Calls that are owed to another, and that it has run.
    pub(crate) ran: u8,
    /// Who has ever had the record of a call; kept only where a least number is to be in sync.
    pub(crate) held: [Set; 2],
    /// The epoch and the index of the newest that a client has seen.
    pub(crate) token: (u8, u8),
}

/// Epochs in one run, at most.
pub(crate) const EPOCHS: usize = 12;

impl Observer {
    pub(crate) fn begin(master: Member, in_sync: Set, truth: Log) -> Self {
        let mut owners = [None; EPOCHS];
        owners[1] = Some(master);
        Self {
            truth,
            in_sync,
            highest: 1,
            base: 1,
            owners,
            told_done: 0,
            told_void: 0,
            told_unfinished: 0,
            early: [0; 2],
            ran: 0,
            held: [Set::default(); 2],
            token: (1, 1),
        }
    }

    /// Whether the caller knows what became of its call.
    pub(crate) fn is_told(&self, id: u8) -> bool {
        (self.told_done | self.told_void | self.told_unfinished) >> id & 1 == 1
    }

    /// A process or a disk is gone: perhaps nobody of the last in-sync set is left.
    pub(crate) fn count_the_lost(world: &mut World) {
        if !Self::somebody_is_left(world) {
            Self::all_is_lost(world);
        }
    }

    /// Nobody of the last in-sync set is left, or an operator goes on without them.
    pub(crate) fn all_is_lost(world: &mut World) {
        let this = &mut world.observer;
        this.truth = Log::default();
        this.base = this.highest + 1;
        (this.told_done, this.told_void, this.told_unfinished) = (0, 0, 0);
        (this.early, this.token) = ([0; 2], (0, 0));
        world.fresh = None;
    }

    /// What is not in this log is lost, and may be done again.
    pub(crate) fn goes_on_with(&mut self, log: &Log) {
        self.ran &= (0..2).filter(|id| log.executed(*id, 0).is_some()).fold(0, |bits, id| bits | 1 << id);
    }

    /// The master at `place` takes its log for acknowledged up to `upto`.
    pub(crate) fn acknowledged(world: &mut World, place: usize, upto: u8) -> Result<(), Stop> {
        let (log, epoch, master) = (world.nodes[place].log, world.nodes[place].epoch, world.member(place));
        let this = &mut world.observer;
        if epoch < this.base {
            return Ok(());
        }
        let known = upto.min(this.truth.last());
        holds(S2, log.begins_with(&this.truth, known), "an acknowledged record is not in the log of a later master")?;
        for record in &log.all()[known as usize..upto as usize] {
            match record.what() {
                What::Barrier => {}
                What::Begun(id) | What::Done(id) => {
                    holds(S3, this.truth.executed(id, 0).is_none(), "a call was executed twice")?;
                    let void = this.truth.find(What::Void(id), 0).is_some() || this.told_void >> id & 1 == 1;
                    holds(S4, !void, "a call was executed after NothingCommitted")?;
                }
                What::Ended(id) => {
                    let unfinished = this.told_unfinished >> id & 1 == 1;
                    holds(S4, !unfinished, "a call came to its end after Unfinished")?;
                    holds(S3, this.truth.find(What::Ended(id), 0).is_none(), "a call came to its end twice")?;
                }
                What::Void(id) => {
                    let done = this.truth.executed(id, 0).is_some() || this.told_done >> id & 1 == 1;
                    holds(S4, !done, "a call became void after it was executed")?;
                    holds(S3, this.truth.find(What::Void(id), 0).is_none(), "a call became void twice")?;
                    let by_the_same = this.early[id as usize] == record.epoch();
                    holds(S4, !by_the_same, "a master lost what it had answered, and is the master still")?;
                }
                What::Paid(id) => {
                    holds(S9, this.ran >> id & 1 == 1, "a call that is owed counts as answered, and was never run")?;
                }
            }
            this.truth.append(*record);
        }
        let owner = this.owners[epoch as usize].get_or_insert(master);
        holds(S1, *owner == master, "two masters of one epoch had records acknowledged")
    }

    /// Writes down who has the records of calls.
    pub(crate) fn look(model: &Model, world: &mut World) {
        if model.bounds.enough == 1 {
            return;
        }
        for place in 0..PLACES {
            for id in 0..2 {
                let log = &world.nodes[place].log;
                if log.find(What::Done(id), 0).or(log.find(What::Ended(id), 0)).is_some() {
                    let held = &mut world.observer.held[id as usize];
                    *held = held.with(Member::new(place, world.nodes[place].life));
                }
            }
        }
    }

    /// What must hold at every moment.
    pub(crate) fn check(model: &Model, world: &World) -> Result<(), Stop> {
        let this = &world.observer;
        for (place, node) in world.nodes.iter().enumerate() {
            if !node.up || !node.has_state || node.epoch < this.base {
                continue;
            }
            let knows_all = node.commit >= this.truth.last();
            holds(S7, !model.answers(world, place) || knows_all, "a master acts that lacks an acknowledged record")?;
            if node.role == Role::Follows && this.truth.last() > 0 {
                let shown = node.applied;
                let true_so_far = shown <= this.truth.last() && node.log.begins_with(&this.truth, shown);
                holds(S5, true_so_far, "a follower shows what was never acknowledged")?;
                let back = (model.read_epoch(node), shown) >= this.token && shown < this.token.1;
                holds(S5, !back, "a read goes back behind its session")?;
            }
        }
        Ok(())
    }

    /// Whether anybody lives of whom the promise speaks.
    pub(crate) fn somebody_is_left(world: &World) -> bool {
        world.observer.in_sync.each().any(|member| world.survives(member))
    }
}
