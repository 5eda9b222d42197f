//! Frames that no node would send.

use std::{
    sync::Arc,
    task::{Context, Waker},
};

use bytes::Bytes;
use tokio::time::Instant;

use super::support::*;
use crate::{
    error::{Failure, RefusedReason},
    id::Pid,
    message::{Beside, Chain, Envelope},
    sync::lock,
    transport::{
        link::Inflow,
        protocol::{Clock, Correlation, LinkConfig, Malformed, Record, header, wire},
        stream::MAX_PENDING,
        unattended::unattended,
    },
};

const LIMIT: usize = 1 << 20;

fn call(given: &Given, payload: &[u8], correlation: Option<Correlation>, out: &mut Vec<u8>) {
    let start = wire::open(if correlation.is_some() { wire::CALL } else { wire::SEND }, out);
    if let Some(correlation) = correlation {
        correlation.put(out);
    }
    let put_args = &mut |_: &mut Vec<u8>| Ok(());
    let call = given.call(300, put_args, correlation.is_none());
    header::put(&call, Instant::now(), header::Reads { extensions: true, once: true }, out).unwrap();
    out.extend_from_slice(payload);
    wire::seal(start, out);
}

fn valid() -> Vec<u8> {
    let mut out = Vec::new();
    let name = Correlation { index: 70_000, generation: 9 };
    call(&Given::default(), b"payload", Some(name), &mut out);
    let pid = Pid { node: key(1, 1), number: 3 };
    let chain = Chain::told(pid, "a.rpc_b", None);
    let headers = [("name".to_string(), "value".to_string())].into();
    let extensions = [("trace".to_string(), vec![7; 25])].into();
    let beside = Some(Arc::new(Beside { headers, extensions, ..Beside::default() }));
    let envelope = Envelope { chain: Some(chain), beside, key: Some(1), once: Some(2), ..Envelope::default() };
    let rich = Given { envelope, ..Given::by(Instant::now() + std::time::Duration::from_secs(5)) };
    call(&rich, b"more", None, &mut out);
    for kind in [wire::VALUE, wire::APP, wire::FAILURE, wire::CANCEL] {
        record(kind, &mut out, |out| {
            name.put(out);
            out.extend_from_slice(b"abc");
        });
    }
    record(wire::CLOCK, &mut out, |out| out.extend_from_slice(&7_u64.to_le_bytes()));
    record(100, &mut out, |out| out.extend_from_slice(b"of a later release"));
    let (mut slow_call, mut slow_reply) = (Vec::new(), Vec::new());
    call(&rich, b"large", None, &mut slow_call);
    record(wire::VALUE, &mut slow_reply, |out| name.put(out));
    for (kind, whole) in [(wire::CALL_PIECE, slow_call), (wire::REPLY_PIECE, slow_reply)] {
        for piece in whole.chunks(5) {
            record(kind, &mut out, |out| out.extend_from_slice(piece));
        }
    }
    out
}

fn record(kind: u8, out: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>)) {
    let start = wire::open(kind, out);
    put(out);
    wire::seal(start, out);
}

fn clock() -> Clock {
    Clock { there: 0, here: Instant::now() }
}

fn task() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

#[tokio::test]
async fn a_slot_beyond_the_bound_costs_the_link_and_no_memory() {
    for index in [MAX_PENDING as u32, u32::MAX] {
        let session = unattended();
        let mut frame = Vec::new();
        call(&Given::default(), b"x", Some(Correlation { index, generation: 1 }), &mut frame);
        let read = Inflow::new(Instant::now()).receive(&session, &frame.into(), Instant::now(), &mut task());
        assert_eq!(read, Err(Malformed::SLOT));
        assert_eq!(lock(&session.outbox).inbound.live(), 0);
    }
}

/// Whole it is refused, since both have one place. In chunks the first has ended before the second comes, which is right too.
#[cfg(feature = "testing")]
#[tokio::test]
async fn two_calls_of_one_place_are_judged_by_whether_they_are_there_at_once() {
    use crate::transport::inputs;

    let mut twice = Vec::new();
    for _ in 0..2 {
        record(wire::CALL, &mut twice, |out| Correlation { index: 1, generation: 1 }.put(out));
    }
    assert!(!inputs::frame(&twice), "they are there at once");
    assert!(inputs::frame(&twice[..twice.len() / 2]));
}

