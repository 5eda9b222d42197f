//! One fault: what is done to a cluster, when, and for how long.

use std::{fmt, str::FromStr, time::Duration};

use super::{names::ROLES, waits::PATIENCE};
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
    /// A backup of the registry is made, and at the end it is put back to that.
    RegistryRestored,
    /// The process of a host, a node's or the registry's, stands still as by SIGSTOP, and goes on at the end.
    Pause(String),
    /// The wall clock of a node is so many milliseconds ahead, or behind if that is negative; at the end it is right again.
    Clock(String, i64),
    /// The registry ends the leases of a node that lives, its own and those of its masters. It has no end.
    Expire(String),
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
    /// [`Fault::RegistryRestored`].
    RegistryRestored,
    /// [`Fault::Pause`].
    Pause,
    /// [`Fault::Clock`].
    Clock,
    /// [`Fault::Expire`].
    Expire,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 12] = [
        Self::Kill,
        Self::Restart,
        Self::Partition,
        Self::OneWay,
        Self::Latency,
        Self::Loss,
        Self::RegistryDown,
        Self::RegistryLost,
        Self::RegistryRestored,
        Self::Pause,
        Self::Clock,
        Self::Expire,
    ];
}

/// A fault with its time. `Display` and `FromStr` are as in `kill(beta)@1200+800`: from 1,200 ms after the start of the workload, for
/// 800 ms; and as in `kill(beta)@1200!+800`: from when the next handler has begun there after that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedFault {
    /// What is done.
    pub fault: Fault,
    /// When it begins, after the workload does; whole milliseconds.
    pub at: Duration,
    /// Whether it waits, from that time on and for 2 s at most, until a handler of a call begins on a host that it names, or on any if it
    /// names none; so that it meets a call in flight. Only `prove` knows of calls: elsewhere it does not wait.
    pub in_call: bool,
    /// After what time it ends; whole milliseconds.
    pub lasts: Duration,
}

impl TimedFault {
    /// When it has ended.
    pub(in super::super) fn end(&self) -> Duration {
        self.at + self.waits() + self.lasts
    }

    /// How long it waits, at most.
    fn waits(&self) -> Duration {
        let ends = matches!(self.fault, Fault::Kill(_) | Fault::Restart(_));
        let seeks = self.fault.hosts().iter().any(|host| ROLES.contains(host));
        PATIENCE * (u32::from(self.in_call) + u32::from(ends) + u32::from(seeks))
    }
}

impl Fault {
    /// The hosts that it names.
    pub(in super::super) fn hosts(&self) -> Vec<&str> {
        match self {
            Self::Kill(node) | Self::Restart(node) | Self::Pause(node) => vec![node],
            Self::Clock(node, _) | Self::Expire(node) => vec![node],
            Self::Partition(a, b) | Self::OneWay(a, b) | Self::Latency(a, b, _) => vec![a, b],
            Self::Loss(_) | Self::Registry(_) | Self::RegistryRestored => vec![],
        }
    }
}

impl Fault {
    /// Of which kind it is.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Kill(_) => Kind::Kill,
            Self::Restart(_) => Kind::Restart,
            Self::Partition(..) => Kind::Partition,
            Self::OneWay(..) => Kind::OneWay,
            Self::Latency(..) => Kind::Latency,
            Self::Loss(_) => Kind::Loss,
            Self::Registry(Registry::Kept) => Kind::RegistryDown,
            Self::Registry(Registry::Empty) => Kind::RegistryLost,
            Self::RegistryRestored => Kind::RegistryRestored,
            Self::Pause(_) => Kind::Pause,
            Self::Clock(..) => Kind::Clock,
            Self::Expire(_) => Kind::Expire,
        }
    }

    /// The same, where its hosts have these names; nothing if one of them has none, or two have the same.
    pub(super) fn renamed(&self, name: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let two = |a: &str, b: &str| Some((name(a)?, name(b)?)).filter(|(a, b)| a != b);
        Some(match self {
            Self::Kill(node) => Self::Kill(name(node)?),
            Self::Restart(node) => Self::Restart(name(node)?),
            Self::Pause(node) => Self::Pause(name(node)?),
            Self::Clock(node, millis) => Self::Clock(name(node)?, *millis),
            Self::Expire(node) => Self::Expire(name(node)?),
            Self::Partition(a, b) => two(a, b).map(|(a, b)| Self::Partition(a, b))?,
            Self::OneWay(from, to) => two(from, to).map(|(from, to)| Self::OneWay(from, to))?,
            Self::Latency(a, b, time) => two(a, b).map(|(a, b)| Self::Latency(a, b, *time))?,
            Self::Loss(_) | Self::Registry(_) | Self::RegistryRestored => self.clone(),
        })
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
            Self::RegistryRestored => f.write_str("registry(older)"),
            Self::Pause(host) => write!(f, "pause({host})"),
            Self::Clock(node, millis) => write!(f, "clock({node},{millis})"),
            Self::Expire(node) => write!(f, "expire({node})"),
        }
    }
}

impl fmt::Display for TimedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = if self.in_call { "!" } else { "" };
        write!(f, "{}@{}{call}+{}", self.fault, self.at.as_millis(), self.lasts.as_millis())
    }
}

const WRITE: &str = "write a fault as one of `kill(a)`, `restart(a)`, `partition(a,b)`, `oneway(a,b)`, `latency(a,b,MS)`, \
     `loss(PERCENT)`, `registry(kept)`, `registry(empty)`, `registry(older)`, `pause(a)`, `clock(a,MS)` and `expire(a)`, and behind it \
     `@BEGIN+LENGTH` in milliseconds, as in `kill(a)@1200+800`, or `@BEGIN!+LENGTH` to wait for a call; `*master`, `*slave` and `*other` \
     are the hosts of whoever is the master then, and of two others of its group";
/// A day: virtual time is cheap, but not free.
const LONGEST: u64 = 24 * 60 * 60 * 1_000;
/// A year: a clock that is wrong by more is no clock.
const MOST_WRONG: u64 = 365 * LONGEST;

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
        ("registry", ["older"]) => Some(Fault::RegistryRestored),
        ("pause", [_]) => Some(Fault::Pause(own)),
        ("clock", [_, millis]) => {
            let millis = millis.parse().ok().filter(|it: &i64| it.unsigned_abs() <= MOST_WRONG)?;
            Some(Fault::Clock(own, millis))
        }
        ("expire", [_]) => Some(Fault::Expire(own)),
        _ => None,
    }
}

impl FromStr for TimedFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = || {
            let (what, when) = text.rsplit_once('@')?;
            let (at, lasts) = when.split_once('+')?;
            let (at, in_call) = at.trim().strip_suffix('!').map_or((at, false), |at| (at, true));
            Some(Self { fault: fault(what)?, at: millis(at.trim())?, in_call, lasts: millis(lasts.trim())? })
        };
        parsed().ok_or_else(|| format!("`{text}` is no fault: {WRITE}"))
    }
}
