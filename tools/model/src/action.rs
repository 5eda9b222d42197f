//! What can happen.

use crate::{model::Bounds, set::PLACES};

/// One thing that happens. Numbers are places, ids those of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    // Replication: a batch arrives, with all or the next record; its answer; the commit index moves; a batch stays behind; it arrives after all.
    Ship(usize, usize),
    Piece(usize, usize),
    Acked(usize, usize),
    Advance(usize),
    Linger(usize, usize),
    Late,
    // The office: its lease ends; its key is given up by whoever does not hold it; a bid begins; an election; a master sees a later one;
    // the window of a member's acknowledgement ends.
    LeaseEnds,
    GiveUp(usize),
    Bid(usize),
    Elect(usize),
    Notice(usize),
    WindowEnds(usize),
    // The set: a master asks; the registry changes it; the master hears of it, or that it cannot happen any more.
    Shrink(usize, usize),
    Grow(usize, usize),
    Change(usize),
    Hear(usize),
    Withdraw(usize),
    // After the registry's return: one lease passes; claims; a claim wins; a new group.
    Settle,
    Claim(usize),
    Win(usize),
    Found(usize),
    // Calls: a handler begins, commits and ends, or commits, goes on and ends; its reply leaves; somebody asks what became of one, and is told.
    Begin(usize, u8),
    Commit(usize),
    Enter(usize),
    End(usize),
    Reply(usize, u8),
    ReplyEarly(usize, u8),
    ReplyUnfinished(usize, u8),
    Ask(usize, u8),
    ReplyVoid(usize, u8),
    // What is owed to another service: the call is made and answered; that is written.
    Send(usize, u8),
    Pay(usize, u8),
    // A read that misses nothing: a client sees the registry, begins one, hears a member.
    See,
    Read,
    Word(usize),
    // What a member has reaches its disk.
    Keep(usize),
    // Faults, and what an operator does.
    Crash(usize),
    Restart(usize),
    HandOver(usize),
    Backup,
    Fall,
    Return,
    ReturnEmpty,
    ReturnOlder,
    Damage(usize),
    Accept(usize),
}

use Action::*;

/// What one of the places does.
type OfPlace = fn(usize) -> Action;

impl Action {
    /// Everything that can happen within the bounds.
    pub(crate) fn all(bounds: &Bounds) -> Vec<Self> {
        let mut all = vec![Late, LeaseEnds, Settle, Backup, Fall, Return, ReturnEmpty, ReturnOlder];
        if bounds.fresh > 0 {
            all.extend([See, Read]);
        }
        for one in 0..bounds.running as usize {
            let at: [fn(usize) -> Self; 17] = [
                Advance, GiveUp, Bid, Elect, Notice, WindowEnds, Change, Hear, Withdraw, Claim, Win, Found, Commit,
                Crash, Restart, HandOver, Accept,
            ];
            all.extend(at.map(|action| action(one)));
            let more: [(bool, &[OfPlace]); 4] = [
                (bounds.pends, &[Enter, End]),
                (bounds.journal, &[Keep]),
                (bounds.damages > 0, &[Damage]),
                (bounds.fresh > 0, &[Word]),
            ];
            all.extend(more.iter().filter(|(has, _)| *has).flat_map(|(_, more)| *more).map(|action| action(one)));
            for other in (0..bounds.running as usize).filter(|other| *other != one) {
                let between: [fn(usize, usize) -> Self; 6] = [Ship, Acked, Piece, Linger, Shrink, Grow];
                all.extend(between.map(|action| action(one, other)));
            }
            for id in 0..bounds.ids {
                all.extend([Begin(one, id), Reply(one, id), Ask(one, id), ReplyVoid(one, id)]);
                all.extend(bounds.pends.then_some(ReplyUnfinished(one, id)));
                all.extend(bounds.early.then_some(ReplyEarly(one, id)));
                all.extend(bounds.owes.then_some([Send(one, id), Pay(one, id)]).into_iter().flatten());
            }
        }
        all
    }

    /// Whether it must be possible that it never happens again.
    pub(crate) fn is_fault(self) -> bool {
        matches!(
            self,
            Crash(_) | HandOver(_) | Backup | Fall | ReturnEmpty | ReturnOlder | Linger(..) | Damage(_) | Accept(_)
        )
    }

    /// As it is written in a trace.
    pub(crate) fn word(self) -> String {
        format!("{self:?}").replace(' ', "")
    }

    /// A trace out of its words.
    ///
    /// # Errors
    /// The word that is none.
    pub(crate) fn read(trace: &str) -> Result<Vec<Self>, String> {
        let bounds = Bounds { running: PLACES as u8, ids: 2, ..Bounds::everything() };
        let all = Self::all(&bounds);
        let find = |word: &str| all.iter().find(|action| action.word() == word).copied();
        trace.split_whitespace().map(|word| find(word).ok_or_else(|| format!("no action is called `{word}`"))).collect()
    }
}
