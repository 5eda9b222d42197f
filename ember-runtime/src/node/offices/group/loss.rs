//! What an operator accepts: that a replicated group goes on with less than was acknowledged, since nobody lives who had all of it.

use crate::{
    directory::{ClaimRecord, EpochRecord, GroupRecord, OfficeNow},
    error::LossRefused,
    id::Pid,
    node::offices::group::facts::next_epoch,
    replica::{InSync, Member},
};

/// The record by which a group goes on with what this instance has, or with nothing. `wall`: milliseconds since 1970.
///
/// Its epoch is later than all that is known, so that whoever comes back with more does not know better, and learns.
pub(in crate::node::offices) fn accept(
    office: &OfficeNow,
    goes_on: Option<Pid>,
    wall: u64,
) -> Result<EpochRecord, LossRefused> {
    if office.record().is_none() && office.highest_claim().is_none() {
        return Err(LossRefused::NoGroup);
    }
    if let Some(master) = office.master {
        return Err(LossRefused::HasMaster(master.record.pid));
    }
    let in_sync = office.in_sync_and_alive();
    let is_vacant = office.vacancy().is_some();
    if let Some(member) =
        in_sync.first().filter(|_| !is_vacant || !in_sync.iter().any(|it| Some(office.reached(*it)) == goes_on))
    {
        return Err(LossRefused::InSync(office.reached(*member)));
    }
    if !is_vacant {
        return Err(LossRefused::Begins);
    }
    let known = office.claims().map(|claim| claim.epoch).max().max(office.highest);
    let epoch = next_epoch(known.max(office.epoch.as_ref().map(|it| it.record.epoch)), wall, None);
    let (set, types) = match goes_on {
        None => (InSync { version: 1, ..InSync::default() }, office.record().map(|(_, group)| group.types)),
        Some(pid) => {
            let has = office.claim_of(pid).filter(|claim| claim.has_state && office.members.contains(&pid));
            let claim = has.ok_or(LossRefused::NoState(pid))?;
            if let Some(better) = better(office, claim).filter(|_| in_sync.is_empty()) {
                return Err(LossRefused::InSync(office.reached(better)));
            }
            (InSync::founded_by(claim.by), Some(claim.types))
        }
    };
    Ok(EpochRecord { epoch, group: Some(GroupRecord { set, types: types.unwrap_or_default() }) })
}

/// Who lives, and has said that it has more than this one.
///
/// If none of those in sync lives, that may be so by an older record alone: who was added after it was made has all that was acknowledged, and
/// cannot tell. Of logs with one history the longest has it, whoever else learns.
fn better(office: &OfficeNow, than: &ClaimRecord) -> Option<Member> {
    let has = |claim: &ClaimRecord| (claim.order(), claim.index);
    let live = office.claims().filter(|claim| claim.has_state && office.lives(claim.by));
    live.max_by_key(|claim| has(claim)).filter(|most| has(most) > has(than)).map(|most| most.by)
}
