//! Strategies put together, with how far and how often they move the number of workers.

use std::{fmt, ops::RangeInclusive, sync::Arc, time::Duration};

use super::Strategy;
use crate::error::{Error, Result};

/// How the workers of a service follow its load, between the bounds of its attribute (`workers = 2..=16`): given to
/// [`Hosted::scale`](crate::node::Hosted::scale).
///
/// ```
/// # use std::time::Duration;
/// # use ember_runtime::scale::Scale;
/// let scale = Scale::any([Scale::queue_depth(10), Scale::cpu(0.2..=0.8), Scale::wait_p99(Duration::from_millis(5))])
///     .grow(1.5)
///     .shrink(0.5)
///     .every(Duration::from_secs(10));
/// ```
///
/// Values that cannot be are refused when the service is started, as [`Error::Configuration`].
#[derive(Clone)]
#[must_use = "give it to `Hosted::scale`"]
pub struct Scale {
    pub(super) by: By,
    pace: Option<Pace>,
}

/// What judges the load.
#[derive(Clone)]
pub(super) enum By {
    QueueDepth(u32),
    Cpu(f64, f64),
    WaitP99(Duration),
    Own(Arc<dyn Strategy>),
    Any(Vec<Scale>),
    All(Vec<Scale>),
    Weighted(Vec<(f64, Scale)>),
}

/// How far, and how often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace {
    pub(super) grow: f64,
    pub(super) shrink: f64,
    pub(crate) every: Duration,
    pub(super) cool_down: Duration,
}

impl Pace {
    const DEFAULT: Self = Self { grow: 1.5, shrink: 0.5, every: Duration::from_secs(10), cool_down: Duration::ZERO };
}

/// A weight is so large at most: the sum of as many as there can be is still a number.
const HEAVIEST: f64 = 1e9;

/// So deep strategies stand in each other at most.
const DEEPEST: usize = 64;

/// It is looked at so often.
const EVERY: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(24 * 60 * 60);

impl Scale {
    const fn new(by: By) -> Self {
        Self { by, pace: None }
    }

    /// More workers if more than `messages` wait for one on the average; fewer if fewer than half of them are at work and nothing waits.
    ///
    /// Messages that wait for their key or their shard do not count: another worker would not help them.
    pub fn queue_depth(messages: u32) -> Self {
        Self::new(By::QueueDepth(messages))
    }

    /// More workers if the process uses more than this share of its cores, fewer if it uses less: `0.2..=0.8`, where 1 is all that it may use. Cores are whole:
    /// where half of one is allowed, the share is 0.5 at most.
    ///
    /// Known on Linux; elsewhere, and in a simulation, it says nothing, and the strategies beside it decide.
    pub fn cpu(share: RangeInclusive<f64>) -> Self {
        Self::new(By::Cpu(*share.start(), *share.end()))
    }

    /// More workers if 1 of 100 messages waits longer than this for a worker; fewer if that is half at most, fewer than half of the workers are
    /// at work, and nothing waits.
    pub fn wait_p99(most: Duration) -> Self {
        Self::new(By::WaitP99(most))
    }

    /// As one's own strategy says.
    pub fn by(strategy: impl Strategy) -> Self {
        Self::new(By::Own(Arc::new(strategy)))
    }

    /// More workers if one of these says so; fewer only if all do.
    pub fn any(of: impl IntoIterator<Item = Self>) -> Self {
        Self::new(By::Any(of.into_iter().collect()))
    }

    /// More workers only if all of these say so; fewer if one does.
    pub fn all(of: impl IntoIterator<Item = Self>) -> Self {
        Self::new(By::All(of.into_iter().collect()))
    }

    /// More workers if the weights of those that say so, less the weights of those that say fewer, are more than half of all; fewer
    /// likewise. A weight is more than 0, and a billion at most.
    pub fn weighted(of: impl IntoIterator<Item = (f64, Self)>) -> Self {
        Self::new(By::Weighted(of.into_iter().collect()))
    }

    fn pace_mut(&mut self) -> &mut Pace {
        self.pace.get_or_insert(Pace::DEFAULT)
    }

    /// It grows to so many times as many workers, rounded up: 1.5 by default. By one at least, and to the upper bound at most.
    pub fn grow(mut self, times: f64) -> Self {
        self.pace_mut().grow = times;
        self
    }

    /// It shrinks to so many times as many workers, rounded down: 0.5 by default. By one at least, and to the lower bound at most.
    pub fn shrink(mut self, times: f64) -> Self {
        self.pace_mut().shrink = times;
        self
    }

    /// How often it is looked at, and changed at most: every 10 s by default; from 10 ms to a day. What is measured is of the time between.
    pub fn every(mut self, time: Duration) -> Self {
        self.pace_mut().every = time;
        self
    }

