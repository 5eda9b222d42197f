//! What the registry holds of offices: who is the master, under its node's lease; and the highest epoch, which outlives every lease.

use serde::Deserialize;

use super::{change::ClusterChange, master::Written};
use crate::{
    office::OfficeName,
    registry::{Event, KeyValue},
};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Master,
    Epoch,
}

/// Where the master of an office is written.
pub(crate) fn master_key(cluster: &str, office: &OfficeName) -> String {
    format!("/ember/{cluster}/masters/{}", place(office))
}

/// Where its highest epoch is.
pub(crate) fn epoch_key(cluster: &str, office: &OfficeName) -> String {
    format!("/ember/{cluster}/epochs/{}", place(office))
}

/// What an event says of an office; nothing if it is about something else, or cannot be read.
pub(crate) fn office_change(event: &Event, prefix: &str) -> Option<ClusterChange> {
    let (key, entry) = match event {
        Event::Put(entry) => (&entry.key, Some(entry)),
        Event::Delete { key, .. } => (key, None),
    };
    let (of, office) = read_key(key, prefix)?;
    Some(match (of, entry) {
        (Of::Master, None) => ClusterChange::Master(office, None),
        (Of::Master, Some(entry)) => ClusterChange::Master(office, Some(read(entry)?)),
        (Of::Epoch, None) => ClusterChange::Epoch(office, None),
        (Of::Epoch, Some(entry)) => ClusterChange::Epoch(office, Some(read(entry)?)),
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

fn read_key(key: &str, prefix: &str) -> Option<(Of, OfficeName)> {
    let (of, rest) = key.strip_prefix(prefix)?.split_once('/')?;
    let of = match of {
        "masters" => Of::Master,
        "epochs" => Of::Epoch,
        _ => return None,
    };
    let mut parts = rest.split('/');
    let (server, name, id) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    parts.next().is_none().then(|| (of, OfficeName::new(server, &unescaped(name), &unescaped(id))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_is_found_by_its_key_whatever_its_name_and_id_are() {
        for (name, id) in [("ledger", "ledger"), ("a/b", "c%2Fd"), ("100%", "%25/%2F"), ("ü x", "//")] {
            let office = OfficeName::new(7, name, id);
            let keys = [(Of::Master, master_key("c", &office)), (Of::Epoch, epoch_key("c", &office))];
            for (of, key) in keys {
                assert_eq!(read_key(&key, "/ember/c/"), Some((of, office.clone())), "{key}");
            }
        }
        for key in
            ["/ember/c/masters/7/a", "/ember/c/masters/x/a/b", "/ember/c/masters/7/a/b/c", "/ember/c/nodes/7/a/b"]
        {
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
