//! The wheel beside a sorted map, which does the same in another way.

use std::collections::BTreeMap;

use super::*;

/// What comes out up to `now`, and when there is something to do next.
fn advance(wheel: &mut Wheel<u64, ()>, now: u64) -> (Vec<Key>, Option<u64>) {
    let mut due = Vec::new();
    loop {
        match wheel.step(now) {
            Step::Due(key) => due.push(key),
            Step::Moved => {}
            Step::Idle(next) => return (due, next),
        }
    }
}

/// How far ahead: near and far alike, each power of two as often as any other.
fn ahead(rng: &mut fastrand::Rng, most: u32) -> u64 {
    let bits = rng.u32(..most);
    rng.u64(..=(1 << bits))
}

#[test]
fn what_is_armed_while_a_slot_moves_comes_after_what_lies_in_it_for_the_same_tick() {
    const WHEN: u64 = 3 * 64 + 5;
    let mut wheel = Wheel::new();
    let group = wheel.open(());
    let [a, b, again] = [1, 2, 3].map(|value| wheel.insert(group, WHEN, value).unwrap());
    assert_eq!(wheel.step(WHEN), Step::Moved, "one of them has come down");
    let [earlier, c] = [(WHEN - 1, 4), (WHEN, 5)].map(|(when, value)| wheel.insert(group, when, value).unwrap());
    wheel.rearm(again, WHEN);
    assert_eq!(advance(&mut wheel, WHEN).0, [earlier, a, b, c, again]);
}

#[test]
fn all_comes_out_at_its_tick_in_the_order_of_arming_and_what_was_removed_never() {
    for seed in 0..20 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut wheel, mut now, mut armed) = (Wheel::new(), 0, 0_u64);
        let group = wheel.open(());
        // By when it is due, and how much was armed before.
        let mut model: BTreeMap<(u64, u64), Key> = BTreeMap::new();
        for _ in 0..4_000 {
            match rng.u32(..100) {
                0..50 => {
                    let when = now + ahead(&mut rng, 36);
                    armed += 1;
                    model.insert((when, armed), wheel.insert(group, when, armed).unwrap());
                }
                50..70 => {
                    let from = (now + ahead(&mut rng, 36), 0);
                    let Some((at, key)) = model.range(from..).next().map(|(at, key)| (*at, *key)) else { continue };
                    model.remove(&at);
                    assert_eq!(wheel.get(key), Some(&at.1));
                    if rng.bool() {
                        assert_eq!(wheel.remove(key), Some(at.1));
                        assert_eq!(wheel.remove(key), None, "only once");
                    } else {
                        let when = now + ahead(&mut rng, 20);
                        wheel.rearm(key, when);
                        armed += 1;
                        *wheel.get_mut(key).unwrap() = armed;
                        model.insert((when, armed), key);
                    }
                }
                _ => {
                    now += ahead(&mut rng, 30);
                    let (due, next) = advance(&mut wheel, now);
                    let later = model.split_off(&(now + 1, 0));
                    assert_eq!(due, model.values().copied().collect::<Vec<_>>(), "seed {seed}, at {now}");
                    for (key, (_, order)) in due.into_iter().zip(model.keys()) {
                        assert_eq!(wheel.remove(key), Some(*order));
                    }
                    model = later;
                    let first = model.keys().next().map(|(when, _)| *when);
                    assert_eq!(next.is_some(), first.is_some());
                    assert!(next.is_none_or(|next| next > now && Some(next) <= first), "{next:?} {first:?}");
                }
            }
            assert_eq!(wheel.len(), model.len());
        }
    }
}

#[test]
fn who_makes_few_steps_at_a_time_misses_nothing_that_is_armed_meanwhile() {
    for seed in 0..20 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut wheel, mut now, mut out) = (Wheel::new(), 0, vec![false; 5_000]);
        let group = wheel.open(());
        for round in 0..6_000 {
            if round < out.len() {
                let when = now + ahead(&mut rng, 14);
                wheel.insert(group, when, (round, when)).unwrap();
            }
            now += if round < out.len() { rng.u64(..3) } else { 100 };
            for _ in 0..if round < out.len() { rng.u32(..6) } else { 100 } {
                if let Step::Due(key) = wheel.step(now) {
                    let (number, when) = wheel.remove(key).expect("it is there");
                    assert!(when <= now && !std::mem::replace(&mut out[number], true), "none early, none twice");
                }
            }
        }
        assert_eq!((wheel.step(now), wheel.len()), (Step::Idle(None), 0));
        assert!(out.iter().all(|came| *came), "none lost");
    }
}

