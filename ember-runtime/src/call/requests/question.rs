//! What nodes ask each other, not their services.

use std::time::Duration;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    actor::{AnyCell, DownReason},
    id::{Epoch, MethodId, Pid},
    message::{Ask, Items, Reach, Stored},
    replica::{Answer, Batch, Far, Fingerprints, InSync, Member, Point, Record},
};

/// Something that a node is asked. Each has an id of its own: a node that does not know one says so.
pub(crate) trait Question: Serialize + DeserializeOwned + Send + Sync + 'static {
    type Answer: Serialize + DeserializeOwned + Send + 'static;

    const ID: MethodId;
}

/// To be told how the service of this number ends, once it has.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EndOf {
    pub(crate) service: u64,
    /// It was asked before, by a link that is gone, and the answer with it.
    pub(crate) again: bool,
}

impl Question for EndOf {
    type Answer = DownReason;

    const ID: MethodId = MethodId::of("ember: end of");
}

/// What a method of the service of this number is; nothing, if it has none that other nodes may call. Or the [names](Self::NAMES) of those
/// that it has.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Describe {
    pub(crate) service: u64,
    pub(crate) method: MethodId,
}

impl Question for Describe {
    /// As JSON, which another version of Ember can read too.
    type Answer = Option<String>;

    const ID: MethodId = MethodId::of("ember: describe");
}

impl Describe {
    /// Asks for the names of all methods that other nodes may call. A node that does not know it has no such method.
    pub(crate) const NAMES: MethodId = MethodId::of("ember: names of methods");

    pub(crate) fn answer(cell: &dyn AnyCell, method: MethodId) -> Option<String> {
        if method == Self::NAMES {
            let all = cell.methods();
            let names: Vec<_> =
                all.iter().filter(|(_, info, ..)| info.reach == Reach::Cluster).map(|(_, _, name, _)| name).collect();
            return serde_json::to_string(&names).ok();
        }
        serde_json::to_string(&cell.describe(method)?).ok()
    }
}

/// For more items of the stream of this number. The answer waits until there are some, but not for long.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct More {
    pub(crate) stream: u64,
    pub(crate) ask: Ask,
}

impl Question for More {
    type Answer = Items;

    const ID: MethodId = MethodId::of("ember: more of a stream");
}

/// To forget the stream of this number: nobody reads it any more.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CloseStream {
    pub(crate) stream: u64,
}

impl Question for CloseStream {
    type Answer = ();

    const ID: MethodId = MethodId::of("ember: close a stream");
}

/// What a master has for another member of its group, the service of this number.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Replicate {
    pub(crate) service: u64,
    pub(crate) types: Fingerprints,
    pub(crate) batch: Batch,
}

impl Question for Replicate {
    /// Nothing, if there is no such member.
    type Answer = Option<Answer>;

    const ID: MethodId = MethodId::of("ember: replicate");
}

/// A master asks the service of this number, another member of its group: to take no office for so long.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Promise {
    pub(crate) service: u64,
    pub(crate) from: Member,
    pub(crate) epoch: Epoch,
    pub(crate) lasts: Duration,
}

impl Question for Promise {
    /// As whom it promises that; nothing if it does not.
    type Answer = Option<Member>;

    const ID: MethodId = MethodId::of("ember: promise");
}

/// To learn the state of its group from another member.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LearnFrom {
    pub(crate) service: u64,
    pub(crate) source: Pid,
    /// Of no earlier state than after this record.
    pub(crate) least: u64,
    /// The master who says so, its epoch, and its set.
    pub(crate) from: Member,
    pub(crate) epoch: Epoch,
    pub(crate) set: InSync,
}

impl Question for LearnFrom {
    /// What the master is to know when it has learnt; nothing if it has not.
    type Answer = Option<Answer>;

    const ID: MethodId = MethodId::of("ember: learn from");
}

/// For a part of the state of a replicated service.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PieceOf {
    pub(crate) service: u64,
    /// Of which picture of the state; nothing for a new one.
    pub(crate) picture: Option<u64>,
    pub(crate) offset: u64,
    /// How many bytes at most.
    pub(crate) most: u64,
    /// Of no earlier state than after this record.
    pub(crate) least: u64,
}

impl Question for PieceOf {
    /// Nothing, if there is no such picture any more.
    type Answer = Option<Piece>;

