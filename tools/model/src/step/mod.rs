//! What each action changes, by what is decided.

mod calls;
mod change;
mod faults;
mod fresh;
mod journal;
mod loss;
mod office;
mod owes;
mod replicate;
mod returned;

use crate::{
    action::Action::{self, *},
    model::Model,
    properties::Stop,
    world::World,
};

/// Lets `action` happen.
pub(crate) fn take(model: &Model, world: &mut World, action: Action) -> Result<(), Stop> {
    match action {
        Ship(from, to) => replicate::ship(model, world, from, to),
        Piece(from, to) => replicate::piece(model, world, from, to),
        Acked(from, to) => replicate::acked(model, world, from, to),
        Advance(at) => replicate::advance(model, world, at),
        Linger(from, to) => replicate::linger(model, world, from, to),
        Late => replicate::late(model, world),
        LeaseEnds => office::lease_ends(world),
        GiveUp(at) => office::give_up(model, world, at),
        Bid(at) => office::bid(model, world, at),
        Elect(at) => office::elect(model, world, at),
        Notice(at) => office::notice(model, world, at),
        WindowEnds(at) => office::window_ends(model, world, at),
        HandOver(at) => office::hand_over(model, world, at),
        Shrink(at, other) => change::shrink(model, world, at, other),
        Grow(at, other) => change::grow(model, world, at, other),
        Change(at) => change::change(model, world, at),
        Hear(at) => change::hear(model, world, at),
        Withdraw(at) => change::withdraw(world, at),
        Settle => returned::settle(model, world),
        Claim(at) => returned::claim(model, world, at),
        Win(at) => returned::win(model, world, at),
        Found(at) => returned::found(model, world, at),
        Accept(at) => loss::accept(model, world, at),
        Begin(at, id) => calls::begin(model, world, at, id),
        Commit(at) => calls::commit(model, world, at),
        Enter(at) => calls::enter(model, world, at),
        End(at) => calls::end(model, world, at),
        Reply(at, id) => calls::reply(model, world, at, id),
        ReplyEarly(at, id) => calls::reply_early(model, world, at, id),
        ReplyUnfinished(at, id) => calls::reply_unfinished(model, world, at, id),
        Ask(at, id) => calls::ask(model, world, at, id),
        ReplyVoid(at, id) => calls::reply_void(model, world, at, id),
        Send(at, id) => owes::send(model, world, at, id),
        Pay(at, id) => owes::pay(model, world, at, id),
        See => fresh::see(world),
        Read => fresh::read(model, world),
        Word(of) => fresh::word(model, world, of),
        Keep(at) => journal::keep(model, world, at),
        Crash(at) => faults::crash(model, world, at),
        Restart(at) => faults::restart(model, world, at),
        Damage(at) => journal::damage(model, world, at),
        Backup => faults::backup(model, world),
        Fall => faults::fall(model, world),
        Return => faults::back_the_same(world),
        ReturnEmpty => faults::back_empty(world),
        ReturnOlder => faults::back_older(world),
    }
}
