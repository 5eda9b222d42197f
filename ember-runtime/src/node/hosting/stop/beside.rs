//! Which services of a node stop side by side: siblings, that is, spawned ones of one class between which no other was started, unless
//! one of their own class has spawned them.

use std::{any::TypeId, sync::Arc};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};

use crate::actor::AnyCell;

/// So many stop at a time: what they save goes to something that has a bound of its own.
const AT_A_TIME: usize = 100;

pub(super) async fn end_of(cell: &dyn AnyCell) {
    let mut states = cell.states();
    // An error: it is gone altogether.
    let _ended = states.wait_for(|state| state.has_ended()).await;
}

/// Siblings that are about to end.
#[derive(Default)]
pub(super) struct Beside {
    class: Option<TypeId>,
    ending: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl Beside {
    /// Waits until `next`, which was started before those that are ending, may stop.
    pub(super) async fn make_way(&mut self, next: &dyn AnyCell) {
        let class = next.as_any().type_id();
        if self.class == Some(class) && !next.stops_alone() {
            while self.ending.len() >= AT_A_TIME {
                self.ending.next().await;
            }
            return;
        }
        self.all_ended().await;
        self.class = Some(class).filter(|_| !next.stops_alone());
    }

    /// One more is ending.
    pub(super) fn enter(&mut self, cell: Arc<dyn AnyCell>) {
        self.ending.push(Box::pin(async move { end_of(&*cell).await }));
    }

    pub(super) async fn all_ended(&mut self) {
        while self.ending.next().await.is_some() {}
    }
}