#[test]
fn the_valid_frame_is_read_whole() {
    let frame = Bytes::from(valid());
    let records: Vec<_> = wire::records(&frame, LIMIT).map(Result::unwrap).collect();
    assert!(matches!(records[6], Record::Clock(7)), "{records:?}");
    let Record::Call { correlation: Some(name), body, .. } = &records[0] else { panic!("{records:?}") };
    assert_eq!((name.index, name.generation), (70_000, 9));
    let header = header::get(&frame[body.clone()], clock()).unwrap();
    assert_eq!((header::target(&frame[body.clone()]), header.method), (300, METHOD));
    assert_eq!(&frame[body.start + header.size..body.end], b"payload");
}

#[tokio::test]
async fn pieces_that_are_no_message_cost_the_link() {
    let name = Correlation { index: 1, generation: 1 };
    let (mut request, mut cancel, mut nested) = (Vec::new(), Vec::new(), Vec::new());
    call(&Given::default(), b"x", Some(name), &mut request);
    wire::put_cancel(name, &mut cancel);
    record(wire::CALL_PIECE, &mut nested, |out| out.extend_from_slice(&request));
    let long = [&request[..], &[0]].concat();
    let huge = (LIMIT as u32 * 100).to_le_bytes();
    let cases: [(u8, &[&[u8]]); 8] = [
        (wire::CALL_PIECE, &[b"abc"]),
        (wire::CALL_PIECE, &[&request[..9], &[]]),
        (wire::CALL_PIECE, &[&[0; 4]]),
        (wire::CALL_PIECE, &[&huge]),
        (wire::CALL_PIECE, &[&long[..9], &long[9..]]),
        (wire::REPLY_PIECE, &[&request[..9], &request[9..]]),
        (wire::CALL_PIECE, &[&cancel]),
        (wire::CALL_PIECE, &[&nested]),
    ];
    for (kind, pieces) in cases {
        let session = unattended();
        let mut inflow = Inflow::new(Instant::now());
        let read = pieces.iter().try_for_each(|piece| {
            let mut frame = Vec::new();
            record(kind, &mut frame, |out| out.extend_from_slice(piece));
            inflow.receive(&session, &frame.into(), Instant::now(), &mut task())
        });
        assert!(read.is_err(), "{kind} {pieces:?}");
        assert_eq!(session.held(), 0);
    }
}

#[test]
fn an_empty_header_is_small() {
    let mut out = Vec::new();
    call(&Given::default(), b"", Some(Correlation { index: 100, generation: 100 }), &mut out);
    assert!(out.len() <= 22, "{} bytes", out.len());
}

#[test]
fn lengths_are_believed_only_within_the_frame_and_the_limit() {
    for length in [0, 100, LIMIT as u32 * 2, u32::MAX] {
        let mut frame = length.to_le_bytes().to_vec();
        frame.extend_from_slice(&[wire::VALUE, 1, 1]);
        assert!(wire::records(&Bytes::from(frame), LIMIT).next().unwrap().is_err(), "{length}");
    }
}

#[tokio::test]
async fn an_unreadable_header_costs_its_call_and_an_unreadable_frame_the_link() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let (at_a, at_b) = (a.links.session(b.peer.key).unwrap(), b.links.session(a.peer.key).unwrap());
    let held = a.start(&b, HOLD, b"x");
    until("the call to arrive", || lock(&b.services.held).len() == 1).await;

    // A call whose header is nonsense, from a slot that waits.
    let name = at_a.callers.insert(0, None).unwrap().1;
    let mut frame = Vec::new();
    record(wire::CALL, &mut frame, |out| {
        name.put(out);
        out.extend_from_slice(&[0xff; 20]);
    });
    Inflow::new(Instant::now()).receive(&at_b, &Bytes::from(frame), Instant::now(), &mut task()).unwrap();
    let answer = std::future::poll_fn(|cx| at_a.callers.part(name).poll(name, &mut false, cx));
    let failure = failure(soon("the error reply", answer).await);
    assert!(matches!(failure, Failure::NotExecuted(RefusedReason::Undecodable(_))), "{failure:?}");
    assert!(a.links.is_up(b.peer.key));

    // A frame that is nonsense, sent for real.
    {
        let calls = &mut lock(&at_a.outbox).calls;
        let start = wire::open(63, calls.open());
        wire::seal(start, calls.open());
        calls.push(start);
    }
    drop(a.start(&b, ECHO, b"x"));
    super::support::failure(soon("the outcome", held).await);
    until("the link to be down", || b.services.events().len() == 2).await;
    assert!(b.services.events()[1].contains("unknown kind"), "{:?}", b.services.events());
}
