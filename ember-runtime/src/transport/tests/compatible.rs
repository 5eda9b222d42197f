//! Two releases that follow each other can talk. `wire-4.txt` holds, as bytes, what nodes of version 4 of the link protocol say to each
//! other: as long as that is the release before, or this one, it must be read as what it meant, and written so to those who speak it.
//!
//! `EMBER_WIRE=write` records what is new, in the file of the present `VERSION`; it changes nothing that is recorded. (As long as a version
//! has not been released its file may be emptied, and recorded anew.)

use std::{collections::BTreeMap, env, fmt::Debug, fs, sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use super::support::*;
use crate::{
    actor::Load,
    error::{LostReason, RefusedReason},
    id::{CallNumber, Epoch, GroupKey, Pid},
    message::{Beside, Chain, Envelope, Keys, Reading, Stamp},
    rng::Rng,
    transport::{
        entrance::{
            Additions, Capabilities, Grant, Greeting, Hello, Refusal, Token, VERSION, Versions, Welcome, hello,
        },
        protocol::{Claim, Clock, Correlation, KeyPair, Nonces, OutCall, Reads, Record, Signed, header, wire},
        stream::{ControlMessage, WireFailure, control, report},
    },
};

/// By version, from the oldest that this release speaks.
const RECORDED: [(u16, &str); 1] = [(4, include_str!("wire-4.txt"))];

/// What is said, by its name.
#[derive(Default)]
struct Said(BTreeMap<String, Vec<u8>>);

impl Said {
    /// A value that is written and read by postcard.
    fn add<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, value: &T) {
        let bytes = control::encode(value).to_vec();
        assert_eq!(postcard::from_bytes::<T>(&bytes).as_ref(), Ok(value), "{name}");
        if let Some(recorded) = recorded().get(name) {
            assert_eq!(postcard::from_bytes::<T>(recorded).as_ref(), Ok(value), "{name}, as it is recorded");
        }
        self.0.insert(name.into(), bytes);
    }

    fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.insert(name.into(), bytes);
    }
}

fn recorded() -> BTreeMap<&'static str, Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("hex");
    let line = |line: &'static str| {
        let (name, hex) = line.split_once(": ")?;
        Some((name, hex.as_bytes().chunks(2).map(byte).collect()))
    };
    RECORDED.iter().flat_map(|(_, text)| text.lines()).filter_map(line).collect()
}

fn text() -> String {
    "text".into()
}

fn pid() -> Pid {
    Pid { node: key(1, 2), number: 3 }
}

fn hellos(said: &mut Said) {
    let grant = Grant { max_message: 1 << 20, credit: 1 << 21 };
    let (capabilities, more) = (Capabilities::of([1]), Additions::default());
    said.put("opening", hello::put_opening(&[7; 32]).to_vec());
    let greeting = Greeting { version: 4, nonce: [8; 32], signature: vec![9; 64], more: more.clone() };
    said.add("greeting", &Ok::<_, Refusal>(greeting));
    let nonces = Nonces { version: 4, dialler: [7; 32], acceptor: [8; 32] };
    let signature = KeyPair::new(&Rng::from_seed(1)).sign(&nonces, Claim::Hello, &[b"ab", b"c"]);
    said.put("signature of a hello", signature);
    said.add("signed", &Signed { body: vec![1, 2], signature: vec![3; 64] });
    let (from, endpoint, expected) = (key(1, 2), "a:1".parse().expect("an address"), key(3, 4));
    let hello = Hello {
        cluster: "test".into(),
        from,
        endpoint,
        expected,
        dial: 5,
        grant,
        versions: Versions { newest: 4, oldest: 4 },
        capabilities: capabilities.clone(),
        more: more.clone(),
    };
    said.add("hello", &hello);
    said.add("welcome", &Welcome { from, session: Token([6; 16]), dial: 7, grant, capabilities, more });
    let refusals = [
        Refusal::Unreadable,
        Refusal::Version { ours: 4 },
        Refusal::Cluster { ours: text() },
        Refusal::WrongNode { actual: key(1, 2) },
        Refusal::Stale { newest: key(1, 2).incarnation },
        Refusal::DialInProgress,
        Refusal::Superseded,
        Refusal::ShuttingDown,
        Refusal::Unproven,
        Refusal::Denied { reason: text() },
    ];
    for (number, refusal) in refusals.into_iter().enumerate() {
        said.add(&format!("refusal {number}"), &Err::<(), _>(refusal));
    }
}

