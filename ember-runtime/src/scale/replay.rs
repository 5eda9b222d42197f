//! Recorded readings, decided upon again.

use std::ops::RangeInclusive;

use super::{Decision, Engine, Reading, Scale};
use crate::error::{Error, Result};

impl Scale {
    /// What is decided where a service with such bounds has these readings, one after the other: the same as when they were recorded, if the
    /// strategy is the same, in no time, and without a service. [`Reading::at`] says when each was; [`Reading::workers`] is not read: there are as many
    /// as the decision before has left, and at first the fewest. So what [`Node::set_workers`](crate::node::Node::set_workers) did meanwhile is not replayed.
    ///
    /// # Errors
    /// [`Error::Configuration`] for what [`Hosted::scale`](crate::node::Hosted::scale) would refuse.
    pub fn replay(
        &self,
        workers: RangeInclusive<u16>,
        readings: impl IntoIterator<Item = Reading>,
    ) -> Result<Vec<Decision>> {
        self.check()?;
        let (least, most) = (*workers.start(), *workers.end());
        if least == 0 || least > most {
            let why =
                format!("`Scale::replay({workers:?}, …)` cannot be: write the bounds of the service, as in `2..=16`");
            return Err(Error::Configuration(why));
        }
        let (mut engine, mut now) = (Engine::new(self.clone(), least.into()..=most.into()), least.into());
        let decide = |reading| {
            let decision = engine.look(now, reading);
            now = decision.to;
            decision
        };
        Ok(readings.into_iter().map(decide).collect())
    }
}
