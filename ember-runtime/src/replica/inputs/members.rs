//! Batches and answers, as a member hears them.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::who::pid;
use crate::{
    id::Epoch,
    message::{decode, encode, take},
    replica::{Answer, Batch, Follower, Held, InSync, Leader, Member, Point, Record},
};

fn same<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(said: &T) {
    let mut written = Vec::new();
    encode(said, &mut written).expect("what a node says can be written");
    assert_eq!(decode::<T>(&written).as_ref(), Ok(said), "what a node says cannot be read");
}

/// What one member hears, one after the other; a byte before each says what it is: a batch, a state that it has learnt, or that it applies what it may,
/// or drops what it need not keep. Whether all of it was that.
///
/// # Panics
/// If what it holds then cannot be, or nobody could read what it says.
pub(crate) fn batches(mut bytes: &[u8]) -> bool {
    let mut member = Follower::new(Member::first(pid(2)));
    while let Some((kind, rest)) = bytes.split_first() {
        bytes = rest;
        match kind % 4 {
            0 => {
                let Ok(batch) = take::<Batch>(&mut bytes) else { return false };
                same(&member.receive(batch));
            }
            1 => {
                let Ok((from, epoch, set, at)) = take::<(Member, Epoch, InSync, Point)>(&mut bytes) else {
                    return false;
                };
                let (Ok(answer) | Err(answer)) = member.install(from, epoch, set, at);
                same(&answer);
            }
            2 => {
                while let Some((point, _)) = member.held().unapplied() {
                    member.has_applied(point);
                }
            }
            _ => {
                let Ok(index) = take(&mut bytes) else { return false };
                member.trim(index);
            }
        }
        can_be(member.held());
    }
    true
}

fn can_be(held: &Held) {
    let (log, commit, applied) = (held.log(), held.commit(), held.applied());
    assert!(log.base().index <= applied && applied <= commit && commit <= log.last().index, "{held:?}");
    let bytes = log.after(log.base().index, u64::MAX, usize::MAX).map(|all| all.iter().map(Record::size).sum());
    assert_eq!(bytes, Some(log.bytes()), "a log miscounts its bytes");
}

/// What a master hears of two others, one after the other; a byte before each says of whom, and whether more is written before. Whether all of it
/// was answers.
///
/// # Panics
/// If what it sends then is no batch that can be, or it counts as acknowledged what it has not written.
pub(crate) fn answers(mut bytes: &[u8]) -> bool {
    let [me, two, three] = [1, 2, 3].map(|of| Member::first(pid(of)));
    let mut founder = Follower::new(me);
    let records = [3, 4].map(|epoch| Record::new(Epoch(epoch), vec![Bytes::from_static(b"entry")])).to_vec();
    let (from, to, end) = (two, me.pid, records.len() as u64);
    founder.receive(Batch {
        epoch: Epoch(4),
        from,
        to,
        previous: Point::NOTHING,
        records,
        end,
        commit: end,
        version: 2,
        members: vec![me, two],
    });
    let set = InSync { version: 3, members: BTreeSet::from([me, two]) };
    let Ok(mut master) = founder.lead_on(Epoch(5), set, (false, 2)) else { return false };
    while let Some((kind, rest)) = bytes.split_first() {
        bytes = rest;
        let peer = if kind & 1 == 0 { two } else { three }.pid;
        if kind & 2 != 0 {
            let index = master.append_with(vec![Bytes::from_static(b"more")], Bytes::new());
            master.open(index);
        }
        let ships = |master: &mut Leader| {
            if let Some(batch) = master.batch_for(peer, 64) {
                assert!(batch.is_possible() && batch.upto() <= batch.end, "{batch:?}");
            }
        };
        ships(&mut master);
        let Ok(answer) = take::<Answer>(&mut bytes) else { return false };
        let _heard = master.answered(peer, answer);
        if kind & 4 != 0 {
            master.learns(peer, master.held().log().last());
        }
        if let Some(member) = master.may_add(peer).filter(|_| kind & 8 != 0) {
            let next = master.set().members.iter().copied().chain([member]).collect();
            assert!(master.begin_change(next), "who may be added was not");
            master.changed(master.set().version + 1);
        }
        ships(&mut master);
        let (last, commit) = (master.held().log().last().index, master.commit());
        assert!(master.acknowledged() <= commit && commit <= last, "{master:?}");
        master.trim(last);
    }
    true
}