fn messages(said: &mut Said) {
    let notice = vec![(WireFailure::Refused(RefusedReason::Paused), 2)];
    let all = [
        ControlMessage::Ping,
        ControlMessage::Credit(300),
        ControlMessage::Notice(notice),
        ControlMessage::Goodbye(text()),
        ControlMessage::Done,
        ControlMessage::Added(7, b"more".to_vec()),
    ];
    for (number, message) in all.iter().enumerate() {
        said.add(&format!("control {number}"), message);
    }
    let busy = report::write(&[(3, Load::new(1, 300)), (400, Load::new(0, 1))]);
    said.add("report", &ControlMessage::Added(report::REPORT, busy));
    use RefusedReason as R;
    let refused = [
        R::NoTarget(text()),
        R::MailboxFull { limit: 1 },
        R::LinkFull { limit: 1 },
        R::Paused,
        R::Retiring,
        R::Stopped,
        R::SignatureMismatch { caller: text(), callee: text() },
        R::Cycle(text()),
        R::Expired,
        R::Denied { by: text(), reason: text() },
        R::ModuleBusy(text()),
        R::UnknownMethod,
        R::Private,
        R::TooLarge { size: 2, limit: 1 },
        R::Unreachable(text()),
        R::Undecodable(text()),
        R::CallerGone,
        R::NodeClosed,
        R::NoModule { module: text(), key: text() },
        R::RuntimeEnded,
        R::TooMuchBeside(text()),
        R::Starting,
        R::NotChosen(text()),
        R::Unknown,
        R::NotByName(text()),
        R::NotMaster { epoch: 7, master: Some(pid()) },
        R::NoMaster(text()),
        R::BreakerOpen(text()),
        R::NotOnce(text()),
        R::TooManyOnce { limit: 1 },
        R::TooManyCallers { limit: 1 },
        R::Behind,
        R::TooFewInSync { in_sync: 1, needed: 2 },
        R::LogFull { limit: 1 },
    ];
    for (number, reason) in refused.into_iter().enumerate() {
        said.add(&format!("refused {number}"), &WireFailure::Refused(reason));
    }
    use LostReason as L;
    let lost = [
        L::Deadline,
        L::LinkLost(text()),
        L::Panicked(text()),
        L::NoReply,
        L::ReplyTooLarge { size: 2, limit: 1 },
        L::Undecodable(text()),
        L::RuntimeEnded,
        L::Unknown,
        L::Deposed { epoch: 7 },
        L::Forgotten,
        L::TooManyRepeats { limit: 1 },
        L::Unfinished,
        L::NothingCommitted,
    ];
    for (number, reason) in lost.into_iter().enumerate() {
        said.add(&format!("lost {number}"), &WireFailure::Lost(reason));
    }
}

/// The envelope of a call with everything.
fn rich(born: Instant) -> Given {
    let headers = [("user".to_owned(), "ada".to_owned())].into();
    let extensions = [("trace".to_owned(), vec![7; 25])].into();
    let envelope = Envelope {
        key: Some(6),
        chain: Some(Chain::told(pid(), "bank.rpc_pay", None)),
        beside: Some(Arc::new(Beside { headers, extensions, ..Beside::default() })),
        keys: Keys::from_bytes(&[1, 2, 3]),
        ..Envelope::default()
    };
    Given { envelope, ..Given::by(born + Duration::from_secs(5)) }
}

fn record(kind: u8, put: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    let start = wire::open(kind, &mut out);
    put(&mut out);
    wire::seal(start, &mut out);
    out
}

