//! What handlers of a replicated service, and of its modules, do with its state.

use std::{panic::resume_unwind, sync::Arc};

use bytes::Bytes;

use super::{InGroup, Replicated, replica::write_output};
use crate::{
    actor::{
        about::AnyState,
        erased::{Core, Overtaken},
        service::{Cx, Unit},
    },
    error::{Error, Result},
    id::Epoch,
    message::{Settles, Unsettled, encode},
    planted::{Bug, planted},
};

impl<U: Unit> Cx<'_, U> {
    /// The state of the group, as this instance has it: on the master with all that was [committed](Self::commit) so far, on the others
    /// as far as they know that it has been acknowledged.
    ///
    /// # Panics
    /// Never, but for a mistake in Ember.
    pub fn state<R: Replicated>(&self) -> &R::State
    where
        U: InGroup<Root = R>,
    {
        let held = self.core.held.as_deref();
        held.and_then(|held| held.state().downcast_ref()).expect("a replicated service has its state")
    }

    /// Changes the state: enters the entry into the log of the group, applies it here, and gives back what
    /// [`apply`](Replicated::apply) makes of it. Nothing is awaited. What the handler answers waits until every member in sync has the record, which
    /// goes to them when the handler returns or first waits for something.
    ///
    /// Two commits are two: if the handler panics or is cancelled in between, the first is made and the second is not. Use
    /// [`commit_all`](Self::commit_all) for what belongs together.
    ///
    /// If this instance has lost its office since the handler began, nothing is committed, the handler ends here (it unwinds, as at a panic, without one
    /// being told), and its caller has `MaybeExecuted(Deposed)`.
    ///
    /// # Panics
    /// In a function that a method marked `#[rpc(read)]` calls (in the method itself it does not compile, unless a contract says that it is `read`), and where this instance was not the master when the hook, timer or event handler began: look at
    /// [`role`](Self::role) there. If the entry cannot be encoded, or has more than half of the bytes that a message may have
    /// ([`max_message`](crate::node::NodeBuilder::max_message)). And if `apply` panics: then the state is lost here, and another member takes over.
    pub fn commit<R: Replicated>(&mut self, entry: R::Entry) -> R::Output
    where
        U: InGroup<Root = R>,
    {
        let bytes = encoded::<R>(&entry);
        commit::<R, _>(self.core, (vec![bytes], None), |state, outputs| applied::<R>(state, &entry, outputs))
    }

    /// The same, with a call that the group owes from now on, as its bytes, and a hash of whom it is for.
    pub(crate) fn commit_and_owe<R: Replicated>(&mut self, entry: &R::Entry, call: (u64, Bytes)) -> R::Output
    where
        U: InGroup<Root = R>,
    {
        let bytes = encoded::<R>(entry);
        commit::<R, _>(self.core, (vec![bytes], Some(call)), |state, outputs| applied::<R>(state, entry, outputs))
    }

    /// The same for several entries, in one record: all are made, or none is. What each comes to, in their order.
    ///
    /// # Panics
    /// As [`commit`](Self::commit).
    pub fn commit_all<R: Replicated>(&mut self, entries: impl IntoIterator<Item = R::Entry>) -> Vec<R::Output>
    where
        U: InGroup<Root = R>,
    {
        let entries: Vec<_> = entries.into_iter().collect();
        if entries.is_empty() {
            return Vec::new();
        }
        let bytes = entries.iter().map(encoded::<R>).collect();
        commit::<R, _>(self.core, (bytes, None), |state, outputs| {
            entries.iter().map(|entry| applied::<R>(state, entry, outputs)).collect()
        })
    }

    /// Waits until all that has been committed so far is acknowledged by each member in sync: before an effect outside of Ember that must not be
    /// seen without it. With `acks = "leader"`, where nothing waits by itself, this does all the same.
    ///
    /// Dropped, it has waited in vain, and nothing else.
    ///
    /// # Errors
    /// [`Error::NotMaster`]: this instance has lost its office, and does not know whether it was.
    pub async fn settled(&mut self) -> Result<()>
    where
        U: InGroup,
    {
        let epoch = self.epoch();
        let Some(held) = self.core.held.as_deref().filter(|_| !planted(Bug::SettledAtOnce)) else { return Ok(()) };
        let group = Arc::clone(&held.replica) as Arc<dyn Settles>;
        let settled = match Unsettled::in_any_case(&group) {
            Some(unsettled) => unsettled.settles().await,
            None => true,
        };
        match (settled, epoch) {
            // Where nothing is to wait for, it may be that nothing is left.
            (true, _) => self.core.fence().map_or(Ok(()), |fence| fence.check()),
            (_, Some(epoch)) => Err(Error::NotMaster { epoch }),
            (_, None) => Err(Error::other("this instance is not the master: it knows nothing of what is acknowledged")),
        }
    }
}

/// Bytes of a record for each entry, beside its own.
const ENTRY: usize = 5;

fn encoded<R: Replicated>(entry: &R::Entry) -> Bytes {
    let mut bytes = Vec::new();
    if let Err(error) = encode(entry, &mut bytes) {
        panic!("an entry of a replicated service cannot be written: {error}");
    }
    bytes.into()
}

/// What an entry comes to, which is also written to `outputs`: the others compare that.
fn applied<R: Replicated>(state: &mut R::State, entry: &R::Entry, outputs: &mut Vec<u8>) -> R::Output {
    let output = R::apply(state, entry);
    write_output::<R>(&output, outputs);
    output
}

fn commit<R: Replicated, T>(
    core: &mut Core,
    (entries, owes): (Vec<Bytes>, Option<(u64, Bytes)>),
    apply: impl FnOnce(&mut R::State, &mut Vec<u8>) -> T,
) -> T {
    let epoch = core.commits();
    let Some(held) = core.held.as_deref_mut() else { unreachable!("a replicated service has its state") };
    // With what says how long each is.
    let bytes = entries.iter().chain(owes.iter().map(|(_, call)| call)).map(|entry| entry.len() + ENTRY).sum::<usize>();
    let largest = held.replica.largest();
    assert!(
        bytes <= largest,
        "a record of {bytes} bytes cannot be replicated, for that is more than half of the largest message ({largest}): commit it in parts, or raise \
         `max_message` of all nodes"
    );
    let apply = |state: &mut AnyState, outputs: &mut Vec<u8>| {
        apply(state.downcast_mut().expect("it is the state of this service"), outputs)
    };
    // Not a panic: nobody has made a mistake.
    held.commit(epoch, (entries, owes), apply).unwrap_or_else(|| resume_unwind(Box::new(Overtaken(epoch))))
}

impl Core {
    /// The epoch in which the running handler commits.
    ///
    /// # Panics
    /// It is one that does not.
    fn commits(&self) -> Epoch {
        let Some(office) = self.office.as_deref() else { panic!("a replicated service is elected") };
        assert!(
            office.acts,
            "a method that is marked `#[rpc(read)]` commits nothing: leave the mark out, so that the master runs it"
        );
        office.began.unwrap_or_else(|| {
            panic!(
                "only the master commits, and this instance was not the master when this began: ask `cx.role()` first"
            )
        })
    }
}
