//! Whom a client is for, as data: it can be compared, logged, and sent.

use std::{collections::BTreeMap, fmt, hash::Hash, mem};

use serde::{Deserialize, Serialize};

use super::{
    choice::{Among, Choice, Chosen, Interest},
    key::Key,
};
use crate::{
    directory::instances::Instance,
    id::{NodeId, Pid},
    office::Role,
};

/// Filters and choice of a client. All filters must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
#[non_exhaustive]
pub struct Selector {
    /// What is called.
    pub interest: Interest,
    /// The name of the service.
    pub name: Option<String>,
    /// The id of the instance.
    pub id: Option<String>,
    /// The server id.
    pub server: Option<u32>,
    /// The node.
    pub node: Option<NodeId>,
    /// The kind.
    pub kind: Option<String>,
    /// A requirement on the version, as in a `Cargo.toml`.
    pub version: Option<semver::VersionReq>,
    /// Tags that must have these values.
    pub tags: BTreeMap<String, String>,
    /// Exactly this instance.
    pub pid: Option<Pid>,
    /// Which of the instances of an elected service.
    pub among: Among,
    /// The choice among those that match.
    pub choice: Choice,
}

/// A [`Selector`] as it is written: see [`Chosen`].
#[derive(Serialize, Deserialize)]
#[serde(rename = "Selector")]
struct Written {
    interest: Interest,
    name: Option<String>,
    id: Option<String>,
    server: Option<u32>,
    node: Option<NodeId>,
    kind: Option<String>,
    version: Option<semver::VersionReq>,
    tags: BTreeMap<String, String>,
    pid: Option<Pid>,
    choice: Chosen,
}

impl From<Selector> for Written {
    fn from(selector: Selector) -> Self {
        let Selector { interest, name, id, server, node, kind, version, tags, pid, among, choice } = selector;
        let choice = Chosen::new(among, choice);
        Self { interest, name, id, server, node, kind, version, tags, pid, choice }
    }
}

impl From<Written> for Selector {
    fn from(written: Written) -> Self {
        let Written { interest, name, id, server, node, kind, version, tags, pid, choice } = written;
        let (among, choice) = choice.read();
        Self { interest, name, id, server, node, kind, version, tags, pid, among, choice }
    }
}

impl Selector {
    /// Every instance of `interest`, in turn.
    pub fn new(interest: Interest) -> Self {
        Self {
            interest,
            name: None,
            id: None,
            server: None,
            node: None,
            kind: None,
            version: None,
            tags: BTreeMap::new(),
            pid: None,
            among: Among::default(),
            choice: Choice::default(),
        }
    }

    /// The same, placed by `key`.
    #[must_use]
    pub fn by_key(mut self, key: impl Into<Key>) -> Self {
        self.choice = Choice::ByKey(key.into().0);
        self
    }

    /// All that decides whom it finds. A key is no part of that, nor is a balancer's name: they say
    /// which of them, anew for each call.
    pub(crate) fn finds(&self) -> impl PartialEq + Hash {
        let Self { interest, name, id, server, node, kind, version, tags, pid, among, choice } = self;
        ((interest, name, id, server, node, kind), (version, tags, pid, among, mem::discriminant(choice)))
    }

    /// Whose balancer is asked with each call, if one is.
    pub(crate) fn balancer(&self) -> Option<&str> {
        match &self.choice {
            Choice::Named(name) if self.pid.is_none() => Some(name),
            _ => None,
        }
    }

    /// Whether `instance` (which is of the right interest) passes the filters.
    pub fn matches(&self, instance: &Instance) -> bool {
        self.fits(instance) && self.names(instance)
    }

    /// Whether its role is one that is asked for. Whoever names exactly one asks that one.
    pub(crate) fn fits(&self, instance: &Instance) -> bool {
        let Some(role) = instance.role().filter(|_| self.pid.is_none()) else { return true };
        match self.among {
            Among::All => true,
            Among::Master => role == Role::Master,
            Among::Slaves => role == Role::Slave,
        }
    }

    /// Whether it names `instance`, whatever its share of the calls is.
    pub(crate) fn addresses(&self, instance: &Instance) -> bool {
        let is_master = || self.among == Among::Master && instance.role() == Some(Role::Master);
        self.pid.is_some() || self.id.is_some() || is_master()
    }

    /// Whether another instance, which is the master, is not what is asked for.
    pub(crate) fn wants_no_master(&self) -> bool {
        self.pid.is_some() || self.among == Among::Slaves
    }

    /// Whether it is for those of one node, or for exactly one instance, whatever their roles are.
    pub(crate) fn names_some(&self) -> bool {
        self.wants_no_master() || self.node.is_some() && self.among == Among::All
    }

    /// Whether it passes the other filters.
    pub(crate) fn names(&self, instance: &Instance) -> bool {
        fn holds<T: ?Sized>(wanted: Option<&T>, test: impl FnOnce(&T) -> bool) -> bool {
            wanted.is_none_or(test)
        }
        let identity = instance.identity();
        holds(self.pid.as_ref(), |pid| *pid == instance.pid)
            && holds(self.name.as_deref(), |name| name == identity.name)
            && holds(self.id.as_deref(), |id| id == identity.id)
            && holds(self.server.as_ref(), |server| *server == identity.server)
            && holds(self.node.as_ref(), |node| *node == instance.pid.node.id)
            && holds(self.kind.as_deref(), |kind| kind == identity.kind)
            && holds(self.version.as_ref(), |wanted| {
                instance.published.version.as_ref().is_some_and(|it| wanted.matches(it))
            })
            && self.tags.iter().all(|(name, value)| identity.tags.get(name) == Some(value))
    }
}

