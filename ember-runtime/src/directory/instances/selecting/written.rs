//! How selectors are written: addresses hold them, and travel between this release and the one before. What was added since is said
//! within the last field, where there is a variant for it that the one before does not know, and refuses; without it nothing has changed.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::selector::{Among, Choice, Interest, Selector};
use crate::id::{NodeId, Pid};

/// A [`Selector`] as it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Selector")]
pub(super) struct Written {
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

/// A [`Choice`], and among whom. Variants may be added at the end.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Choice")]
enum Chosen {
    RoundRobin,
    Random,
    LeastInFlight,
    LocalFirst,
    ByKey(u64),
    Named(Cow<'static, str>),
    /// Not the master only.
    Among(Among, Choice),
}

impl Chosen {
    fn new(among: Among, choice: Choice) -> Self {
        if among != Among::Master {
            return Self::Among(among, choice);
        }
        match choice {
            Choice::RoundRobin => Self::RoundRobin,
            Choice::Random => Self::Random,
            Choice::LeastInFlight => Self::LeastInFlight,
            Choice::LocalFirst => Self::LocalFirst,
            Choice::ByKey(key) => Self::ByKey(key),
            Choice::Named(name) => Self::Named(name),
        }
    }

    fn read(self) -> (Among, Choice) {
        let choice = match self {
            Self::Among(among, choice) => return (among, choice),
            Self::RoundRobin => Choice::RoundRobin,
            Self::Random => Choice::Random,
            Self::LeastInFlight => Choice::LeastInFlight,
            Self::LocalFirst => Choice::LocalFirst,
            Self::ByKey(key) => Choice::ByKey(key),
            Self::Named(name) => Choice::Named(name),
        };
        (Among::Master, choice)
    }
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
