//! Readings in, decisions out.

use super::*;
use crate::error::Error;
use crate::scale::Strategy as _;

fn reading(at: u64, busy: f64, queued: f64) -> Reading {
    Reading { at: Duration::from_secs(at), busy, queued, ..Reading::default() }
}

/// How many there are after each look.
fn sizes(scale: &Scale, bounds: RangeInclusive<u16>, readings: impl IntoIterator<Item = Reading>) -> Vec<u32> {
    scale.replay(bounds, readings).unwrap().iter().map(|decision| decision.to).collect()
}

const FULL: f64 = 1_000.0;

#[test]
fn bounds_are_reached_exactly_both_ways_and_never_passed() {
    let scale = Scale::queue_depth(10);
    let up = (0..8).map(|at| reading(at * 10, 16.0, FULL));
    let down = (8..13).map(|at| reading(at * 10, 0.0, 0.0));
    assert_eq!(sizes(&scale, 2..=16, up.chain(down)), [3, 5, 8, 12, 16, 16, 16, 16, 8, 4, 2, 2, 2]);
    let bounds = [(1_u16, 1_u16), (1, 2), (3, 7), (2, 16), (1, 65_535), (65_534, 65_535)];
    let paces = [(1.000_001, 0.999_999), (1.1, 0.9), (1.5, 0.5), (2.0, 0.0), (1e9, 0.01)];
    for ((least, most), (grow, shrink)) in bounds.into_iter().flat_map(|it| paces.map(|pace| (it, pace))) {
        // By one each time it takes as many looks as there are numbers.
        let most = most.min(least.saturating_add(2_000));
        let scale = Scale::queue_depth(10).grow(grow).shrink(shrink);
        let looks = u64::from(most - least) + 2;
        let up = (0..looks).map(|at| reading(at, 1.0, FULL));
        let down = (looks..2 * looks).map(|at| reading(at, 0.0, 0.0));
        let sizes = sizes(&scale, least..=most, up.chain(down));
        let (up, down) = sizes.split_at(looks as usize);
        let bounds = u32::from(least)..=u32::from(most);
        assert!(sizes.iter().all(|size| bounds.contains(size)));
        assert!(up.is_sorted() && down.is_sorted_by(|one, next| one >= next));
        assert_eq!(
            (up.last(), down.last()),
            (Some(bounds.end()), Some(bounds.start())),
            "{bounds:?}, {grow}, {shrink}"
        );
    }
}

#[test]
fn what_is_a_whole_number_is_not_rounded_up_for_its_last_bits() {
    // 10.0 * 1.1 is 11.000000000000002.
    let scale = Scale::queue_depth(10).grow(1.1);
    assert_eq!(sizes(&scale, 10..=100, [reading(0, 1.0, FULL)]), [11]);
    // 30.0 * 0.7 is 20.999999999999996.
    let scale = Scale::queue_depth(10).grow(10.0).shrink(0.7);
    assert_eq!(sizes(&scale, 3..=30, [reading(0, 1.0, FULL), reading(1, 0.0, 0.0)]), [30, 21]);
}

#[test]
fn a_change_is_left_alone_while_it_cools_down() {
    let scale = Scale::queue_depth(10).cool_down(Duration::from_secs(25));
    let decisions = scale.replay(2..=16, (0..7).map(|at| reading(at * 10, 2.0, FULL))).unwrap();
    let sizes: Vec<u32> = decisions.iter().map(|decision| decision.to).collect();
    assert_eq!(sizes, [3, 3, 3, 5, 5, 5, 8]);
    assert_eq!((decisions[1].step, decisions[1].is_change()), (Step::Grow, false));
    assert!(decisions[1].why.ends_with("is left alone for another 15s"), "{}", decisions[1].why);
}

#[test]
fn it_goes_on_from_what_somebody_has_set_by_hand() {
    let mut engine = Engine::new(Scale::queue_depth(10), 2..=16);
    let mut look = |from: u32, queued: f64| engine.look(from, reading(0, 0.0, queued));
    assert_eq!((look(2, FULL).to, look(12, FULL).to), (3, 16));
    let by_hand = look(2, FULL);
    assert_eq!((by_hand.from, by_hand.to, by_hand.reading.workers), (2, 3, 2), "there were 16");
    assert_eq!(look(16, 0.0).to, 8);
}

/// Says always the same.
fn says(verdict: Verdict) -> Scale {
    Scale::by(move |_: &Reading| verdict.clone())
}

fn verdict(scale: &Scale) -> (Option<Step>, String) {
    let Verdict { step, why } = scale.verdict(&Reading::default());
    (step, why)
}