    const ID: MethodId = MethodId::of("ember: piece of a state");
}

/// How far a member of a replicated group is, the service of this number.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HowFar {
    pub(crate) service: u64,
    /// Who asks, if that is another member: its master may know it as the one that it was, with a state that it has dropped since.
    pub(crate) asks: Option<Member>,
}

impl Question for HowFar {
    /// Nothing, if there is no such member.
    type Answer = Option<Far>;

    const ID: MethodId = MethodId::of("ember: how far");
}

/// A part of a state, as it was at a point of its log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub(crate) picture: u64,
    pub(crate) at: Point,
    /// The bytes of the whole.
    pub(crate) total: u64,
    pub(crate) bytes: Vec<u8>,
}

/// What became of a call that the node who asks has made, under this number, to the group of the service of this number, which is its master.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OutcomeOf {
    pub(crate) service: u64,
    pub(crate) call: u64,
}

impl Question for OutcomeOf {
    /// Nothing, if it is not the master, or does not know what will become of it.
    type Answer = Option<Stored>;

    const ID: MethodId = MethodId::of("ember: outcome of");
}

/// For what the group of a replicated service has acknowledged. The answer waits until there is something, but not for long.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntriesOf {
    pub(crate) service: u64,
    /// The fingerprint of its entries, as who asks knows them; that of its state, if that is to be the same too.
    pub(crate) entry: u64,
    pub(crate) state: Option<u64>,
    /// After which record, and whether that is known whole: otherwise it is asked for too. Nothing: which is the last?
    pub(crate) after: Option<(Point, bool)>,
    /// An epoch of the group that who asks has heard of.
    pub(crate) known: Epoch,
    /// About so many bytes at most.
    pub(crate) most: u64,
}

impl Question for EntriesOf {
    /// Nothing, if there is no such service, or too many ask.
    type Answer = Option<Entries>;

    const ID: MethodId = MethodId::of("ember: entries of a group");
}

/// What a member of a group tells its followers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Entries {
    /// These records, the first of which has this index. None: nothing has come so far.
    Next { first: u64, records: Vec<Record> },
    /// This is the last record.
    Last(Point),
    /// What it keeps begins after this record. `surely`: the master says so.
    Begins { base: Point, surely: bool },
    /// The group goes on after this record, without what was asked for.
    Undone { shared: Point },
    /// It does not know what its group has.
    Behind,
    /// Its entries, or its state, are of another structure.
    OtherTypes,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{Incarnation, NodeId, NodeKey},
        message::{Ask, Items, StreamError, Ticket, encode},
    };

    fn hex(value: &impl Serialize) -> String {
        let mut out = Vec::new();
        encode(value, &mut out).expect("it is written");
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// As they stand here they travel between this release and the one before: a question that changes gets another id.
    #[test]
    fn questions_are_written_as_in_the_release_before() {
        let ids = [EndOf::ID, Describe::ID, More::ID, CloseStream::ID].map(|id| format!("{:08x}", id.0));
        assert_eq!(ids, ["4a9f1c39", "6c835b97", "11958068", "16714774"]);
        let ask = Ask { from: 300, used: 2, room: 3, bytes: 4 };
        let ticket = Ticket { node: NodeKey { id: NodeId(1), incarnation: Incarnation(2) }, number: 3, ahead: 4 };
        let end = Some(Err(StreamError::Lost("text".into())));
        let said = [
            hex(&EndOf { service: 300, again: true }),
            hex(&DownReason::Stopped),
            hex(&Describe { service: 300, method: MethodId(5) }),
            hex(&Some("text")),
            hex(&More { stream: 300, ask }),
            hex(&Items { count: 2, bytes: vec![1, 2, 3], end, over: true }),
            hex(&Items { end: Some(Ok(())), ..Items::default() }),
            hex(&CloseStream { stream: 300 }),
            hex(&ticket),
            hex(&HowFar { service: 300, asks: None }),
            hex(&Some(Far { epoch: Epoch(7), version: 2, leads: Some((Epoch(6), 300)), changes: false, acts: true })),
        ];
        let recorded = [
            "ac0201",
            "00",
            "ac0205",
            "010474657874",
            "ac02ac02020304",
            "020301020301070102047465787401",
            "000001010000",
            "ac02",
            "01020304",
            "ac0200",
            "0107020106ac020001",
        ];
        assert_eq!(said, recorded);
    }
}
