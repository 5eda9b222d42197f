//! What the rules say, one by one. What they are good for together, `tools/model` tries out.

use std::collections::BTreeSet;

use super::rules::*;

type Set = BTreeSet<u8>;

fn set(members: &[u8]) -> Set {
    members.iter().copied().collect()
}

fn at(epoch: u64, version: u64) -> Order {
    Order { epoch, version }
}

fn claim(by: u8, order: Order, members: &[u8]) -> Claim<Set> {
    Claim { by, round: 7, order, members: set(members) }
}

#[test]
fn both_sets_acknowledge_while_a_change_is_under_way() {
    assert_eq!(needed(&set(&[0, 1]), None, 0), set(&[1]));
    assert_eq!(needed(&set(&[0, 1, 2]), Some(&set(&[0, 1])), 0), set(&[1, 2]), "who is being taken out");
    assert_eq!(needed(&set(&[0, 1]), Some(&set(&[0, 1, 2])), 0), set(&[1, 2]), "who is being added");
    assert_eq!(needed(&set(&[0]), None, 0), set(&[]));
}

#[test]
fn acknowledgement_counts_under_the_version_that_it_was_told() {
    assert!(counts(3, 3));
    assert!(!counts(2, 3));
    assert!(!counts(4, 3));
}

#[test]
fn committed_is_what_everyone_has_from_the_barrier_on() {
    let upto = |barrier, acknowledged: fn(u8) -> Option<u64>| committed(&set(&[1, 2]), 9, barrier, acknowledged);
    assert_eq!(upto(5, |member| Some(u64::from(member) + 5)), Some(6));
    assert_eq!(upto(6, |_| Some(6)), Some(6), "the barrier itself");
    assert_eq!(upto(7, |_| Some(6)), None, "all have it, but not the barrier");
    assert_eq!(upto(1, |member| (member == 1).then_some(9)), None, "one has said nothing");
    assert_eq!(upto(1, |_| Some(10)), Some(9), "nobody has more than the log");
}

#[test]
fn alone_it_commits_at_once() {
    assert_eq!(committed(&set(&[]), 9, 5, |_| None), Some(9));
    assert_eq!(committed(&set(&[]), 4, 5, |_| None), None);
}

#[test]
fn lower_epochs_are_not_followed() {
    assert!(may_follow(3, false, 3));
    assert!(may_follow(3, false, 4));
    assert!(!may_follow(3, false, 2));
    assert!(!may_follow(3, true, 3), "its own epoch, in which it leads");
    assert!(may_follow(3, true, 4));
}

#[test]
fn older_sets_are_not_learnt() {
    assert!(may_learn(at(3, 2), at(3, 2)));
    assert!(may_learn(at(3, 2), at(3, 3)));
    assert!(may_learn(at(3, 2), at(4, 1)));
    assert!(!may_learn(at(3, 2), at(3, 1)));
}

#[test]
fn handlers_commit_only_in_the_epoch_in_which_they_began() {
    assert!(may_commit(3, Some(3)));
    assert!(!may_commit(3, Some(4)));
    assert!(!may_commit(3, None));
}

#[test]
fn one_change_at_a_time_by_a_lease_that_counts() {
    assert!(may_change(false, true, true));
    assert!(!may_change(true, true, true));
    assert!(!may_change(false, false, true));
    assert!(!may_change(false, true, false));
}

#[test]
fn whoever_is_added_has_all_that_is_acknowledged() {
    assert!(may_add(Some(6), 6, 5));
    assert!(!may_add(Some(5), 6, 5), "it lags");
    assert!(!may_add(None, 6, 5));
    assert!(!may_add(Some(6), 4, 5), "the barrier is not committed");
}

#[test]
fn deposed_master_drops_its_state_when_no_set_names_it() {
    assert!(!must_drop(&set(&[0, 1]), None, 0));
    assert!(!must_drop(&set(&[0, 1]), Some(&set(&[1])), 0), "it is being taken out, and is not out yet");
    assert!(!must_drop(&set(&[1]), Some(&set(&[0, 1])), 0));
    assert!(must_drop(&set(&[1]), None, 0));
    assert!(must_drop(&set(&[1]), Some(&set(&[1, 2])), 0));
}

#[test]
fn master_with_nothing_outstanding_goes_on_as_a_follower() {
    assert!(may_go_on(6, 6));
    assert!(!may_go_on(6, 5));
}

#[test]
fn knowing_better_is_by_epoch_first() {
    assert!(knows_better(Some(at(3, 1)), Some(at(2, 9))));
    assert!(knows_better(Some(at(3, 2)), Some(at(3, 1))));
    assert!(!knows_better(Some(at(3, 1)), Some(at(3, 1))));
    assert!(!knows_better(Some(at(2, 9)), Some(at(3, 1))));
    assert!(knows_better(Some(at(1, 1)), None), "the record is gone");
    assert!(!knows_better(None, None), "it has nothing");
}

