//! Thousands of services, started and stopped while the program runs, found again by name, and what one of them takes of memory:
//! `cargo run --release -p ember-examples --example thousands -- 100000`. Without a number there are 2,000.

use std::{collections::HashMap, time::Duration};

use ember::{Error, prelude::*};
use tokio::time::Instant;

/// One of many. It has no hook, no timer and no event, so that it needs no task while it is idle.
#[service]
#[derive(Default)]
pub struct Room {
    guests: u32,
}

#[rpc]
impl Room {
    /// Returns how many are here now.
    pub async fn rpc_enter(&mut self) -> u32 {
        self.guests += 1;
        self.guests
    }

    /// The last one closes the door.
    pub async fn rpc_leave(&mut self, cx: &mut Cx<'_, Self>) {
        self.guests = self.guests.saturating_sub(1);
        if self.guests == 0 {
            cx.stop();
        }
    }
}

/// The same, with a timer of its own.
#[service]
#[derive(Default)]
pub struct Oven {
    degrees: u32,
}

#[rpc]
impl Oven {
    #[every("1h")]
    async fn cool(&mut self) {
        self.degrees = 0;
    }

    pub async fn rpc_heat(&mut self) -> u32 {
        self.degrees += 1;
        self.degrees
    }
}

/// Saves something at its end, which takes as long as a database may.
#[service]
pub struct Desk;

#[rpc]
impl Desk {
    #[on(stop)]
    async fn save(&mut self) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Knows the rooms by name.
#[service]
#[derive(Default)]
pub struct Rooms {
    pids: HashMap<u32, Pid>,
    numbers: HashMap<Pid, u32>,
}

#[rpc]
impl Rooms {
    /// The room with this number; it is opened if there is none.
    pub async fn rpc_find(&mut self, cx: &mut Cx<'_, Self>, number: u32) -> Result<Pid, String> {
        if let Some(pid) = self.pids.get(&number) {
            return Ok(*pid);
        }
        let pid = cx.spawn(Room::default()).await.map_err(|error| error.to_string())?;
        cx.watch(pid);
        self.pids.insert(number, pid);
        self.numbers.insert(pid, number);
        Ok(pid)
    }

    /// However a room has ended, it is forgotten here.
    #[on(down)]
    async fn closed(&mut self, down: &Down) {
        if let Some(number) = self.numbers.remove(&down.pid) {
            self.pids.remove(&number);
        }
    }

    pub async fn rpc_open(&mut self) -> usize {
        self.pids.len()
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let count: u32 = match std::env::args().nth(1) {
        Some(text) => text.parse().map_err(|_| Error::other(format!("`{text}` is no number of services")))?,
        None => 2000,
    };
    let node = Node::builder().service(Rooms::default()).start().await?;

    let (before, start) = (resident(), Instant::now());
    node.spawn_all((0..count).map(|_| Room::default())).await?;
    report("idle, without hooks and timers", count, before, start);

    let (before, start) = (resident(), Instant::now());
    node.spawn_all((0..count).map(|_| Oven::default())).await?;
    report("idle, with a timer", count, before, start);
    assert_eq!((node.list::<Room>().len(), node.list::<Oven>().len()), (count as usize, count as usize));

    let rooms = node.client::<RoomsClient>();
    let (before, start) = (resident(), Instant::now());
    for number in 0..count {
        let pid = find(&rooms, number).await?;
        node.select::<RoomClient>().pid(pid).client().rpc_enter().await?;
    }
    report("found by name and called, watched", count, before, start);
    assert_eq!(rooms.rpc_open().await?, count as usize);

    let pid = find(&rooms, 0).await?;
    let room = node.select::<RoomClient>().pid(pid).client();
    room.rpc_leave().await?;
    while rooms.rpc_open().await? == count as usize {
        tokio::task::yield_now().await; // until the directory has heard of it
    }
    assert!(matches!(room.rpc_enter().await, Err(CallError::NotExecuted(_))), "a pid is never used again");
    assert_ne!(find(&rooms, 0).await?, pid);

    let (services, start) = (node.services().len(), Instant::now());
    node.shutdown().await?;
    println!("{services} services stopped in {:.0?}", start.elapsed());
    registered().await?;
    desks().await
}

/// Found by id on any node, and started in one go: whoever is refused is named, and the others run.
async fn registered() -> ember::Result<()> {
    let node = Node::builder().start().await?;
    let room = |number: u32| Hosted::new(Room::default()).id(number.to_string()).register();
    node.spawn_all((0..1000).map(room)).await?;
    assert_eq!(node.select::<RoomClient>().instances().len(), 1000);
    let twins = node.spawn_all([999, 1000].map(room)).await.expect_err("999 is taken");
    assert_eq!((twins.spawned.len(), twins.refused[0].0), (1, 0));
    println!("{twins}");
    node.shutdown().await
}

/// They stop side by side.
async fn desks() -> ember::Result<()> {
    let node = Node::builder().start().await?;
    node.spawn_all((0..5000).map(|_| Desk)).await?;
    let start = Instant::now();
    node.shutdown().await?;
    println!("5000 services that take 5 ms each to stop, stopped in {:.1?}", start.elapsed());
    Ok(())
}

async fn find(rooms: &RoomsClient, number: u32) -> ember::Result<Pid> {
    rooms.rpc_find(number).await.map_err(|error| Error::other(error.to_string()))
}

fn report(what: &str, count: u32, before: Option<u64>, start: Instant) {
    let each = before.zip(resident()).map(|(before, now)| now.saturating_sub(before) / u64::from(count.max(1)));
    let each = each.map_or("unknown".into(), |bytes| format!("{bytes} bytes each"));
    println!("{count} services {what}: {each}, {:.0?}", start.elapsed());
}

/// What this process has of memory, in bytes, where the system says so (Linux).
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}
