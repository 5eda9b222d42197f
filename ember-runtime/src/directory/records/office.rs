//! What the registry holds of offices: who is the master, under its node's lease; and what outlives every lease: the highest epoch, and what
//! the members of a replicated group claim.

use serde::Deserialize;

use super::{
    change::ClusterChange,
    claim::{read_member, write_member},
    master::Written,
};
use crate::{
    office::OfficeName,
    registry::{Event, KeyValue},
    replica::Member,
};

/// What a key says of an office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OfficePart {
    Master,
    Epoch,
    /// The round that claims answer.
    Round,
    Claim(Member),
}

/// Where the master of an office is written.
pub(crate) fn master_key(cluster: &str, office: &OfficeName) -> String {
    format!("/ember/{cluster}/masters/{}", place(office))
}

/// Where its highest epoch is.
pub(crate) fn epoch_key(cluster: &str, office: &OfficeName) -> String {
    format!("/ember/{cluster}/epochs/{}", place(office))
}

/// Where the round is that claims to it answer.
pub(crate) fn round_key(cluster: &str, office: &OfficeName) -> String {
    format!("/ember/{cluster}/claims/{}/round", place(office))
}

/// Where the claim of one member is.
pub(crate) fn claim_key(cluster: &str, office: &OfficeName, by: Member) -> String {
    format!("/ember/{cluster}/claims/{}/{}", place(office), write_member(by))
}

impl OfficePart {
    /// That the registry has nothing of it any more.
    pub(crate) fn gone(self, office: OfficeName) -> ClusterChange {
        match self {
            Self::Master => ClusterChange::Master(office, None),
            Self::Epoch => ClusterChange::Epoch(office, None),
            Self::Round => ClusterChange::Round(office, None),
            Self::Claim(by) => ClusterChange::Claim(office, by, None),
        }
    }
}

impl ClusterChange {
    /// What of which office it is about, if it is about one.
    pub(crate) fn office_part(&self) -> Option<(&OfficeName, OfficePart)> {
        match self {
            Self::Master(office, _) => Some((office, OfficePart::Master)),
            Self::Epoch(office, _) => Some((office, OfficePart::Epoch)),
            Self::Round(office, _) => Some((office, OfficePart::Round)),
            Self::Claim(office, by, _) => Some((office, OfficePart::Claim(*by))),
            _ => None,
        }
    }
}

/// What an event says of an office; nothing if it is about something else, or cannot be read.
pub(crate) fn office_change(event: &Event, prefix: &str) -> Option<ClusterChange> {
    let (key, entry) = match event {
        Event::Put(entry) => (&entry.key, Some(entry)),
        Event::Delete { key, .. } => (key, None),
    };
    let (part, office) = read_key(key, prefix)?;
    let Some(entry) = entry else { return Some(part.gone(office)) };
    Some(match part {
        OfficePart::Master => ClusterChange::Master(office, Some(read(entry)?)),
        OfficePart::Epoch => ClusterChange::Epoch(office, Some(read(entry)?)),
        OfficePart::Round => ClusterChange::Round(office, Some(read(entry)?)),
        OfficePart::Claim(by) => ClusterChange::Claim(office, by, Some(read(entry)?)),
    })
}

fn read<T: for<'a> Deserialize<'a>>(entry: &KeyValue) -> Option<Written<T>> {
    match serde_json::from_slice(&entry.value) {
        Ok(record) => Some(Written { record, modified: entry.modified }),
        Err(error) => {
            let key = &entry.key;
            tracing::warn!(target: "ember::cluster", %key, %error, "this entry of the registry could not be read: left out");
            None
        }
    }
}

/// `server/name/id`: a name or an id may have a `/`, which is escaped.
fn place(OfficeName { server, name, id }: &OfficeName) -> String {
    format!("{server}/{}/{}", escaped(name), escaped(id))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('/', "%2F")
}

fn unescaped(text: &str) -> String {
    text.replace("%2F", "/").replace("%25", "%")
}

fn read_key(key: &str, prefix: &str) -> Option<(OfficePart, OfficeName)> {
    let (of, rest) = key.strip_prefix(prefix)?.split_once('/')?;
    let mut parts = rest.split('/');
    let (server, name, id) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    let part = match (of, parts.next()) {
        ("masters", None) => OfficePart::Master,
        ("epochs", None) => OfficePart::Epoch,
        ("claims", Some("round")) => OfficePart::Round,
        ("claims", Some(member)) => OfficePart::Claim(read_member(member)?),
        _ => return None,
    };
    parts.next().is_none().then(|| (part, OfficeName::new(server, &unescaped(name), &unescaped(id))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId, NodeKey, Pid};

    #[test]
    fn an_office_is_found_by_its_key_whatever_its_name_and_id_are() {
        for (name, id) in [("ledger", "ledger"), ("a/b", "c%2Fd"), ("100%", "%25/%2F"), ("ü x", "//")] {
            let office = OfficeName::new(7, name, id);
            let node = NodeKey { id: NodeId(0xabc), incarnation: Incarnation(0x1f) };
            let by = Member { pid: Pid { node, number: 12 }, incarnation: 3 };
            let keys = [
                (OfficePart::Master, master_key("c", &office)),
                (OfficePart::Epoch, epoch_key("c", &office)),
                (OfficePart::Round, round_key("c", &office)),
                (OfficePart::Claim(by), claim_key("c", &office, by)),
            ];
            for (of, key) in keys {
                assert_eq!(read_key(&key, "/ember/c/"), Some((of, office.clone())), "{key}");
            }
        }
        for key in ["masters/7/a", "masters/x/a/b", "masters/7/a/b/c", "nodes/7/a/b", "claims/7/a/b"]
            .into_iter()
            .chain(["claims/7/a/b/c", "claims/7/a/b/round/1", "claims/7/a/b/1.2.3", "claims/7/a/b/1.2.3.4.5"])
            .map(|key| format!("/ember/c/{key}"))
        {
            let key = key.as_str();
            assert_eq!(read_key(key, "/ember/c/"), None, "{key}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        let key = master_key("c", &OfficeName::new(0, "a", "b"));
        let entry = |value: &'static str| KeyValue {
            key: key.clone(),
            value: value.into(),
            created: 1,
            modified: 3,
            lease: None,
        };
        assert!(office_change(&Event::Put(entry("{}")), "/ember/c/").is_none());
        assert!(matches!(
            office_change(&Event::Delete { key: key.clone(), revision: 4 }, "/ember/c/"),
            Some(ClusterChange::Master(_, None))
        ));
    }
}
