//! What can be the key of a call, and how it is named.

#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

use std::sync::Arc;

use ember::{Key, UniqueId, prelude::*};

mod inner {
    use super::*;

    /// Who.
    #[message]
    #[derive(Clone, PartialEq, Eq, Hash)]
    pub enum Who {
        /// A player.
        Player(u64),
        /// A guest.
        Guest {
            /// The name.
            name: String,
        },
    }

    /// A move.
    #[message]
    pub struct Move {
        pub(super) r#type: (u8, Box<Who>),
    }

    /// A part that holds another.
    #[message]
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Tile(pub i32, pub i32);
}
use inner::{Move, Tile, Who};

/// A room.
#[rpc]
pub trait Room {
    /// By a number.
    #[rpc(key = "player", timeout = "2s")]
    async fn rpc_enter(&self, player: u64);
    /// By a raw name, a number and an enum.
    #[rpc(key = "req.type.1")]
    async fn rpc_move(&self, req: Move) -> Result<u64, String>;
    /// An argument that is called like what is generated.
    #[rpc(key = "args.0")]
    async fn rpc_sit(&self, args: Tile, probe: u8);
    /// By text, shared.
    #[rpc(key = "name")]
    async fn rpc_call(&self, name: Arc<String>);
    /// By several, in a tuple.
    #[rpc(key = "r#in")]
    async fn rpc_in(&self, r#in: (Pid, Option<UniqueId>, [u8; 2]));
}

/// A hall.
#[service]
#[derive(Default)]
pub struct Hall;

#[rpc]
impl Hall {
    /// On its own node only.
    #[rpc(key = "who")]
    pub async fn api_who(&mut self, who: Who) -> bool {
        matches!(who, Who::Player(_))
    }
    #[cfg(any())]
    #[rpc(key = "who")]
    pub async fn rpc_not_there(&mut self, who: Nobody) {}
}

async fn calls(node: Node) {
    let room = node.client::<RoomClient>();
    let _ = room.rpc_enter(7).header("h", "v").await;
    let _ = node.select::<RoomClient>().by_key(Key::of("ann").unwrap()).client();
}

fn main() {
    let _ = calls;
}