#[test]
fn any_takes_the_highest_all_the_lowest_and_who_cannot_tell_is_not_there() {
    let [grow, hold, shrink, unknown] =
        [Verdict::grow("g"), Verdict::hold("h"), Verdict::shrink("s"), Verdict::unknown("u")].map(says);
    let all = || [&grow, &hold, &shrink, &unknown].map(Scale::clone);
    assert_eq!(verdict(&Scale::any(all())), (Some(Step::Grow), "g".into()));
    assert_eq!(verdict(&Scale::all(all())), (Some(Step::Shrink), "s".into()));
    let few = || [&unknown, &shrink, &shrink].map(Scale::clone);
    assert_eq!(verdict(&Scale::any(few())), (Some(Step::Shrink), "s".into()));
    let none = || [unknown.clone()];
    assert_eq!(verdict(&Scale::any(none())), (None, "u".into()));
    assert_eq!(verdict(&Scale::all(none())), (None, "u".into()));
    assert_eq!(sizes(&unknown, 2..=4, [reading(0, 1.0, FULL)]), [2], "alone it holds");
    // Each within the other.
    let nested = Scale::all([Scale::any([hold.clone(), grow.clone()]), Scale::any([grow.clone()])]);
    assert_eq!(verdict(&nested), (Some(Step::Grow), "g".into()));
}

#[test]
fn weights_decide_by_more_than_half() {
    let [grow, hold, shrink, unknown] =
        [Verdict::grow("g"), Verdict::hold("h"), Verdict::shrink("s"), Verdict::unknown("u")].map(says);
    let step = |weights: [f64; 4]| {
        let of = weights.into_iter().zip([&grow, &hold, &shrink, &unknown].map(Scale::clone));
        Scale::weighted(of.filter(|(weight, _)| *weight > 0.0)).verdict(&Reading::default()).step
    };
    assert_eq!(step([2.0, 1.0, 0.0, 0.0]), Some(Step::Grow));
    assert_eq!(step([1.0, 1.0, 0.0, 0.0]), Some(Step::Hold), "half is not more than half");
    assert_eq!(step([1.0, 0.0, 2.0, 0.0]), Some(Step::Hold));
    assert_eq!(step([0.1, 0.0, 2.0, 0.0]), Some(Step::Shrink));
    assert_eq!(step([1.0, 0.0, 0.0, 9.0]), Some(Step::Grow), "who cannot tell has no weight");
    assert_eq!(step([0.0, 0.0, 0.0, 1.0]), None);
    let why = Scale::weighted([(3.0, grow), (1.0, shrink)]).verdict(&Reading::default()).why;
    assert_eq!(why, "of a weight of 4, 3 is for more and 1 for fewer");
}

#[test]
fn each_strategy_judges_what_it_is_named_for() {
    let of = |scale: &Scale, reading: Reading| scale.verdict(&Reading { workers: 8, ..reading }).step;
    let (grow, hold, shrink) = (Some(Step::Grow), Some(Step::Hold), Some(Step::Shrink));
    let depth = Scale::queue_depth(10);
    let readings = [(8.0, 10.1), (8.0, 10.0), (4.0, 0.0), (3.9, 0.9), (3.9, 1.0)];
    let steps = readings.map(|(busy, queued)| of(&depth, reading(0, busy, queued)));
    assert_eq!(steps, [grow, hold, hold, shrink, hold]);
    let wait = Scale::wait_p99(Duration::from_millis(5));
    let waits = [(5_001, 8.0), (5_000, 8.0), (2_501, 0.0), (2_500, 0.0), (2_500, 4.0)];
    let steps = waits
        .map(|(micros, busy)| of(&wait, Reading { wait_p99: Duration::from_micros(micros), ..reading(0, busy, 0.0) }));
    assert_eq!(steps, [grow, hold, hold, shrink, hold]);
    let cpu = Scale::cpu(0.2..=0.8);
    let steps = [0.81, 0.8, 0.2, 0.19].map(|cpu_now| of(&cpu, Reading { cpu: Some(cpu_now), ..Reading::default() }));
    assert_eq!(steps, [grow, hold, hold, shrink]);
    assert_eq!(of(&cpu, Reading::default()), None, "nobody knows");
}