#[test]
fn a_crowd_that_is_far_comes_nearer_while_nothing_is_due_so_that_nothing_near_waits_for_all_of_it() {
    // In the 4 s from 8,192 on, and in those from 262,144 on, where three levels change.
    for from in [8_192, 262_144_u64] {
        let mut wheel = Wheel::new();
        let group = wheel.open(());
        for number in 0..20_000 {
            wheel.insert(group, from + number % 4_000, number).unwrap();
        }
        assert_eq!(advance(&mut wheel, 0).0, []);
        let (mut came, mut most) = (0, 0);
        for now in from - 10..from + 4_000 {
            let mut moves = 0;
            loop {
                match wheel.step(now) {
                    Step::Due(_) => came += 1,
                    Step::Moved => moves += 1,
                    Step::Idle(_) => break,
                }
            }
            most = most.max(moves);
        }
        assert_eq!(came, 20_000);
        assert!(most <= 64 * 5, "what 64 ticks have: {most}");
    }
}

#[test]
fn what_is_armed_for_a_slot_that_is_prepared_comes_after_what_was() {
    let (first, second) = (4_096 + 3, 4_096 + 700);
    let mut wheel = Wheel::new();
    let group = wheel.open(());
    let arm = |wheel: &mut Wheel<u64, ()>, when| wheel.insert(group, when, 0).unwrap();
    let a = [arm(&mut wheel, first), arm(&mut wheel, second)];
    assert_eq!(advance(&mut wheel, 1).0, [], "they are prepared");
    let b = [arm(&mut wheel, first), arm(&mut wheel, second)];
    assert_eq!(wheel.step(4_096), Step::Moved, "the present has come");
    let c = [arm(&mut wheel, first), arm(&mut wheel, second)];
    let removed = arm(&mut wheel, second);
    assert_eq!(wheel.remove(removed), Some(0));
    assert_eq!(advance(&mut wheel, 10_000), (vec![a[0], b[0], c[0], a[1], b[1], c[1]], None));
}

#[test]
fn what_is_armed_for_the_past_is_due_at_once_and_what_is_too_far_at_last() {
    let mut wheel = Wheel::new();
    let group = wheel.open(());
    let far = wheel.insert(group, u64::MAX, 1).unwrap();
    assert_eq!(advance(&mut wheel, 1_000_000).0, []);
    let past = wheel.insert(group, 3, 2).unwrap();
    assert_eq!(advance(&mut wheel, 1_000_000).0, [past]);
    assert_eq!(advance(&mut wheel, LAST - 1).0, []);
    assert_eq!(advance(&mut wheel, LAST), (vec![far], None));
}

#[test]
fn a_group_that_ends_takes_its_own_along_and_no_others() {
    let mut wheel = Wheel::new();
    let (one, other) = (wheel.open('a'), wheel.open('b'));
    let keys: Vec<Key> = (0..1000).map(|n| wheel.insert(if n % 2 == 0 { one } else { other }, n, n).unwrap()).collect();
    assert_eq!((wheel.group_of(keys[0]), wheel.group_of(keys[1])), (Some(&'a'), Some(&'b')));
    assert_eq!(wheel.step(0), Step::Due(keys[0]), "it belongs to its group still");
    assert_eq!((wheel.take_of(one), wheel.close(one)), (Some(0), None), "the first goes first");
    while wheel.take_of(one).is_some() {}
    assert_eq!((wheel.close(one), wheel.close(one)), (Some('a'), None));
    assert_eq!(wheel.insert(one, 1, 1), Err(1));
    let mut left = Vec::new();
    while wheel.len() > 0 {
        if let Step::Due(key) = wheel.step(2000) {
            left.extend(wheel.remove(key));
        }
    }
    assert_eq!(left, (0..1000).filter(|n| n % 2 == 1).collect::<Vec<_>>());
}

#[test]
fn a_key_names_one_entry_and_never_the_next_in_its_place() {
    let mut wheel = Wheel::new();
    let group = wheel.open(());
    let first = wheel.insert(group, 5, 1).unwrap();
    assert_eq!(wheel.remove(first), Some(1));
    let second = wheel.insert(group, 6, 2).unwrap();
    assert_eq!((first.index, wheel.get(first)), (second.index, None));
    assert_eq!(wheel.remove(first), None);
    wheel.rearm(first, 1);
    assert_eq!(advance(&mut wheel, 5).0, []);
    assert_eq!(advance(&mut wheel, 6).0, [second]);
}

#[test]
fn a_million_come_out_once_each_and_what_is_removed_gives_its_memory_back() {
    const ALL: u64 = 1_000_000;
    let (mut wheel, mut rng) = (Wheel::new(), fastrand::Rng::with_seed(1));
    let group = wheel.open(());
    let keys: Vec<Key> = (0..ALL).map(|n| wheel.insert(group, rng.u64(..60_000), n).unwrap()).collect();
    let full = wheel.chunks();
    keys.iter().filter(|_| rng.bool()).for_each(|key| assert!(wheel.remove(*key).is_some()));
    let left = wheel.len();
    let mut seen = vec![false; ALL as usize];
    let (due, next) = advance(&mut wheel, 60_000);
    assert_eq!((due.len(), next), (left, None));
    for key in due {
        let number = wheel.remove(key).unwrap() as usize;
        assert!(!std::mem::replace(&mut seen[number], true), "none twice");
    }
    assert_eq!((wheel.len(), wheel.chunks()), (0, 1), "of {full}");
}
