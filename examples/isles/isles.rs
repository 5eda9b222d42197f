//! The isles: a sharded service. With `#[service]` alone it is one state, and no caller would have to be changed.

use std::{collections::BTreeMap, thread, time::Duration};

use ember::{Tick, prelude::*};
use tokio::time::Instant;

/// A storm, of which all isles of all nodes hear.
#[message(event)]
#[derive(Debug)]
pub struct Storm {
    pub number: u32,
}

/// What is known of an isle.
#[message]
#[derive(Debug, Default, Clone)]
pub struct Chart {
    /// Moves of its ship.
    pub moves: u64,
    /// Storms that its shard has heard of.
    pub storms: u32,
    /// The last step of the tide.
    pub tide: u64,
    /// Steps of it that were left out.
    pub left_out: u64,
    /// Maps that were drawn of isles of its shard.
    pub maps: u64,
}

/// So many isles are in each shard as have its keys. Their shards have nothing to do with each other.
#[service(sharded, shards = 16, workers = 2..=8)]
#[derive(Default)]
pub struct Isles {
    moves: BTreeMap<u64, u64>,
    shard: Chart,
}

#[rpc]
impl Isles {
    /// The ship of an isle moves; how many moves that makes. It takes half a millisecond of a core.
    #[rpc(key = "isle", timeout = "20s")]
    pub async fn rpc_sail(&mut self, cx: &mut Cx<'_, Self>, isle: u64) -> u64 {
        let until = Instant::now() + Duration::from_micros(500);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        let moves = self.moves.entry(isle).or_default();
        *moves += 1;
        if *moves == 1 {
            // Nobody waits for a map.
            cx.offload(isle, move || draw(isle)).then(cx, |me, _, drawn| me.shard.maps += u64::from(drawn.is_ok()));
        }
        self.moves[&isle]
    }

    /// What is known of it.
    #[rpc(key = "isle", timeout = "20s")]
    pub async fn rpc_chart(&mut self, isle: u64) -> Chart {
        Chart { moves: self.moves.get(&isle).copied().unwrap_or_default(), ..self.shard.clone() }
    }

    #[tick("50ms", late = "catch_up(3)")]
    async fn tide(&mut self, tick: Tick) {
        self.shard.tide = tick.number;
        self.shard.left_out += tick.skipped;
    }

    #[on(event)]
    async fn storm(&mut self, storm: &Storm) {
        assert_eq!(storm.number, self.shard.storms + 1, "they come in their order, and each once");
        self.shard.storms = storm.number;
    }
}

/// Blocking work, for which a service has no time.
fn draw(isle: u64) -> String {
    // tidy: sleep: blocking work that takes a while
    thread::sleep(Duration::from_millis(2));
    format!("the isle {isle}")
}