fn records(said: &mut Said) {
    let (born, name) = (Instant::now(), Correlation { index: 70_000, generation: 9 });
    let call = |target, fingerprint, given: &Given, correlation: Option<Correlation>| {
        record(if correlation.is_some() { wire::CALL } else { wire::SEND }, |out| {
            correlation.into_iter().for_each(|name| name.put(out));
            let (put_args, one_way) = (&mut |_: &mut Vec<u8>| Ok(()), correlation.is_none());
            let call = OutCall { fingerprint, ..given.call(target, put_args, one_way) };
            header::put(&call, born, Reads { extensions: true, once: true }, out).expect("it fits");
            out.extend_from_slice(b"args");
        })
    };
    said.put("record call", call(300, None, &Given::default(), Some(name)));
    said.put("record send", call(300, None, &Given::default(), None));
    let stamp = Stamp { caller: 9, deadline: None };
    said.put("record send of a handler", call(300, None, &Given { stamp, ..Given::default() }, None));
    said.put("record call rich", call(u64::MAX, Some(5), &rich(born), Some(name)));
    let for_master = Envelope { epoch: Some(Epoch(7)), ..Envelope::default() };
    said.put(
        "record call of a master",
        call(300, None, &Given { envelope: for_master, ..Given::default() }, Some(name)),
    );
    let once = Envelope { once: Some(8), ..Envelope::default() };
    let reading = Some(Reading { seen: (Epoch(7), 300), within: Some(Duration::from_millis(2)) });
    let reads = Envelope { reading, ..Envelope::default() };
    said.put("record call reads", call(300, None, &Given { envelope: reads, ..Given::default() }, Some(name)));
    said.put("record call once", call(300, None, &Given { envelope: once, ..Given::default() }, Some(name)));
    let numbered = Envelope {
        call: Some(CallNumber { by: None, number: 9, lowest: 6 }),
        epoch: Some(Epoch(7)),
        ..Envelope::default()
    };
    said.put("record call numbered", call(300, None, &Given { envelope: numbered, ..Given::default() }, Some(name)));
    let owed = CallNumber { by: Some((GroupKey { group: 3, lane: 4 }, Epoch(5))), number: 9, lowest: 9 };
    let owed = Envelope { call: Some(owed), ..Envelope::default() };
    said.put("record call owed", call(300, None, &Given { envelope: owed, ..Given::default() }, Some(name)));
    let all =
        Given { envelope: Envelope { once: Some(8), epoch: Some(Epoch(7)), ..rich(born).envelope }, ..rich(born) };
    said.put("record call with everything", call(u64::MAX, Some(5), &all, Some(name)));
    let answers = [("value", wire::VALUE), ("app", wire::APP), ("failure", wire::FAILURE)];
    for (what, kind) in answers {
        said.put(
            &format!("record {what}"),
            record(kind, |out| {
                name.put(out);
                out.extend_from_slice(b"answer");
            }),
        );
    }
    said.put("record cancel", record(wire::CANCEL, |out| name.put(out)));
    said.put("record piece of a call", record(wire::CALL_PIECE, |out| out.extend_from_slice(b"piece")));
    said.put("record piece of a reply", record(wire::REPLY_PIECE, |out| out.extend_from_slice(b"piece")));
    said.put("record clock", record(wire::CLOCK, |out| out.extend_from_slice(&7_u64.to_le_bytes())));
}

#[test]
fn the_wire_of_the_release_before_is_read_and_written() {
    let mut said = Said::default();
    hellos(&mut said);
    messages(&mut said);
    records(&mut said);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let recorded = recorded();
    for (name, bytes) in &recorded {
        let now = said.0.get(*name).unwrap_or_else(|| panic!("`{name}` is not said any more, and may still be heard"));
        assert_eq!(hex(now), hex(bytes), "`{name}` is written otherwise: nodes of the release before cannot read it");
    }
    if env::var_os("EMBER_WIRE").is_some_and(|it| it == "write") {
        let path = format!("{}/src/transport/tests/wire-{VERSION}.txt", env!("CARGO_MANIFEST_DIR"));
        let lines = said.0.iter().map(|(name, bytes)| format!("{name}: {}\n", hex(bytes)));
        return fs::write(path, lines.collect::<String>()).expect("it can be written");
    }
    for name in said.0.keys() {
        assert!(
            recorded.contains_key(&**name),
            "`{name}` is new: is it skipped by whoever does not know it? Then record it"
        );
    }
    let versions = RECORDED.map(|(version, _)| version);
    assert!(versions.into_iter().eq(Versions::OURS.oldest..=VERSION), "each version that is spoken has a file");
}