    /// After a change there is none for so long: none by default, so each look may change it.
    pub fn cool_down(mut self, time: Duration) -> Self {
        self.pace_mut().cool_down = time;
        self
    }

    pub(crate) fn pace(&self) -> Pace {
        self.pace.unwrap_or(Pace::DEFAULT)
    }

    /// Whether it asks for the use of the processors.
    pub(crate) fn asks_for_cpu(&self) -> bool {
        match &self.by {
            By::Cpu(..) | By::Own(_) => true,
            By::QueueDepth(_) | By::WaitP99(_) => false,
            By::Any(of) | By::All(of) => of.iter().any(Self::asks_for_cpu),
            By::Weighted(of) => of.iter().any(|(_, scale)| scale.asks_for_cpu()),
        }
    }

    /// # Errors
    /// The first value that cannot be.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = self.wrong_pace().or_else(|| self.by.wrong(1));
        wrong.map_or(Ok(()), |wrong| Err(Error::Configuration(wrong)))
    }

    fn wrong_pace(&self) -> Option<String> {
        let Pace { grow, shrink, every, cool_down } = self.pace?;
        if !(grow.is_finite() && grow > 1.0) {
            return Some(format!(
                "`.grow({grow:?})` cannot be: it would not grow; write more than 1: 1.5 is the default"
            ));
        }
        if !(0.0..1.0).contains(&shrink) {
            let say = "it would not shrink; write less than 1, and not less than 0: 0.5 is the default";
            return Some(format!("`.shrink({shrink:?})` cannot be: {say}"));
        }
        if !EVERY.contains(&every) {
            return Some(format!("`.every({every:?})` cannot be: write 10 ms to a day: 10 s is the default"));
        }
        (cool_down > *EVERY.end())
            .then(|| format!("`.cool_down({cool_down:?})` cannot be: it would hardly ever change; write a day at most"))
    }
}

impl By {
    /// What is wrong with it, where it stands so deep, counted from 1.
    fn wrong(&self, depth: usize) -> Option<String> {
        if depth > DEEPEST {
            return Some(format!(
                "strategies that stand in each other more than {DEEPEST} deep cannot be: write one `Scale::any`, `all` or `weighted` with several in it"
            ));
        }
        match self {
            Self::QueueDepth(_) | Self::Own(_) => None,
            Self::Cpu(least, most) => (!(0.0 <= *least && least < most && *most <= 1.0)).then(|| {
                format!("`Scale::cpu({least:?}..={most:?})` cannot be: it is a share of the cores; write two from 0 to 1, the smaller one first, as in `0.2..=0.8`")
            }),
            Self::WaitP99(most) => most.is_zero().then(|| {
                "`Scale::wait_p99(0ns)` cannot be: who waits at all waits longer; write some, as in `Duration::from_millis(5)`".into()
            }),
            Self::Any(of) => Self::wrong_among("any", of.iter(), depth),
            Self::All(of) => Self::wrong_among("all", of.iter(), depth),
            Self::Weighted(of) => {
                let weight = of.iter().map(|(weight, _)| weight).find(|weight| !(**weight > 0.0 && **weight <= HEAVIEST));
                let wrong = weight.map(|weight| {
                    format!("`Scale::weighted([({weight:?}, …)])` cannot be: write a weight of more than 0, and of {HEAVIEST:e} at most, or leave it out")
                });
                wrong.or_else(|| Self::wrong_among("weighted", of.iter().map(|(_, scale)| scale), depth))
            }
        }
    }

    fn wrong_among<'a>(name: &str, mut of: impl ExactSizeIterator<Item = &'a Scale>, depth: usize) -> Option<String> {
        if of.len() == 0 {
            return Some(format!(
                "`Scale::{name}([])` cannot be: nothing would judge the load; write one strategy at least"
            ));
        }
        of.find_map(|scale| match scale.pace {
            Some(_) => Some(format!(
                "within `Scale::{name}(…)` nothing is said of `grow`, `shrink`, `every` and `cool_down`: the workers are moved once; say it outside, \
                 `Scale::{name}(…).grow(…)`"
            )),
            None => scale.by.wrong(depth + 1),
        })
    }
}

impl fmt::Debug for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            By::QueueDepth(messages) => write!(f, "queue_depth({messages})"),
            By::Cpu(least, most) => write!(f, "cpu({least}..={most})"),
            By::WaitP99(most) => write!(f, "wait_p99({most:?})"),
            By::Own(_) => write!(f, "by(…)"),
            By::Any(of) => write!(f, "any({of:?})"),
            By::All(of) => write!(f, "all({of:?})"),
            By::Weighted(of) => write!(f, "weighted({of:?})"),
        }?;
        self.pace.map_or(Ok(()), |pace| write!(f, " {pace:?}"))
    }
}
