//! What is explored: the rules, less those left out, within bounds.

use crate::{
    action::Action,
    left_out::{LeftOut, Rule},
    observer::Observer,
    properties::Stop,
    step,
    world::World,
};

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Members in sync at the beginning.
    pub(crate) places: u8,
    /// Processes, with those that are to learn or are spare.
    pub(crate) running: u8,
    /// Members in sync, at most.
    pub(crate) replicas: u8,
    pub(crate) crashes: u8,
    /// How often the registry is lost.
    pub(crate) falls: u8,
    /// Calls.
    pub(crate) ids: u8,
    pub(crate) epochs: u8,
    /// Planned hand-overs.
    pub(crate) hands: u8,
    /// Versions of the set.
    pub(crate) versions: u8,
    /// Batches that stay behind.
    pub(crate) late: u8,
    /// The least number of members in sync with which calls that commit are answered.
    pub(crate) enough: u8,
    /// Masters may act by acknowledgements, too, while the registry is away.
    pub(crate) windows: bool,
    /// An operator may accept the loss of members.
    pub(crate) operator: bool,
    /// Members have journals.
    pub(crate) journal: bool,
    /// How often a disk loses the end of what it had.
    pub(crate) damages: u8,
    /// Handlers may go on after a commit.
    pub(crate) pends: bool,
    /// Calls that are remembered.
    pub(crate) table: u8,
    /// Each call that is executed owes a call to another service.
    pub(crate) owes: bool,
    /// Reads that are to miss nothing.
    pub(crate) fresh: u8,
    /// Replies wait for nobody.
    pub(crate) early: bool,
}

impl Bounds {
    /// For looking at everything.
    pub(crate) const fn narrow() -> Self {
        Self {
            places: 3,
            running: 3,
            replicas: 4,
            crashes: 2,
            falls: 1,
            ids: 1,
            epochs: 4,
            hands: 1,
            versions: 4,
            late: 0,
            enough: 1,
            windows: false,
            operator: false,
            journal: false,
            damages: 0,
            pends: false,
            table: 2,
            owes: false,
            fresh: 0,
            early: false,
        }
    }

    /// With all that there is.
    pub(crate) const fn everything() -> Self {
        let some = Self { late: 1, windows: true, operator: true, ..Self::narrow() };
        Self { journal: true, damages: 1, pends: true, owes: true, fresh: 1, early: true, ..some }
    }

    /// For walks.
    pub(crate) const fn wide() -> Self {
        Self { falls: 2, epochs: 6, versions: 30, late: 1, ..Self::narrow() }
    }
}

/// The rules and the bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    pub(crate) left_out: LeftOut,
    pub(crate) bounds: Bounds,
}

impl Model {
    /// With all rules.
    pub(crate) fn whole(bounds: Bounds) -> Self {
        Self { left_out: LeftOut::default(), bounds }
    }

    /// Whether this rule is left out.
    pub(crate) fn lacks(&self, rule: Rule) -> bool {
        self.left_out.has(rule)
    }

    pub(crate) fn begin(&self) -> World {
        World::begin(self.bounds.places as usize, self.bounds.running as usize, self.bounds.journal)
    }

    /// The moment after `action`.
    ///
    /// # Errors
    /// It cannot happen now, changes nothing, or breaks a property.
    pub(crate) fn after(&self, world: &World, action: Action) -> Result<World, Stop> {
        let mut next = *world;
        step::take(self, &mut next, action)?;
        if next == *world {
            return Err(Stop::NotNow);
        }
        Observer::look(self, &mut next);
        Observer::check(self, &next)?;
        Ok(next)
    }
}