#[test]
fn the_calls_of_the_release_before_are_understood() {
    let recorded = recorded();
    let here = Instant::now();
    let read = |name: &str| {
        let frame = recorded[name].clone().into();
        let record = wire::records(&frame, 1 << 20).next().expect("a record").expect("it is read");
        let Record::Call { body, correlation, .. } = record else { panic!("{name} is a call, not {record:?}") };
        let header = header::get(&frame[body.clone()], Clock { there: 0, here }).expect("its header is read");
        (correlation, header::target(&frame[body.clone()]), frame.slice(body.start + header.size..), header)
    };
    let (correlation, target, args, header) = read("record call");
    assert_eq!(correlation, Some(Correlation { index: 70_000, generation: 9 }));
    assert_eq!((target, &args[..], header.method), (300, &b"args"[..], METHOD));
    assert!(header.fingerprint.is_none() && header.stamp.deadline.is_none() && header.envelope.is_none());
    assert_eq!(read("record send").0, None);
    assert_eq!(read("record send of a handler").3.stamp.caller, 9);
    let (_, target, args, header) = read("record call once");
    assert_eq!((target, &args[..], header.envelope.and_then(|envelope| envelope.once)), (300, &b"args"[..], Some(8)));
    let (_, target, args, header) = read("record call numbered");
    let call = header.envelope.and_then(|envelope| envelope.call);
    assert_eq!((target, &args[..], call), (300, &b"args"[..], Some(CallNumber { by: None, number: 9, lowest: 6 })));
    let owed = read("record call owed").3.envelope.and_then(|envelope| envelope.call);
    assert_eq!(owed.and_then(|call| call.by), Some((GroupKey { group: 3, lane: 4 }, Epoch(5))));
    let (_, target, args, header) = read("record call with everything");
    let envelope = header.envelope.expect("an envelope");
    assert_eq!((target, &args[..], envelope.once, envelope.epoch), (u64::MAX, &b"args"[..], Some(8), Some(Epoch(7))));
    let (_, target, args, header) = read("record call rich");
    assert_eq!((target, &args[..], header.fingerprint), (u64::MAX, &b"args"[..], Some(5)));
    assert_eq!((header.stamp.caller, header.stamp.deadline), (pid().number, Some(here + Duration::from_secs(5))));
    let (came, sent) = (header.envelope.expect("an envelope"), rich(here).envelope);
    assert_eq!((came.key, &came.beside, came.keys.bytes()), (sent.key, &sent.beside, sent.keys.bytes()));
    let links: Vec<_> = came.chain.iter().flat_map(Chain::links).map(|link| (link.pid, link.place())).collect();
    assert_eq!(links, [(pid(), "bank.rpc_pay")]);
}

#[test]
fn a_peer_that_does_not_know_the_ids_of_calls_is_never_asked_to_run_one() {
    let given = Given { envelope: Envelope { once: Some(8), ..Envelope::default() }, ..Given::default() };
    let put = |once| {
        let put_args = &mut |_: &mut Vec<u8>| Ok(());
        header::put(
            &given.call(300, put_args, false),
            Instant::now(),
            Reads { extensions: true, once },
            &mut Vec::new(),
        )
    };
    assert_eq!(put(true), Ok(()));
    assert!(matches!(put(false), Err(RefusedReason::NotOnce(_))));
    // And what is behind a further flag of a later release is not taken for something else.
    let header = |further: u8| [&[128_u8, 1, 1, 1, 1, 44, 1, 0, 0, further][..], &8_u64.to_le_bytes()].concat();
    let read = |further| header::get(&header(further), Clock { there: 0, here: Instant::now() });
    assert_eq!(read(1).expect("it is read").envelope.and_then(|envelope| envelope.once), Some(8));
    assert!(read(17).unwrap_err().contains("unknown flags"));
    assert!(read(3).unwrap_err().contains("too short"));
}

#[test]
fn what_a_later_release_adds_is_skipped() {
    // Messages and records of kinds that may be skipped; others are refused.
    let added = |kind: u32| postcard::to_stdvec(&(kind, 7_u16, b"more".to_vec())).expect("it is written");
    assert_eq!(control::decode(&added(5)), Ok(Some(ControlMessage::Added(7, b"more".to_vec()))));
    assert!(control::decode(&added(6)).is_err());
    let records =
        |kind| [record(kind, |out| out.push(1)), record(wire::CLOCK, |out| out.extend([7, 0, 0, 0, 0, 0, 0, 0]))];
    let read = |kind| wire::records(&records(kind).concat().into(), 1 << 20).collect::<Result<Vec<_>, _>>();
    assert_eq!(read(64), Ok(vec![Record::Skipped, Record::Clock(7)]));
    assert!(read(63).is_err());
    // An opening with the versions that both have, and more behind it.
    let opening =
        |newest: u16, oldest: u16| [&newest.to_le_bytes()[..], &[7; 32], &oldest.to_le_bytes(), b"more"].concat();
    assert_eq!(hello::get_opening(&opening(VERSION + 1, VERSION)), Ok((VERSION, [7; 32])));
    assert_eq!(hello::get_opening(&opening(VERSION, VERSION - 1)), Ok((VERSION, [7; 32])));
    assert!(hello::get_opening(&opening(VERSION + 2, VERSION + 1)).is_err());
    assert_eq!(Versions::OURS.newest, VERSION);
}
