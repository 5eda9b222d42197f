//! Which of those whom a client is for get its calls.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What a client calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Interest {
    /// The services of this name.
    Service(Cow<'static, str>),
    /// The services that fulfil this contract.
    Contract(Cow<'static, str>),
}

impl Interest {
    /// The name of the service or of the contract.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Service(name) | Self::Contract(name) => name,
        }
    }
}

/// Which of the instances that match gets a call.
///
/// Instances have [weights](crate::directory::Instance::weight), 1 unless another is given. Where calls are spread, each has its share of
/// them: as many turns of a round as its weight, evenly spread over it; as many chances; and of a load so many times more. One of weight 0
/// has none: it is called if it is named by its pid or id, by its key, or as one of all, and if it is the master of its group. A key is placed whatever
/// the weights are, so that it keeps its place when they change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Choice {
    /// One after the other.
    #[default]
    RoundRobin,
    /// Any.
    Random,
    /// Of two taken at random, the one that owes this node fewer replies.
    LeastInFlight,
    /// One on this node if there is one, else any, in turn.
    LocalFirst,
    /// The same key, the same instance, as long as the set of instances does not change; a change moves few keys.
    ByKey(u64),
    /// What the balancer of this name says, on the node that calls: see [`Balance`](crate::directory::Balance). With a pid there is nothing
    /// to choose, and nobody is asked.
    Named(Cow<'static, str>),
    /// Of two taken at random, the one that has less to do: what its node said last, and the calls of this node since. See
    /// [`Instance::load`](crate::directory::Instance::load).
    LeastBusy,
}

impl Choice {
    /// The choice for a call whose contract has this key. The key decides where a choice only spreads calls; one that says by what else
    /// they are placed stands.
    pub(crate) fn for_key(&self, key: Option<u64>) -> Cow<'_, Self> {
        match (self, key) {
            (Self::RoundRobin | Self::Random | Self::LeastInFlight | Self::LocalFirst | Self::LeastBusy, Some(key)) => {
                Cow::Owned(Self::ByKey(key))
            }
            _ => Cow::Borrowed(self),
        }
    }
}

/// Which of the instances of a group that elects a master get calls. Of services that are not elected all do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Among {
    /// The master.
    #[default]
    Master,
    /// Any.
    All,
    /// The others.
    Slaves,
}

/// A [`Choice`], and among whom, as it is written: addresses hold it, and travel between this release and the one before. What was added
/// since is a variant of its own, which the one before does not know, and refuses. Variants may be added at the end.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Choice")]
pub(super) enum Chosen {
    RoundRobin,
    Random,
    LeastInFlight,
    LocalFirst,
    ByKey(u64),
    Named(Cow<'static, str>),
    /// Not the master only.
    Among(Among, Choice),
    LeastBusy,
}

impl Chosen {
    pub(super) fn new(among: Among, choice: Choice) -> Self {
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
            Choice::LeastBusy => Self::LeastBusy,
        }
    }

    pub(super) fn read(self) -> (Among, Choice) {
        let choice = match self {
            Self::Among(among, choice) => return (among, choice),
            Self::RoundRobin => Choice::RoundRobin,
            Self::Random => Choice::Random,
            Self::LeastInFlight => Choice::LeastInFlight,
            Self::LocalFirst => Choice::LocalFirst,
            Self::ByKey(key) => Choice::ByKey(key),
            Self::Named(name) => Choice::Named(name),
            Self::LeastBusy => Choice::LeastBusy,
        };
        (Among::Master, choice)
    }
}
