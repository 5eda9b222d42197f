//! Links between nodes: frames, correlation, credits, heartbeat, over tonic. Knows nothing of services: it hands bytes to
//! an [`Ingress`] and returns bytes to whoever waits.
//!
//! Between two nodes there is one link, whoever dialled it: one id over two connections, and the end of one is the end of both.
//! The second is for signs of life only, and is served on a thread where no handler runs: see `pulse/`. The first is an HTTP/2
//! connection with two streams in each direction: **control**
//! (hello, heartbeat, credits, notices, goodbye; see `control.rs`) and **data** (calls and replies).
//!
//! # The data stream
//! One gRPC message is one *frame*: any number of whole *records*, end to end. Integers are little-endian. Callers write
//! records into a shared buffer that has room for the head of a frame, and the writer gives whole buffers to the
//! connection: nothing is copied on the way to the socket, nor from there to the ingress, but for a few bytes, which are
//! kept in place.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | length of the rest of the record, `u32`, at least 1 |
//! | 1 | kind |
//! | … | by kind: |
//!
//! | kind | | after it |
//! | --- | --- | --- |
//! | 1 | call | correlation, header, arguments |
//! | 2 | one-way call | header, arguments |
//! | 3 | reply: value | correlation, value |
//! | 4 | reply: the application's error | correlation, error |
//! | 5 | reply: failure | correlation, postcard of [`WireFailure`](stream::WireFailure) |
//! | 6 | cancel | correlation |
//! | 7 | piece of a call | bytes of a record of kind 1 or 2 |
//! | 8 | piece of a reply | bytes of a record of kind 3, 4 or 5 |
//! | 9 | clock | `u64`: microseconds on the sender's clock, by which the deadlines of later calls count |
//! | from 64 on | of later releases | skipped by whoever does not know it; any other kind that is not known ends the link |
//!
//! *Correlation*: the caller's slot and its generation, each a `u32`; no generation is 0. *Header*: see `header.rs`. A call with an
//! empty header is 22 bytes and its arguments.
//!
//! A record over 128 KiB leaves in *pieces*, one large record after the other, and other records pass between. Calls for the
//! same service and lane do not: they wait until the large one before them has left, so that their order stays (see
//! `slow.rs`). The first piece begins with the record's length; a call in pieces has left when its last piece has. A piece is
//! a part of its record, not a copy, and what comes of it is added to the record at once.
//!
//! What a malformed frame costs: the link, with a logged reason. An unreadable header of a readable call costs that
//! call, which gets an error reply.
//!
//! # Who is there
//! A link begins with a handshake in which both sides prove who they are: see `hello.rs` for its messages, `proof.rs` for what a
//! proof says and does not say, `strangers.rs` for what may be had without one.
//!
//! # What bounds what
//! * Calls and one-way calls wait in one buffer for the writer: at most `out_buffer` bytes, then `LinkFull`.
//! * They are sent while the peer grants credit; it gets a call's bytes back when the call has left the mailbox there.
//! * Replies wait in a second buffer that needs no credit, so that calls never block them. While over `out_buffer` bytes
//!   of replies wait, calls that arrive are parked (the sender's credit bounds them); that slows a sender down, and no
//!   two nodes can block each other, because replies are read all the same. Calls that run already go on: if their
//!   replies reach four times `out_buffer`, further ones are replaced by a failure of a few bytes, and at eight times the
//!   link is closed: its peer does not read.
//! * The connection is given 256 KiB and a frame ahead of what the socket takes: that is what a small record waits for, and for
//!   what has arrived before it and was not read yet. That is nearly nothing as long as the reader keeps up with its socket, and
//!   at most 4 MiB, the window of the stream, when its thread is held up.
//! * Everything on the control stream is a counter or a flag until the moment it is written.

mod entrance;
mod handshake;
#[cfg(feature = "testing")]
pub(crate) mod inputs;
mod link;
mod peers;
mod protocol;
mod stream;
#[cfg(any(test, feature = "testing"))]
mod unattended;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    link::PendingReply,
    peers::Links,
    protocol::{Identity, Ingress, KeyPair, LinkConfig, Members, OutCall, Peer, RawAnswer},
};
