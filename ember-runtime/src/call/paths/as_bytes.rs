//! A call with an id to a service on this node. Its arguments go as bytes here too, so that the callee can tell a repetition from another call.

use bytes::Bytes;

use super::slow::Course;
use crate::{
    actor::{AnyCell, Offer},
    call::{
        reach::local,
        requests::{Attempt, HandedOver},
    },
    error::{LostReason, RefusedReason},
    message::{Answer, CodecError, Envelope, Method, Stamp, WireOf, Written, reply_slot},
    panics::attempt,
};

impl Course {
    /// Asks a service on this node: as one elsewhere is asked, but for the link. The arguments stay where they are.
    pub(super) async fn attempt_as_bytes<M: Method>(
        &mut self,
        cell: &dyn AnyCell,
        args: &mut Option<M::Args>,
        (stamp, envelope): (Stamp, Envelope),
    ) -> Attempt<M> {
        let Some(wire) = M::wire() else { return Attempt::Refused(RefusedReason::Private) };
        let bytes = match written::<M>(&wire, args) {
            Ok(bytes) => bytes,
            Err(error) => return Attempt::Refused(RefusedReason::Undecodable(error.to_string())),
        };
        let (reply, answer) = reply_slot::<Written>(None);
        let offer = Offer {
            args: &mut Some(bytes),
            envelope: &mut Some(Box::new(envelope)),
            stamp,
            index: 0,
            reply: &mut Some(reply),
        };
        if let Err(reason) = local::submit_written::<M>(cell, self.target.method_id::<M>(), offer) {
            return Attempt::Refused(reason);
        }
        self.handed_over = HandedOver::Yes;
        self.turn = None;
        let read = |read: Result<Result<M::Value, M::Error>, CodecError>| match read {
            Ok(result) => Attempt::Done(result),
            Err(error) => Attempt::Failed(LostReason::Undecodable(error.to_string()).into()),
        };
        let reading = "reading the reply";
        match answer.await {
            Answer::Done(Ok(value)) => read(guarded(M::INFO.name, reading, || wire.get_value(&value)).map(Ok)),
            Answer::Done(Err(error)) => read(guarded(M::INFO.name, reading, || wire.get_error(&error)).map(Err)),
            Answer::Failed(failure) => Attempt::Failed(failure),
            Answer::Refused(reason, _) => Attempt::Refused(reason),
        }
    }
}

fn written<M: Method>(wire: &WireOf<M>, args: &Option<M::Args>) -> Result<Bytes, CodecError> {
    let mut bytes = Vec::new();
    let args = args.as_ref().ok_or_else(|| CodecError::new("the arguments are gone"))?;
    guarded(M::INFO.name, "writing the arguments", || (wire.put_args)(args, &mut bytes))?;
    Ok(bytes.into())
}

/// Lets code of the user's write or read: if it panics, that ends the call, not its caller.
fn guarded<T>(method: &str, what: &str, action: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    attempt(action).unwrap_or_else(|panic| Err(CodecError::new(format_args!("{what} of `{method}` panicked: {panic}"))))
}