#[test]
fn a_strategy_that_panics_cannot_tell() {
    let scale = Scale::by(|_: &Reading| -> Verdict { panic!("of fear") });
    let (step, why) = verdict(&scale);
    assert_eq!(step, None);
    assert!(why.contains("of fear"), "{why}");
    let nested = Scale::weighted([(1.0, Scale::queue_depth(1)), (1.0, Scale::any([scale]))]);
    let mut engine = Engine::new(nested, 2..=16);
    assert_eq!((engine.look(2, reading(0, 2.0, 0.0)).step, engine.panicked()), (Step::Hold, Some("of fear")));
    let mut engine = Engine::new(Scale::queue_depth(1), 2..=16);
    assert_eq!((engine.look(2, reading(0, 2.0, 0.0)).step, engine.panicked()), (Step::Hold, None));
}

#[test]
fn recorded_readings_give_the_decisions_that_they_gave() {
    let scale = Scale::any([Scale::queue_depth(10), Scale::wait_p99(Duration::from_millis(5))])
        .cool_down(Duration::from_secs(20));
    let readings: Vec<Reading> = (0..200)
        .map(|at| Reading {
            wait_p99: Duration::from_millis(at % 7),
            cpu: Some(0.5),
            ..reading(at * 10, (at % 17) as f64, (at * at % 23) as f64)
        })
        .collect();
    let first = scale.replay(2..=16, readings.clone()).unwrap();
    // As they are written down with the decisions, with the workers that there were.
    let recorded: Vec<Reading> =
        serde_json::from_str(&serde_json::to_string(&first.iter().map(|it| it.reading).collect::<Vec<_>>()).unwrap())
            .unwrap();
    assert_eq!(scale.replay(2..=16, recorded).unwrap(), first);
    assert!(first.iter().any(|it| it.to > it.from) && first.iter().any(|it| it.to < it.from));
}

/// So many that stand in each other.
fn nested(deep: usize) -> Scale {
    (1..deep).fold(Scale::queue_depth(1), |inner, at| match at % 3 {
        0 => Scale::any([inner]),
        1 => Scale::all([inner]),
        _ => Scale::weighted([(1.0, inner)]),
    })
}

#[test]
fn what_cannot_be_is_refused_with_what_to_write() {
    let ms = Duration::from_millis;
    let cases = [
        (Scale::queue_depth(1).grow(1.0), "more than 1"),
        (Scale::queue_depth(1).grow(f64::NAN), "more than 1"),
        (Scale::queue_depth(1).shrink(1.0), "less than 1"),
        (Scale::queue_depth(1).shrink(-0.1), "less than 1"),
        (Scale::queue_depth(1).every(ms(9)), "10 ms to a day"),
        (Scale::queue_depth(1).cool_down(Duration::MAX), "a day at most"),
        (Scale::cpu(0.8..=0.2), "the smaller one first"),
        (Scale::cpu(0.2..=80.0), "from 0 to 1"),
        (Scale::cpu(f64::NAN..=0.8), "from 0 to 1"),
        (Scale::wait_p99(ms(0)), "write some"),
        (Scale::any([]), "one strategy at least"),
        (Scale::all([Scale::any([])]), "one strategy at least"),
        (Scale::weighted([]), "one strategy at least"),
        (Scale::weighted([(0.0, Scale::queue_depth(1))]), "a weight of more than 0"),
        (Scale::weighted([(1.0, Scale::queue_depth(1)), (f64::MAX, Scale::queue_depth(1))]), "1e9 at most"),
        (Scale::weighted([(f64::INFINITY, Scale::queue_depth(1))]), "1e9 at most"),
        (Scale::weighted([(f64::NAN, Scale::queue_depth(1))]), "1e9 at most"),
        (nested(65), "64 deep"),
        (nested(1_000), "64 deep"),
        (Scale::any([Scale::queue_depth(1).every(ms(20))]), "say it outside, `Scale::any(…).grow(…)`"),
    ];
    for (scale, expected) in cases {
        let Err(Error::Configuration(why)) = scale.replay(2..=16, []) else { panic!("{scale:?} was taken") };
        assert!(why.contains(expected), "{why}");
    }
    assert_eq!(sizes(&nested(64), 2..=16, [reading(0, 1.0, FULL)]), [3]);
    let heaviest = [Scale::queue_depth(1), Scale::queue_depth(2)].map(|scale| (1e9, scale));
    assert_eq!(sizes(&Scale::weighted(heaviest), 2..=16, [reading(0, 1.0, FULL)]), [3]);
    assert!(Scale::queue_depth(1).replay(0..=16, []).is_err());
    assert!(Scale::any([Scale::queue_depth(1), Scale::cpu(0.2..=0.8)]).every(ms(10)).replay(2..=16, []).is_ok());
}
