//! What a peer says that lies, or is of another version: nothing ends, and nothing is committed that is not there.

use super::{batch, follower, has, leader, member, pid, point, record, says, set};
use crate::{
    id::Epoch,
    replica::{Answer, Batch, Follower, Heard, Kind, Leader, Member, Point},
    rng::Rng,
};

const NUMBERS: [u64; 12] = [0, 1, 2, 3, 4, 5, 6, (1 << 62) - 1, 1 << 62, 1 << 63, u64::MAX - 1, u64::MAX];

/// Often small, so that it fits sometimes.
fn number(rng: &Rng) -> u64 {
    NUMBERS[if rng.below(3) == 0 { rng.below(NUMBERS.len()) } else { rng.below(7) }]
}

fn any_point(rng: &Rng) -> Point {
    point(number(rng), number(rng))
}

fn any_member(rng: &Rng) -> Member {
    let incarnation = [0, 0, 0, 1, 2, u32::MAX][rng.below(6)];
    Member { incarnation, ..member(rng.below(4)) }
}

pub(super) fn any_batch(rng: &Rng) -> Batch {
    Batch {
        epoch: Epoch(number(rng)),
        from: any_member(rng),
        to: pid([1, 1, 1, 0][rng.below(4)]),
        previous: if rng.below(2) == 0 { point(1, rng.below(4) as u64) } else { any_point(rng) },
        records: (0..rng.below(4)).map(|_| record(number(rng).min(9), 1)).collect(),
        end: number(rng),
        commit: number(rng),
        version: number(rng),
        members: (0..rng.below(3)).map(|_| any_member(rng)).collect(),
    }
}

fn any_answer(rng: &Rng) -> Answer {
    let kind = match rng.below(7) {
        0 | 1 => Kind::Has { upto: number(rng), version: number(rng) },
        2 => Kind::Lacks { previous: number(rng), applied: any_point(rng) },
        3 => Kind::Empty,
        4 => Kind::Deposed,
        5 => Kind::Unfit,
        _ => Kind::Newer { epoch: Epoch(number(rng)) },
    };
    Answer { member: any_member(rng), epoch: Epoch([5, 5, 5, number(rng)][rng.below(4)]), kind }
}

fn is_whole(follower: &Follower) -> bool {
    let (held, log) = (follower.held(), follower.held().log());
    held.applied() <= held.commit() && log.base().index <= held.applied() && held.commit() <= log.last().index
}

#[test]
fn no_batch_breaks_a_follower() {
    for seed in 0..300 {
        let rng = Rng::from_seed(seed);
        let mut follower = follower(rng.below(4) as u64);
        for _ in 0..60 {
            let (before, commit) = (follower.me(), follower.held().commit());
            match rng.below(8) {
                0 => follower.trim(number(&rng)),
                1 => follower.has_applied(any_point(&rng)),
                2 => {
                    let set = set(number(&rng), &[0]);
                    let _ = follower.install(any_member(&rng), Epoch(number(&rng)), set, any_point(&rng));
                }
                _ => {
                    let batch = any_batch(&rng);
                    let answer = follower.receive(batch.clone());
                    assert_eq!((answer.member, answer.epoch), (follower.me(), batch.epoch));
                }
            }
            assert!(is_whole(&follower), "seed {seed}: {follower:?}");
            assert!(follower.me() != before || follower.held().commit() >= commit, "seed {seed}");
            while let Some((point, _)) = follower.held().unapplied() {
                follower.has_applied(point);
                assert_eq!(follower.held().applied(), point.index);
            }
        }
        // Whatever it was told, it can lead.
        let next = follower.epoch().0.saturating_add(1);
        let alone = crate::replica::InSync::founded_by(follower.me());
        assert!(follower.lead(Epoch(next), alone).is_ok() || next == u64::MAX);
    }
}

#[test]
fn no_answer_breaks_a_leader() {
    for seed in 0..300 {
        let rng = Rng::from_seed(seed);
        let mut leader = leader();
        for _ in 0..100 {
            let (of, peer) = (rng.below(4), pid(rng.below(4)));
            match rng.below(10) {
                0 => drop(leader.append(vec![])),
                1 => drop(leader.open(number(&rng))),
                2 => leader.unanswered(peer),
                3 => leader.trim(number(&rng)),
                4 => leader.learns(peer, any_point(&rng)),
                5 => drop(leader.may_add(peer).map(|new| leader.begin_change(grown(&leader, new)))),
                6 => drop(leader.changed(number(&rng).min(9))),
                7 => {
                    if let Some(batch) = leader.batch_for(peer, rng.below(300)) {
                        assert!(batch.previous.index + batch.records.len() as u64 <= leader.held().log().last().index);
                    }
                }
                _ => drop(leader.answered(pid(of), any_answer(&rng))),
            }
            assert!(leader.commit() <= leader.held().log().last().index, "seed {seed}");
        }
    }
}

fn grown(leader: &Leader, new: Member) -> std::collections::BTreeSet<Member> {
    leader.set().members.iter().copied().chain([new]).collect()
}

#[test]
fn acknowledgements_beyond_what_was_shipped_do_not_count() {
    let mut leader = leader();
    for of in [1, 2] {
        leader.batch_for(pid(of), 0);
        for upto in [4, u64::MAX] {
            assert_eq!(leader.answered(pid(of), has(of, 5, upto, 1)), Heard::Nothing);
        }
    }
    leader.answered(pid(1), says(1, 5, Kind::Lacks { previous: u64::MAX, applied: point(5, u64::MAX) }));
    assert_eq!(leader.commit(), 2);
    assert_eq!(leader.lagging(1).len(), 2);
}

#[test]
fn impossible_batches_are_not_taken() {
    let good = batch(2, point(1, 3), &[2], 0);
    let bad = [
        Batch { previous: point(1, 0), ..good.clone() },
        Batch { previous: point(0, 3), ..good.clone() },
        Batch { previous: point(1, u64::MAX), ..good.clone() },
        Batch { previous: point(3, 3), ..good.clone() },
        Batch { records: vec![record(2, 1), record(1, 1)], ..good.clone() },
        Batch { records: vec![record(3, 1)], ..good.clone() },
        Batch { to: pid(2), ..good.clone() },
    ];
    for batch in bad {
        let mut follower = follower(1);
        let previous = batch.previous.index;
        let kind = follower.receive(batch).kind;
        assert_eq!(kind, Kind::Lacks { previous, applied: point(1, 1) });
        assert_eq!((follower.epoch(), follower.held().log().last()), (Epoch(1), point(1, 3)));
    }
    assert_eq!(follower(1).receive(good).kind, Kind::Has { upto: 4, version: 1 });
}

#[test]
fn master_that_contradicts_itself_changes_nothing() {
    let mut follower = follower(1);
    follower.receive(batch(3, point(1, 3), &[2, 3], 3));
    for batch in [batch(3, point(2, 3), &[3], 9), batch(3, point(1, 3), &[3], 9)] {
        assert!(matches!(follower.receive(batch).kind, Kind::Lacks { .. }));
    }
    assert_eq!((follower.held().log().last(), follower.me()), (point(3, 5), member(1)));
}

#[test]
fn noise_on_the_wire_is_an_error() {
    let rng = Rng::from_seed(1);
    for _ in 0..2000 {
        let mut wire = postcard::to_stdvec(&any_batch(&rng)).unwrap();
        let at = rng.below(wire.len());
        wire[at] = rng.below(256) as u8;
        if let Ok(batch) = postcard::from_bytes::<Batch>(&wire) {
            follower(1).receive(batch);
        }
    }
}
