//! The match maker: pairs players, watches them, and gives the pot to the one that is left when the other goes down.

use std::collections::BTreeMap;

use ember::prelude::*;

use crate::{bank::BankClient, player::PlayerClient};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Called,
    Ready,
    Gone,
}

type Sides = BTreeMap<u32, Side>;

#[message]
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Standing {
    pub players: usize,
    pub playing: usize,
    pub finished: u32,
    pub walkovers: u32,
    pub down: u32,
}

#[service(name = "maker")]
#[derive(Default)]
pub struct Maker {
    pids: BTreeMap<u32, Pid>,
    waiting: Option<u32>,
    games: BTreeMap<u32, Sides>,
    /// The game that each player is in.
    playing: BTreeMap<u32, u32>,
    /// Pots that the bank has not paid yet.
    unpaid: BTreeMap<u32, Option<u32>>,
    next: u32,
    standing: Standing,
}

#[rpc]
impl Maker {
    /// Enters a player into the books. Again, while it waits or plays: no change.
    pub async fn rpc_join(&mut self, cx: &mut Cx<'_, Self>, player: u32, pid: Pid) {
        if self.pids.insert(player, pid) != Some(pid) {
            cx.watch(pid);
        }
        if self.waiting == Some(player) || self.playing.contains_key(&player) {
            return;
        }
        let Some(other) = self.waiting.take() else {
            self.waiting = Some(player);
            return;
        };
        self.next += 1;
        self.games.insert(self.next, [(player, Side::Called), (other, Side::Called)].into());
        for id in [player, other] {
            self.playing.insert(id, self.next);
            if let Some(pid) = self.pids.get(&id) {
                let _ = cx.select::<PlayerClient>().pid(*pid).client().rpc_fight(self.next).send();
            }
        }
    }

    /// A player has paid, or could not.
    pub async fn rpc_ready(&mut self, cx: &mut Cx<'_, Self>, game: u32, player: u32) {
        self.mark(cx, game, player, Side::Ready);
    }

    #[every("500ms")]
    async fn settle(&mut self, cx: &mut Cx<'_, Self>) {
        for (game, winner) in std::mem::take(&mut self.unpaid) {
            self.pay(cx, game, winner);
        }
    }

    #[on(down)]
    async fn gone(&mut self, cx: &mut Cx<'_, Self>, down: &Down) {
        let Some(player) = self.pids.iter().find(|it| *it.1 == down.pid).map(|it| *it.0) else { return };
        self.pids.remove(&player);
        self.standing.down += 1;
        if self.waiting == Some(player) {
            self.waiting = None;
        }
        if let Some(game) = self.playing.get(&player).copied() {
            self.mark(cx, game, player, Side::Gone);
        }
    }

    pub async fn rpc_standing(&mut self) -> Standing {
        Standing { players: self.pids.len(), playing: self.games.len(), ..self.standing }
    }
}

impl Maker {
    fn mark(&mut self, cx: &mut Cx<'_, Self>, game: u32, player: u32, side: Side) {
        let Some(sides) = self.games.get_mut(&game) else { return };
        sides.insert(player, side);
        if sides.values().any(|side| *side == Side::Called) {
            return;
        }
        let left: Vec<u32> = sides.iter().filter(|it| *it.1 == Side::Ready).map(|it| *it.0).collect();
        let winner = left.get(game as usize % left.len().max(1)).copied();
        self.pay(cx, game, winner);
    }

    /// Asks the bank to pay, until it has answered: paying twice is paying once.
    fn pay(&mut self, cx: &mut Cx<'_, Self>, game: u32, winner: Option<u32>) {
        cx.client::<BankClient>().rpc_pay(game, winner).then(cx, move |me, cx, reply| {
            let Ok(pot) = reply else {
                me.unpaid.insert(game, winner); // the next tick asks again
                return;
            };
            let Some(sides) = me.games.remove(&game) else { return };
            me.standing.finished += 1;
            me.standing.walkovers += u32::from(sides.values().any(|side| *side == Side::Gone));
            for (id, _) in sides {
                me.playing.remove(&id);
                if let Some(pid) = me.pids.get(&id) {
                    let prize = if winner == Some(id) { pot } else { 0 };
                    let _ = cx.select::<PlayerClient>().pid(*pid).client().rpc_over(prize).send();
                }
            }
        });
    }
}
