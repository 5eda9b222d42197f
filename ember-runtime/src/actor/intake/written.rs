//! Calls of this node whose arguments have been written already: they go into a service as calls from other nodes do.

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;

use crate::{
    actor::{
        erased::AnyCell,
        work::{Offer, Port, Short},
    },
    error::{Failure, LostReason, RefusedReason},
    id::MethodId,
    message::{Answer, Encode, Envelope, Given, RawCall, RawReply, Reply, ReplyBody, ReplyLink, Written},
    sync::lock,
};

/// The port of all methods that are known at run time only.
pub(crate) fn written_port() -> &'static Port<Written> {
    const { &Port { submit, short: |_, _| Short::NotNow } }
}

fn submit(cell: &dyn AnyCell, call: Offer<'_, Bytes, Given<Written>>) -> Result<(), RefusedReason> {
    let index = call.index;
    let call = call.take();
    let way = Arc::new(Back { reply: Mutex::new(call.reply), args: call.args.clone() });
    cell.accept(
        RawCall {
            // It has been found already.
            method: MethodId(0),
            fingerprint: None,
            payload: call.args.into(),
            stamp: call.stamp,
            envelope: call.envelope.or_else(|| Some(Box::new(Envelope::default()))),
            reply: RawReply::new(way, 1),
        },
        index,
    );
    Ok(())
}

/// The way back to the caller.
struct Back {
    reply: Mutex<Option<Reply<Given<Written>>>>,
    /// For another one, should they be refused.
    args: Bytes,
}

fn written(put: Encode<'_>) -> Result<Bytes, Failure> {
    let mut out = Vec::new();
    put(&mut out).map_err(|error| LostReason::Undecodable(error.to_string()))?;
    Ok(out.into())
}

impl ReplyLink for Back {
    fn reply(&self, _: u64, body: ReplyBody<'_>) {
        let Some(reply) = lock(&self.reply).take() else { return };
        let answer = match body {
            ReplyBody::Value(put) => written(put).map(Ok),
            ReplyBody::App(put) => written(put).map(Err),
            ReplyBody::Failed(Failure::NotExecuted(reason)) => {
                return reply.refuse("", reason, Box::new(self.args.clone()));
            }
            ReplyBody::Failed(failure) => Err(failure),
        };
        reply.send(answer.map_or_else(Answer::Failed, Answer::Done));
    }

    fn is_unwanted(&self, _: u64) -> bool {
        lock(&self.reply).as_ref().is_some_and(Reply::is_unwanted)
    }

    fn poll_unwanted(&self, _: u64, task: &mut Context<'_>) -> Poll<()> {
        match &*lock(&self.reply) {
            Some(reply) => reply.poll_unwanted(task),
            None => Poll::Pending,
        }
    }
}