/// A filter's text in a message: as it is if it is plain, else in quotes and escaped; of a long one the beginning.
struct Shown<'a>(&'a str);

impl Shown<'_> {
    /// So many characters are shown.
    const LONGEST: usize = 100;
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = *self;
        let (text, rest) = text.char_indices().nth(Self::LONGEST).map_or((text, ""), |(end, _)| text.split_at(end));
        let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '='));
        if is_plain {
            f.write_str(text)?
        } else {
            write!(f, "{text:?}")?
        }
        f.write_str(if rest.is_empty() { "" } else { "…" })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interest {
            Interest::Service(name) => write!(f, "service `{name}`")?,
            Interest::Contract(name) => write!(f, "contract `{name}`")?,
        }
        let mut part = |name: &str, value: Option<&dyn fmt::Display>| match value {
            Some(value) => write!(f, " {name}={value}"),
            None => Ok(()),
        };
        part("pid", self.pid.as_ref().map(|v| v as _))?;
        part("name", self.name.as_deref().map(Shown).as_ref().map(|v| v as _))?;
        part("id", self.id.as_deref().map(Shown).as_ref().map(|v| v as _))?;
        part("server", self.server.as_ref().map(|v| v as _))?;
        part("node", self.node.as_ref().map(|v| v as _))?;
        part("kind", self.kind.as_deref().map(Shown).as_ref().map(|v| v as _))?;
        part("version", self.version.as_ref().map(|v| v as _))?;
        for (name, value) in &self.tags {
            write!(f, " tag:{}={}", Shown(name), Shown(value))?;
        }
        match self.among {
            Among::Master => {}
            Among::All => f.write_str(" slaves=too")?,
            Among::Slaves => f.write_str(" slaves=only")?,
        }
        if let Choice::Named(name) = &self.choice {
            write!(f, " balance={}", Shown(name))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeKey};

    #[test]
    fn long_filters_are_cut_whether_they_are_quoted_or_not() {
        let shown = |text: String| Shown(&text).to_string();
        assert_eq!(shown("n".repeat(100)), "n".repeat(100));
        assert_eq!(shown("n".repeat(101)), format!("{}…", "n".repeat(100)));
        // With a blank it is quoted, and what is left out is outside of the quotes.
        assert_eq!(shown(format!("a {}", "n".repeat(98))), format!("\"a {}\"", "n".repeat(98)));
        assert_eq!(shown(format!("a {}", "n".repeat(99))), format!("\"a {}\"…", "n".repeat(98)));
        assert_eq!(shown("é".repeat(300)), format!("\"{}\"…", "é".repeat(100)));
        let long = Selector {
            id: Some(format!("x {}", "y".repeat(5_000))),
            ..Selector::new(Interest::Service("shop".into()))
        };
        let text = long.to_string();
        assert!(text.starts_with("service `shop` id=\"x y") && text.chars().count() < 130, "{text}");
    }

    /// As they stand here, addresses hold them between this release and the one before. A choice that is added comes last.
    #[test]
    fn selectors_are_written_as_in_the_release_before() {
        let hex = |value: &dyn Fn(&mut Vec<u8>) -> Result<(), crate::message::CodecError>| {
            let mut out = Vec::new();
            value(&mut out).expect("it is written");
            out.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let plain = Selector::new(Interest::Service("bank".into()));
        let full = Selector {
            interest: Interest::Contract("pays".into()),
            name: Some("bank".into()),
            id: Some("1".into()),
            server: Some(2),
            node: Some(NodeId(3)),
            kind: Some("a".into()),
            version: Some("1.2".parse().expect("it is one")),
            tags: [("t".to_owned(), "v".to_owned())].into(),
            pid: Some(Pid { node: NodeKey { id: NodeId(3), incarnation: Incarnation(4) }, number: 5 }),
            among: Among::Master,
            choice: Choice::ByKey(6),
        };
        let busy = Selector { choice: Choice::LeastBusy, ..plain.clone() };
        let slaves = Selector { among: Among::Slaves, ..plain.clone() };
        for selector in [&plain, &full, &slaves, &busy] {
            let mut written = Vec::new();
            crate::message::encode(selector, &mut written).expect("it is written");
            assert_eq!(crate::message::decode::<Selector>(&written).ok().as_ref(), Some(selector));
        }
        let selectors = [plain, full, slaves, busy].map(|selector| hex(&|out| crate::message::encode(&selector, out)));
        assert_eq!(
            selectors,
            [
                "000462616e6b000000000000000000",
                "010470617973010462616e6b0101310102010301016101045e312e320101740176010304050406",
                "000462616e6b0000000000000000060200",
                "000462616e6b000000000000000007"
            ]
        );
        let named = Choice::Named("mine".into());
        let choices = [
            Choice::RoundRobin,
            Choice::Random,
            Choice::LeastInFlight,
            Choice::LocalFirst,
            Choice::ByKey(6),
            named,
            Choice::LeastBusy,
        ];
        let choices = choices.map(|choice| hex(&|out| crate::message::encode(&choice, out)));
        assert_eq!(choices, ["00", "01", "02", "03", "0406", "05046d696e65", "06"]);
    }
}
