//! The one source of randomness. A node owns an [`Rng`]; with a seed, everything that it decides is repeatable.

use std::sync::{Arc, Mutex, PoisonError};

/// A shared, seedable random number generator. Not for secrets.
#[derive(Debug, Clone)]
pub struct Rng(Arc<Mutex<fastrand::Rng>>);

impl Rng {
    /// A generator that no other run repeats.
    pub fn from_entropy() -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::new())))
    }

    /// A generator that gives the same numbers for the same `seed`.
    pub fn from_seed(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    /// A number over the whole range of `u64`.
    pub fn u64(&self) -> u64 {
        self.with(|rng| rng.u64(..))
    }

    /// A number in `0..bound`; `0` if `bound` is 0.
    pub fn below(&self, bound: usize) -> usize {
        if bound < 2 { 0 } else { self.with(|rng| rng.usize(..bound)) }
    }

    /// A duration in `0..=max`: "full jitter".
    pub fn jitter(&self, max: std::time::Duration) -> std::time::Duration {
        max.mul_f64(self.with(fastrand::Rng::f64))
    }

    /// `true` with this probability, 0 to 1.
    #[cfg(feature = "testing")]
    pub(crate) fn chance(&self, probability: f64) -> bool {
        self.with(fastrand::Rng::f64) < probability
    }

    fn with<T>(&self, f: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
