//! How new what a call of a `read` method is shown must be.

use std::time::Duration;

use super::single::Call;
use crate::message::{Method, Reads};

impl<M: Method> Call<M> {
    /// What is shown may lack nothing that was acknowledged longer ago than this. An instance of a replicated service that cannot say so asks its
    /// master and refuses ([`Behind`](crate::error::RefusedReason::Behind)), so that the runtime asks another, or the same one a little later, within the
    /// call's time. Without this it is one lease (5 s), which is also the most.
    ///
    /// It counts on leases: a clock that stands still while others run on breaks it. Of a service that is not replicated it changes nothing.
    pub fn within(mut self, age: Duration) -> Self
    where
        M: Reads,
    {
        self.request_mut().options.set_within(age);
        self
    }

    /// What is shown lacks nothing that was acknowledged when the call was made, whoever answers: before the call is made, all instances in sync
    /// are asked how far their group is, and no clock is believed. That takes one round to them, and as long as any of them does not answer, it waits, as
    /// a commit does, until that one is out of the set. Where that takes longer than the call may, it is
    /// [`NotExecuted(Behind)`](crate::error::RefusedReason::Behind).
    ///
    /// Of a service that is not replicated it changes nothing.
    pub fn fresh(mut self) -> Self
    where
        M: Reads,
    {
        self.request_mut().options.set_fresh();
        self
    }
}
