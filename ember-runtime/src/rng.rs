//! The one source of randomness. A node owns an [`Rng`]; with a seed, everything that it decides is repeatable.

use std::sync::{Arc, Mutex};

use crate::sync::lock;

/// A shared, seedable random number generator. What it gives can be guessed; only its secrets cannot, unless it has a seed.
#[derive(Debug, Clone)]
pub struct Rng {
    numbers: Arc<Mutex<fastrand::Rng>>,
    /// Secrets are made from the numbers too.
    seeded: bool,
}

impl Rng {
    /// A generator that no other run repeats.
    pub fn from_entropy() -> Self {
        Self { numbers: Arc::new(Mutex::new(fastrand::Rng::new())), seeded: false }
    }

    /// A generator that gives the same numbers for the same `seed`: its secrets too, so that they are none.
    pub fn from_seed(seed: u64) -> Self {
        Self { numbers: Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))), seeded: true }
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

    /// Bytes that nobody can guess: from the operating system, or from the seed if there is one.
    #[cfg(feature = "cluster")]
    pub(crate) fn secret<const N: usize>(&self) -> [u8; N] {
        use ring::rand::SecureRandom;

        let mut bytes = [0; N];
        if self.seeded {
            self.with(|rng| rng.fill(&mut bytes));
        } else {
            let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
            filled.expect("the operating system gives random bytes");
        }
        bytes
    }

    /// `true` with this probability, 0 to 1.
    #[cfg(feature = "testing")]
    pub(crate) fn chance(&self, probability: f64) -> bool {
        self.with(fastrand::Rng::f64) < probability
    }

    fn with<T>(&self, f: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        f(&mut lock(&self.numbers))
    }
}

#[cfg(all(test, feature = "cluster"))]
mod tests {
    use super::*;

    #[test]
    fn secrets_repeat_with_a_seed_and_never_without() {
        assert_eq!(Rng::from_seed(7).secret::<32>(), Rng::from_seed(7).secret::<32>());
        let rng = Rng::from_seed(7);
        assert_ne!(rng.secret::<32>(), rng.secret::<32>());
        let all = [Rng::from_entropy().secret::<32>(), Rng::from_entropy().secret(), [0; 32]];
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
    }
}
