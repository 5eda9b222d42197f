//! What nodes say to each other of events.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{call::Question, event::local::Want, id::MethodId, message::whole};

/// Of so many streams the last number is told at once at most.
pub(super) const MOST_STREAMS: usize = 4096;
/// So many items go at once at most: a mailbox takes so many.
pub(super) const AT_ONCE: usize = 256;

/// What the subscribers of a node want of another. All of it: what is not named any more is not wanted any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Announce {
    /// One that has a lower number than another was made before it.
    pub(crate) number: u64,
    /// The server id of the node.
    pub(crate) server: u32,
    pub(crate) wanted: Vec<Wanted>,
}

/// Of one type of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) event: u64,
    pub(crate) name: String,
    pub(crate) fingerprint: u64,
    /// For people; nothing, if it was said before over this link.
    pub(crate) structure: Option<String>,
    pub(crate) want: Want,
}

impl Question for Announce {
    type Answer = Heard;

    const ID: MethodId = MethodId::of("ember: wanted events");
}

/// What the other makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// Types that have another structure there, which is this: nothing of them is sent.
    pub(crate) others: Vec<(u64, String)>,
}

/// Events for the subscribers of another node, in the order in which they were published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// Which they belong to.
    pub(crate) streams: Vec<StreamName>,
    pub(crate) items: Vec<Item>,
    /// The bytes of all items, one after the other.
    #[serde(with = "whole")]
    pub(crate) bytes: Bytes,
    /// The last numbers of streams whose last events are not sent.
    pub(crate) last: Vec<(u32, u64)>,
}

/// The events of one type and scope, of one publisher, for one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct StreamName {
    pub(crate) event: u64,
    /// They go to the whole cluster; otherwise to the server id of their receiver.
    pub(crate) cluster: bool,
    /// How often the receiver has begun to want them.
    pub(crate) generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// Which of the streams of its batch.
    pub(crate) stream: u32,
    /// Which of its stream: 1, 2, 3, … 0 for the last one from before.
    pub(crate) number: u64,
    /// The service that has published it.
    pub(crate) service: Option<u64>,
    /// How many bytes it has.
    pub(crate) length: u32,
}

impl Batch {
    /// Whether a node of this cluster would have made it: nothing larger is looked at.
    pub(crate) fn is_fair(&self) -> bool {
        let (items, streams, last) = (self.items.len(), self.streams.len(), self.last.len());
        items <= AT_ONCE && last <= streams && streams <= items + last && last <= MOST_STREAMS
    }
}

impl Question for Batch {
    type Answer = Taken;

    const ID: MethodId = MethodId::of("ember: events");
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    /// How many take each of its streams.
    pub(crate) takers: Vec<u32>,
    /// Items that not all have taken, and how many mailboxes were full.
    pub(crate) full: Vec<(u32, u32)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{decode, encode};

    fn hex(value: &impl Serialize) -> String {
        let mut out = Vec::new();
        encode(value, &mut out).expect("it is written");
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// As they stand here they travel between this release and the one before: a question that changes gets another id.
    #[test]
    fn what_nodes_say_of_events_is_written_as_in_the_release_before() {
        let ids = [Announce::ID, Batch::ID].map(|id| format!("{:08x}", id.0));
        assert_eq!(ids, ["dc95f2c1", "22827fff"]);
        let want = Want { server: 1, cluster: 2, retain: 1 };
        let wanted = Wanted { event: 300, name: "Rain".into(), fingerprint: 4, structure: Some("u32".into()), want };
        let batch = Batch {
            streams: vec![StreamName { event: 300, cluster: true, generation: 1 }],
            items: vec![Item { stream: 0, number: 7, service: Some(3), length: 2 }],
            bytes: Bytes::from_static(&[8, 9]),
            last: vec![(0, 9)],
        };
        let said = [
            hex(&Announce { number: 5, server: 3, wanted: vec![wanted] }),
            hex(&Heard { others: vec![(300, "u64".into())] }),
            hex(&batch),
            hex(&Taken { takers: vec![2], full: vec![(0, 1)] }),
        ];
        let recorded = [
            "050301ac02045261696e040103753332010201",
            "01ac0203753634",
            "01ac020101010007010302020809010009",
            "0102010001",
        ];
        assert_eq!(said, recorded);
        let mut bytes = Vec::new();
        encode(&batch, &mut bytes).unwrap();
        assert_eq!(decode::<Batch>(&bytes).unwrap(), batch);
        assert!(batch.is_fair());
        assert!(!Batch { items: vec![batch.items[0]; AT_ONCE + 1], ..batch.clone() }.is_fair());
        assert!(!Batch { last: vec![(0, 1); 2], ..batch }.is_fair());
    }
}
