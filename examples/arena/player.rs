//! A player: spawned by the thousand, in no registry, reached by its pid. It never waits inside a handler.

use std::collections::BTreeMap;

use ember::prelude::*;

use crate::{
    bank::{BankClient, BankError, Order, WELCOME},
    chat::Heard,
    maker::MakerClient,
};

pub const STAKE: u64 = 10;

/// Where a stake is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stake {
    Asked,
    /// Whether it was paid is not known: ask again, by the same order.
    Unknown,
    /// Settled; the maker shall hear of it.
    Settled,
}

#[service(name = "player")]
pub struct Player {
    id: u32,
    /// What the player believes to have.
    gold: u64,
    rounds: u32,
    /// Is in the maker's books, or has asked to be.
    queued: bool,
    stakes: BTreeMap<u32, Stake>,
    tally: Tally,
}

/// What a player can tell of itself.
#[message]
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    pub gold: u64,
    pub heard: u32,
    /// Charges that had certainly not run, and that may have run.
    pub refused: u32,
    pub unknown: u32,
    /// Charges of either kind that are not settled yet.
    pub open: u32,
}

impl Player {
    pub fn new(id: u32, rounds: u32) -> Self {
        Self { id, gold: WELCOME, rounds, queued: false, stakes: BTreeMap::new(), tally: Tally::default() }
    }

    fn join(&mut self, cx: &mut Cx<'_, Self>) {
        if self.rounds == 0 || self.queued {
            return;
        }
        self.queued = true;
        let pid = cx.pid();
        cx.client::<MakerClient>().rpc_join(self.id, pid).then(cx, |me, _cx, reply| {
            me.queued = reply.is_ok(); // else the next tick tries again: joining twice is joining once
        });
    }

    fn stake(&mut self, cx: &mut Cx<'_, Self>, game: u32) {
        self.stakes.insert(game, Stake::Asked);
        let order = Order { player: self.id, game };
        cx.client::<BankClient>().rpc_charge(order, STAKE).then(cx, move |me, cx, reply| {
            let paid = match reply {
                Ok(_left) => true,
                Err(CallError::App(BankError::Broke { .. } | BankError::Over(_))) => false,
                Err(CallError::NotExecuted(_)) => {
                    me.tally.refused += 1;
                    me.stakes.insert(game, Stake::Unknown);
                    return;
                }
                Err(CallError::MaybeExecuted(_)) => {
                    me.tally.unknown += 1;
                    me.stakes.insert(game, Stake::Unknown);
                    return;
                }
            };
            if paid {
                me.gold -= STAKE;
            }
            me.tell(cx, game);
        });
    }

    fn tell(&mut self, cx: &mut Cx<'_, Self>, game: u32) {
        self.stakes.insert(game, Stake::Settled);
        cx.client::<MakerClient>().rpc_ready(game, self.id).then(cx, move |me, _cx, reply| {
            if reply.is_ok() {
                me.stakes.remove(&game); // else the next tick tells again
            }
        });
    }
}

#[rpc]
impl Player {
    #[on(start)]
    async fn enter(&mut self, cx: &mut Cx<'_, Self>) {
        self.join(cx);
    }

    #[every("500ms")]
    async fn settle(&mut self, cx: &mut Cx<'_, Self>) {
        for (game, stake) in self.stakes.clone() {
            match stake {
                Stake::Asked => {}
                Stake::Unknown => self.stake(cx, game),
                Stake::Settled => self.tell(cx, game),
            }
        }
        self.join(cx);
    }

    #[on(event)]
    async fn hear(&mut self, _news: &Heard) {
        self.tally.heard += 1;
    }

    pub async fn rpc_fight(&mut self, cx: &mut Cx<'_, Self>, game: u32) {
        self.stake(cx, game);
    }

    pub async fn rpc_over(&mut self, cx: &mut Cx<'_, Self>, prize: u64) {
        self.gold += prize;
        self.rounds = self.rounds.saturating_sub(1);
        self.queued = false;
        self.join(cx);
    }

    pub async fn rpc_tally(&mut self) -> Tally {
        let open = self.stakes.values().filter(|stake| **stake != Stake::Settled).count();
        Tally { gold: self.gold, open: open as u32, ..self.tally }
    }
}
