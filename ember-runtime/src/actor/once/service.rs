//! The calls with an id of one service: who is let in, and where the replies go.

use std::{
    hash::{DefaultHasher, Hasher},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::Instant;

use super::table::{Admitted, Asked, CallKey, Limits, Table};
use crate::{
    error::Failure,
    id::NodeKey,
    message::{RawCall, RawReply, ReplyBody, ReplyLink, Stored},
    sync::lock,
};

/// What one service remembers. Made when the first call with an id comes.
pub(crate) struct Once(Mutex<Table<RawReply<'static>>>);

impl Default for Once {
    fn default() -> Self {
        Self(Mutex::new(Table::new(Limits::DEFAULT)))
    }
}

impl Once {
    /// The call, if it is the first with its id, and is to be run: its reply is stored for so long. Any other has been seen to. `index` is
    /// the place of its method in the table of the service; `is_known` says of a run of a node that it may still call.
    pub(crate) fn admit(
        self: &Arc<Self>,
        call: RawCall<'static>,
        id: u64,
        (index, window): (usize, Duration),
        is_known: impl Fn(NodeKey) -> bool,
    ) -> Option<RawCall<'static>> {
        let RawCall { mut reply, .. } = call;
        // What its link has lent it, it gives back: the mailbox has a bound of its own.
        reply.taken();
        let peer = reply.peer();
        let (key, asked) =
            ((peer, id), asked(index, &call.payload, call.envelope.as_deref().map(|it| it.keys.bytes())));
        let (admitted, gone) = {
            let mut table = lock(&self.0);
            (table.admit(key, (asked, reply), Instant::now(), RawReply::is_unwanted, is_known), table.take_gone())
        };
        drop(gone);
        match admitted {
            Admitted::First => {
                let back = Back { once: Arc::clone(self), key, window };
                Some(RawCall { reply: RawReply::new(Arc::new(back), 1), ..call })
            }
            Admitted::Joined => None,
            Admitted::Again(stored, reply) => {
                stored.tell(reply);
                None
            }
            Admitted::Refused(failure, reply) => {
                reply.fail(failure);
                None
            }
        }
    }
}

fn asked(method: usize, args: &[u8], keys: Option<&[u8]>) -> Asked {
    let mut hasher = DefaultHasher::new();
    for part in [keys.unwrap_or_default(), args] {
        hasher.write_usize(part.len());
        hasher.write(part);
    }
    Asked { method, args: hasher.finish() }
}

/// The way back of the first call with an id: to all who wait for its reply.
struct Back {
    once: Arc<Once>,
    key: CallKey,
    window: Duration,
}

impl ReplyLink for Back {
    fn reply(&self, _: u64, body: ReplyBody<'_>) {
        let stored = match body {
            ReplyBody::Value(put) => Stored::of_value(put),
            ReplyBody::App(put) => Stored::of_error(put),
            ReplyBody::Failed(Failure::MaybeExecuted(reason)) => Stored::Lost(reason),
            ReplyBody::Failed(Failure::NotExecuted(reason)) => {
                let waiters = lock(&self.once.0).end(self.key, None, Instant::now());
                return waiters.into_iter().for_each(|reply| reply.fail(reason.clone()));
            }
        };
        let (waiters, is_crowded) = {
            let (mut table, now) = (lock(&self.once.0), Instant::now());
            let waiters = table.end(self.key, Some((stored.clone(), self.window)), now);
            (waiters, table.take_crowded(now))
        };
        if is_crowded {
            tracing::warn!(
                target: "ember::call",
                "replies of calls that were made once are dropped before their time: there are too many, or they are too large. Their repetitions \
                 are `Forgotten`. Said once a minute of each service"
            );
        }
        waiters.into_iter().for_each(|reply| stored.tell(reply));
    }

    fn peer(&self) -> Option<NodeKey> {
        self.key.0
    }

    fn is_unwanted(&self, _: u64) -> bool {
        lock(&self.once.0).is_unwanted(self.key, RawReply::is_unwanted)
    }

    /// Asked by methods that are dropped when their caller goes away: those have no ids.
    fn poll_unwanted(&self, _: u64, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_the_method_the_keys_of_its_module_and_its_arguments() {
        let first = asked(1, b"args", Some(b"key"));
        assert_eq!(asked(1, b"args", Some(b"key")), first);
        assert_eq!(asked(1, b"args", None), asked(1, b"args", Some(b"")));
        let others = [
            asked(2, b"args", Some(b"key")),
            asked(1, b"args", Some(b"yek")),
            asked(1, b"argskey", None),
            asked(1, b"sargs", Some(b"key")),
        ];
        others.into_iter().for_each(|other| assert_ne!(other, first));
        assert_ne!(asked(1, b"b", Some(b"a")), asked(1, b"", Some(b"ab")), "they are told apart from each other");
    }
}
