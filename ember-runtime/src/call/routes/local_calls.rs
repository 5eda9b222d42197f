//! By whom calls are run: policy as data.

use std::str::FromStr;

#[cfg(feature = "cluster")]
use crate::actor::OnTheSpot;
use crate::rng::Rng;

/// By whom the calls to a node's own services are run: `Node::builder().local_calls(LocalCalls::Queued)`. All ways keep the same
/// promises; they differ in speed, and in the task that a handler finds itself on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LocalCalls {
    /// A caller that finds the service idle runs the handler itself, up to where the handler first waits for something,
    /// unless recent steps of that method were long (over 0.5 ms). Calls from other nodes are run so by the link that brings
    /// them, where recent steps were very short (under 1 µs). The default.
    #[default]
    Adaptive,
    /// As `Adaptive`, but however long the steps are.
    Short,
    /// Always by the service's own task.
    Queued,
    /// One way or the other, as a generator with this seed says. For tests.
    Random(u64),
}

impl LocalCalls {
    /// The environment variable that is looked up when a node is not told.
    pub const VARIABLE: &str = "EMBER_LOCAL_CALLS";
}

impl FromStr for LocalCalls {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "adaptive" => return Ok(Self::Adaptive),
            "short" => return Ok(Self::Short),
            "queued" => return Ok(Self::Queued),
            _ => {}
        }
        let seed = text.strip_prefix("random:").and_then(|seed| seed.parse().ok());
        seed.map(Self::Random)
            .ok_or_else(|| format!("`{text}` is none of `adaptive`, `short`, `queued` and `random:SEED`"))
    }
}

/// The policy of a node.
#[derive(Debug)]
pub(crate) struct Runs {
    policy: LocalCalls,
    /// For [`LocalCalls::Random`].
    coin: Rng,
}

impl Runs {
    pub(crate) fn new(policy: LocalCalls) -> Self {
        let seed = if let LocalCalls::Random(seed) = policy { seed } else { 0 };
        Self { policy, coin: Rng::from_seed(seed) }
    }

    /// Whether a caller may run the service that it finds idle, and then, whether also if its steps are long.
    #[inline]
    pub(crate) fn for_callers(&self) -> Option<bool> {
        match self.policy {
            LocalCalls::Adaptive => Some(false),
            LocalCalls::Short => Some(true),
            LocalCalls::Queued => None,
            LocalCalls::Random(_) => self.toss().then_some(true),
        }
    }

    /// What of that a link may that brings calls.
    #[cfg(feature = "cluster")]
    pub(crate) fn for_links(&self) -> OnTheSpot {
        match self.policy {
            LocalCalls::Adaptive => OnTheSpot::Quick,
            LocalCalls::Short => OnTheSpot::All,
            LocalCalls::Queued => OnTheSpot::None,
            LocalCalls::Random(_) if self.toss() => OnTheSpot::All,
            LocalCalls::Random(_) => OnTheSpot::None,
        }
    }

    /// One of the two, as a seed says.
    fn toss(&self) -> bool {
        self.coin.below(2) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_from_text() {
        assert_eq!("random:7".parse(), Ok(LocalCalls::Random(7)));
        assert_eq!("queued".parse(), Ok(LocalCalls::Queued));
        assert_eq!(["adaptive", "short"].map(str::parse), [Ok(LocalCalls::Adaptive), Ok(LocalCalls::Short)]);
        assert!("random".parse::<LocalCalls>().is_err());
    }

    #[test]
    fn each_policy_says_whether_callers_run_what_they_call() {
        let ways = [LocalCalls::Adaptive, LocalCalls::Short, LocalCalls::Queued];
        assert_eq!(ways.map(|policy| Runs::new(policy).for_callers()), [Some(false), Some(true), None]);
        let tosses = |seed| {
            let runs = Runs::new(LocalCalls::Random(seed));
            (0..64).map(|_| runs.for_callers()).collect::<Vec<_>>()
        };
        assert!(tosses(7).contains(&Some(true)) && tosses(7).contains(&None) && !tosses(7).contains(&Some(false)));
        assert!(tosses(7) == tosses(7) && tosses(7) != tosses(8));
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn each_policy_says_what_links_run_of_what_they_bring() {
        assert!(matches!(Runs::new(LocalCalls::Adaptive).for_links(), OnTheSpot::Quick));
        assert!(matches!(Runs::new(LocalCalls::Short).for_links(), OnTheSpot::All));
        assert!(matches!(Runs::new(LocalCalls::Queued).for_links(), OnTheSpot::None));
        let runs = Runs::new(LocalCalls::Random(7));
        let all = (0..64).filter(|_| matches!(runs.for_links(), OnTheSpot::All)).count();
        assert!((1..64).contains(&all), "{all}");
    }
}
