//! Turns by weight: each gets as many turns of a round as its weight is, spread evenly over it.
//!
//! A round is the time from 0 to 1, and has as many turns as all weights together. The turns of the one at place *i* are at
//! (0 + φᵢ) / wᵢ, (1 + φᵢ) / wᵢ, …; the phase φᵢ, a different one for each place, keeps those of equal weight apart. Who has turn *t* is so known from
//! the number alone: nothing is counted, and callers on several threads share no more than that number.

/// The time of a round is divided into so many parts, as a power of two: more than the largest weight, so that nobody has two turns in one.
const PARTS: u32 = 32;
const ROUND: u64 = 1 << PARTS;

/// So many turns of a round are worked out beforehand, or so many for each place, if that is more.
const KEPT: u64 = 1024;
const KEPT_EACH: u64 = 8;

/// What all weights are multiples of: a round of 30 and 10 turns is one of 3 and 1.
fn unit(places: usize, weight: impl Fn(usize) -> u16) -> u64 {
    fn common(mut a: u64, mut b: u64) -> u64 {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    }
    (0..places).fold(0, |unit, place| if unit == 1 { 1 } else { common(unit, weight(place).into()) })
}

/// Who has each turn of a round: what [`place_of`] says of them. Nobody, if there are too many to be kept.
pub(super) fn round(places: usize, weight: impl Fn(usize) -> u16) -> Box<[u32]> {
    let unit = unit(places, &weight).max(1);
    let turns = |place: usize| u64::from(weight(place)) / unit;
    if (0..places).map(turns).sum::<u64>() > KEPT.max(KEPT_EACH * places as u64) {
        return Box::default();
    }
    let at = |place: usize, turn: u64| (turn * ROUND + phase(place)).div_ceil(turns(place));
    let of_one = |place: usize| (0..turns(place)).map(move |turn| (at(place, turn), place as u32));
    let mut all: Vec<_> = (0..places).flat_map(of_one).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, place)| place).collect()
}

/// The place that has the turn of this number, of `places`; none if no weight is more than 0.
pub(super) fn place_of(turn: usize, places: usize, weight: impl Fn(usize) -> u16) -> Option<usize> {
    let unit = unit(places, &weight).max(1);
    let weight = |place: usize| u64::from(weight(place)) / unit;
    let all: u64 = (0..places).map(weight).sum();
    let turn = (turn as u64).checked_rem(all)?;
    // How many turns there are up to a part of the round, of one and of all.
    let of_one = |place: usize, part: u64| (weight(place) * part + ROUND - phase(place)) >> PARTS;
    let of_all = |part: u64| (0..places).map(|place| of_one(place, part)).sum::<u64>();
    // Each is less than one turn from its even share.
    let near = |turn: u64| (u128::from(turn) * u128::from(ROUND) / u128::from(all)).min(ROUND.into()) as u64;
    let (mut before, mut at) = (near(turn.saturating_sub(places as u64)), near(turn + 2 + places as u64));
    // There are no more than `turn` up to `before`, and more up to `at`.
    while at - before > 1 {
        let middle = before + (at - before) / 2;
        if of_all(middle) > turn { at = middle } else { before = middle }
    }
    let earlier = turn - of_all(before);
    (0..places).filter(|&place| of_one(place, at) > of_one(place, before)).nth(earlier as usize)
}

/// The place that a number less than all weights together falls to.
pub(super) fn drawn(mut number: usize, places: usize, weight: impl Fn(usize) -> u16) -> Option<usize> {
    (0..places).find(|&place| {
        let weight = usize::from(weight(place));
        let falls = number < weight;
        number = number.saturating_sub(weight);
        falls
    })
}

/// A different part of a round for each place, never 0: multiples of the golden ratio.
fn phase(place: usize) -> u64 {
    u64::from((place as u32).wrapping_add(1).wrapping_mul(0x9e37_79b9).max(1))
}

/// So much that the same load is less for one of more weight.
pub(super) fn load(load: usize, weight: u16) -> u64 {
    ((load as u64).saturating_add(1) << 16).checked_div(weight.into()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn turns(weights: &[u16]) -> Vec<usize> {
        let all = weights.iter().map(|&weight| usize::from(weight)).sum();
        let turns: Vec<_> =
            (0..all).map(|turn| place_of(turn, weights.len(), |place| weights[place]).unwrap()).collect();
        let kept = round(weights.len(), |place| weights[place]);
        assert!(all == 0 || !kept.is_empty(), "{weights:?}");
        for (turn, place) in turns.iter().enumerate() {
            assert_eq!(kept[turn % kept.len()] as usize, *place, "{weights:?}: what is kept of turn {turn}");
        }
        turns
    }

    #[test]
    fn one_of_much_weight_has_its_turns_between_those_of_others() {
        assert_eq!(turns(&[5, 1, 1]), [0, 1, 0, 0, 0, 2, 0]);
        assert_eq!(turns(&[50, 10, 10])[..8], [0, 1, 0, 0, 0, 2, 0, 0]);
        assert_eq!(turns(&[1, 0, 1]), [0, 2]);
        assert_eq!((place_of(7, 0, |_| 1), place_of(7, 3, |_| 0)), (None, None));
        assert_eq!(place_of(7 + 3 * 2, 3, |place| [1, 0, 1][place]), Some(2), "round after round");
    }

    #[test]
    fn in_each_round_everybody_has_as_many_turns_as_its_weight_and_they_are_spread_evenly() {
        let rng = Rng::from_seed(7);
        for _ in 0..200 {
            let weights: Vec<u16> = (0..1 + rng.below(9)).map(|_| [0, 1, 1, 2, 3, 10, 100][rng.below(7)]).collect();
            let turns = turns(&weights);
            for (place, &weight) in weights.iter().enumerate() {
                let mut had = 0.0;
                for (turn, who) in turns.iter().enumerate() {
                    had += f64::from(u8::from(*who == place));
                    let share = (turn + 1) as f64 * f64::from(weight) / turns.len() as f64;
                    // Its own turn comes within its own time, and those of others shift it by less than one each.
                    let off = 1.0 + weights.len() as f64 * f64::from(weight) / turns.len() as f64;
                    assert!(
                        (had - share).abs() <= off,
                        "{weights:?}: {place} at turn {turn} has had {had}, not {share}"
                    );
                }
                assert_eq!(had as u16, weight, "{weights:?}: {place}");
            }
        }
    }

    #[test]
    fn the_largest_weights_and_numbers_have_places() {
        let (places, weight) = (5_000, |place: usize| u16::MAX - (place % 2) as u16);
        assert!(round(places, weight).is_empty(), "too many to be kept");
        for turn in [0, 1, 65_534 * places, usize::MAX] {
            assert!(place_of(turn, places, weight).is_some_and(|place| place < places), "{turn}");
        }
        assert_eq!((drawn(65_534, 2, |_| u16::MAX), drawn(65_535, 2, |_| u16::MAX)), (Some(0), Some(1)));
        assert_eq!((drawn(0, 3, |place| place as u16), drawn(2, 3, |place| place as u16)), (Some(1), Some(2)));
        assert!(load(usize::MAX, 1) > load(3, 0).min(1) && load(3, 0) == u64::MAX && load(5, 2) == load(2, 1));
    }
}
