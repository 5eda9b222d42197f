//! One fault: what is done to a cluster, when, and for how long.

use std::{fmt, str::FromStr, time::Duration};

use crate::testing::Registry;

/// What can be done to a simulated cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A node is killed, and started again at the end.
    Kill(String),
    /// A node is shut down as by SIGTERM, and started again at the end.
    Restart(String),
    /// Two hosts do not reach each other.
    Partition(String, String),
    /// The first host does not reach the second.
    OneWay(String, String),
    /// Packets between two hosts take so long; whole milliseconds.
    Latency(String, String, Duration),
    /// So many packets of a hundred are lost, and sent again as TCP does.
    Loss(u8),
    /// The registry is down, and comes back with its data or without.
    Registry(Registry),
}

/// A kind of [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// [`Fault::Kill`].
    Kill,
    /// [`Fault::Restart`].
    Restart,
    /// [`Fault::Partition`].
    Partition,
    /// [`Fault::OneWay`].
    OneWay,
    /// [`Fault::Latency`].
    Latency,
    /// [`Fault::Loss`].
    Loss,
    /// [`Fault::Registry`] with its data kept.
    RegistryDown,
    /// [`Fault::Registry`] that comes back empty.
    RegistryLost,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::Kill,
        Self::Restart,
        Self::Partition,
        Self::OneWay,
        Self::Latency,
        Self::Loss,
        Self::RegistryDown,
        Self::RegistryLost,
    ];
}

/// A fault with its time. `Display` and `FromStr` are as in `kill(beta)@1200+800`: from 1,200 ms after the start of the workload, for
/// 800 ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedFault {
    /// What is done.
    pub fault: Fault,
    /// When it begins, after the workload does; whole milliseconds.
    pub at: Duration,
    /// After what time it ends; whole milliseconds.
    pub lasts: Duration,
}

impl TimedFault {
    /// When it has ended.
    pub(in super::super) fn end(&self) -> Duration {
        self.at + self.lasts
    }
}

impl Fault {
    /// The hosts that it names.
    pub(in super::super) fn hosts(&self) -> Vec<&str> {
        match self {
            Self::Kill(node) | Self::Restart(node) => vec![node],
            Self::Partition(a, b) | Self::OneWay(a, b) | Self::Latency(a, b, _) => vec![a, b],
            Self::Loss(_) | Self::Registry(_) => vec![],
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(node) => write!(f, "kill({node})"),
            Self::Restart(node) => write!(f, "restart({node})"),
            Self::Partition(a, b) => write!(f, "partition({a},{b})"),
            Self::OneWay(from, to) => write!(f, "oneway({from},{to})"),
            Self::Latency(a, b, time) => write!(f, "latency({a},{b},{})", time.as_millis()),
            Self::Loss(percent) => write!(f, "loss({percent})"),
            Self::Registry(Registry::Kept) => f.write_str("registry(kept)"),
            Self::Registry(Registry::Empty) => f.write_str("registry(empty)"),
        }
    }
}

impl fmt::Display for TimedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}+{}", self.fault, self.at.as_millis(), self.lasts.as_millis())
    }
}

const WRITE: &str = "write a fault as one of `kill(a)`, `restart(a)`, `partition(a,b)`, `oneway(a,b)`, `latency(a,b,MS)`, \
     `loss(PERCENT)`, `registry(kept)` and `registry(empty)`, and behind it `@BEGIN+LENGTH` in milliseconds, as in \
     `kill(a)@1200+800`";
/// A day: virtual time is cheap, but not free.
const LONGEST: u64 = 24 * 60 * 60 * 1_000;

fn millis(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|ms| *ms <= LONGEST).map(Duration::from_millis)
}

fn fault(text: &str) -> Option<Fault> {
    let (name, rest) = text.split_once('(')?;
    let arguments: Vec<_> = rest.strip_suffix(')')?.split(',').map(str::trim).collect();
    let [own, other] = [0, 1].map(|at| arguments.get(at).map(|it| (*it).to_owned()).unwrap_or_default());
    if own.is_empty() || own == other {
        return None;
    }
    match (name.trim(), &*arguments) {
        ("kill", [_]) => Some(Fault::Kill(own)),
        ("restart", [_]) => Some(Fault::Restart(own)),
        ("partition", [_, _]) => Some(Fault::Partition(own, other)),
        ("oneway", [_, _]) => Some(Fault::OneWay(own, other)),
        ("latency", [_, _, time]) => {
            let time = millis(time).filter(|it| (1..=3_600_000).contains(&it.as_millis()))?;
            Some(Fault::Latency(own, other, time))
        }
        ("loss", [percent]) => percent.parse().ok().filter(|it| *it <= 100).map(Fault::Loss),
        ("registry", ["kept"]) => Some(Fault::Registry(Registry::Kept)),
        ("registry", ["empty"]) => Some(Fault::Registry(Registry::Empty)),
        _ => None,
    }
}

impl FromStr for TimedFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = || {
            let (what, when) = text.rsplit_once('@')?;
            let (at, lasts) = when.split_once('+')?;
            Some(Self { fault: fault(what)?, at: millis(at.trim())?, lasts: millis(lasts.trim())? })
        };
        parsed().ok_or_else(|| format!("`{text}` is no fault: {WRITE}"))
    }
}