#[test]
fn only_who_is_named_stands() {
    let stands = |me, own, claimed, settled| may_stand(me, own, &set(&[0, 1]), at(3, 2), claimed, settled);
    assert!(stands(0, Some(at(3, 2)), None, true));
    assert!(stands(1, Some(at(2, 5)), Some(at(3, 2)), true), "a claim of what the record says is none above it");
    assert!(!stands(2, Some(at(3, 2)), None, true), "it is not in sync");
    assert!(!stands(0, Some(at(3, 2)), None, false), "the registry has just come back");
    assert!(!stands(0, Some(at(3, 3)), None, true), "it knows better");
    assert!(!stands(0, Some(at(3, 2)), Some(at(3, 3)), true), "somebody else does");
}

#[test]
fn a_claim_above_the_record_makes_everyone_claim() {
    assert!(must_claim(Some(at(3, 3)), Some(at(3, 2)), None), "it knows better");
    assert!(must_claim(Some(at(3, 1)), Some(at(3, 2)), Some(at(3, 3))), "somebody else does");
    assert!(must_claim(Some(at(1, 1)), None, None));
    assert!(!must_claim(Some(at(3, 2)), Some(at(3, 2)), Some(at(3, 2))));
    assert!(!must_claim(None, None, Some(at(3, 3))), "it has nothing to say");
}

#[test]
fn claims_of_a_round_are_never_lowered() {
    let high = claim(1, at(3, 3), &[1]);
    let low = claim(1, at(3, 2), &[0, 1]);
    assert!(claim_replaces(None, &low));
    assert!(claim_replaces(Some(&low), &high));
    assert!(claim_replaces(Some(&low), &low));
    assert!(!claim_replaces(Some(&high), &low));
    assert!(claim_replaces(Some(&Claim { round: 6, ..high }), &low), "that one is out of a backup");
}

#[test]
fn enough_are_in_sync_where_both_sets_have_enough() {
    let (one, two) = (set(&[0]), set(&[0, 1]));
    assert!(are_enough(&one, None, 1));
    assert!(!are_enough(&one, None, 2));
    assert!(are_enough(&two, None, 2));
    assert!(!are_enough(&two, Some(&one), 2), "the registry may have made it smaller");
    assert!(!are_enough(&one, Some(&two), 2), "it may not have made it larger");
}

#[test]
fn highest_claim_wins_when_all_that_it_names_have_claimed() {
    let claims = [claim(0, at(3, 2), &[0, 1]), claim(1, at(3, 2), &[0, 1]), claim(2, at(3, 1), &[0, 1, 2])];
    let wins =
        |claim: &Claim<Set>, claims: &[Claim<Set>]| claim_wins(claim, claims, &set(&[]), 7, Some(at(2, 4)), true);
    assert!(wins(&claims[0], &claims));
    assert!(wins(&claims[1], &claims));
    assert!(!wins(&claims[2], &claims), "it is not the highest");
    assert!(!wins(&claims[0], &[claims[0].clone(), claims[2].clone()]), "1 is missing");
    assert!(
        claim_wins(&claims[0], &claims[..1], &set(&[1]), 7, Some(at(2, 4)), true),
        "1 is lost, and an operator has said so"
    );
    let outsider = claim(2, at(3, 2), &[0, 1]);
    assert!(!wins(&outsider, &[claims[0].clone(), claims[1].clone(), outsider.clone()]), "it does not name itself");
}

#[test]
fn claims_wait_for_their_round() {
    let one = claim(0, at(3, 2), &[0]);
    let wins = |round, record, settled| claim_wins(&one, [&one], &set(&[]), round, record, settled);
    assert!(wins(7, None, true));
    assert!(!wins(7, None, false), "others have a lease of time");
    assert!(!wins(8, None, true), "the registry has come back since");
    assert!(!wins(7, Some(at(3, 2)), true), "the record says as much");
    let old = Claim { round: 6, ..claim(1, at(3, 2), &[0, 1]) };
    let both = claim(0, at(3, 2), &[0, 1]);
    assert!(!claim_wins(&both, [&both, &old], &set(&[]), 7, None, true), "1 has claimed in an earlier round only");
    assert_eq!(highest_claim([&one, &Claim { round: 6, ..claim(1, at(9, 9), &[1]) }], 7), Some(at(3, 2)));
}

#[test]
fn new_group_only_where_nobody_knows_of_one() {
    assert!(may_found(None, None, None, true));
    assert!(!may_found(Some(at(1, 1)), None, None, true));
    assert!(!may_found(None, Some(at(1, 1)), None, true));
    assert!(!may_found(None, None, Some(at(1, 1)), true));
    assert!(!may_found(None, None, None, false));
}

#[test]
fn epochs_rise_whoever_knows_the_highest() {
    assert_eq!(next_epoch(100, [], 3), 100);
    assert_eq!(next_epoch(100, [7, 99], 3), 100);
    assert_eq!(next_epoch(100, [7, 100], 3), 104);
    assert_eq!(next_epoch(5, [7, 9, 8], 0), 10);
    assert_eq!(next_epoch(5, [u64::MAX], 3), u64::MAX);
}
