//! Modules that come and go while no handler runs: in callbacks of timers and calls, in hooks of other modules.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::prelude::*;
use ember_tests::{
    bags::{Log, logged},
    wait::within,
};

/// A hall whose tables are set up and taken away at all times.
#[service]
#[derive(Default)]
pub struct Hall {
    log: Log,
    life: u32,
    #[module]
    tables: Modules<u32, Table>,
}

impl Hall {
    fn set_up(&mut self, number: u32) {
        self.tables.insert(number, Table { number, log: self.log.clone(), next: None, seats: Modules::new() });
    }
}

#[rpc]
impl Hall {
    pub async fn rpc_set_up_soon(&mut self, cx: &mut Cx<'_, Self>, number: u32) {
        cx.after(Duration::from_millis(1), move |hall: &mut Self, _| hall.set_up(number));
    }

    pub async fn rpc_take_away_soon(&mut self, cx: &mut Cx<'_, Self>, number: u32) {
        cx.after(Duration::from_millis(1), move |hall: &mut Self, _| {
            hall.tables.release(&number);
        });
    }

    pub async fn rpc_set_up_when_told(&mut self, cx: &mut Cx<'_, Self>, number: u32) {
        let kitchen = cx.client::<KitchenClient>();
        kitchen.rpc_is_open().then(cx, move |hall: &mut Self, _, _| hall.set_up(number));
    }

    /// Sets up a table that sets up another one when it has started.
    pub async fn rpc_set_up_two(&mut self, first: u32, second: u32) {
        self.set_up(first);
        self.tables.get_mut(&first).expect("it was set up").next = Some(second);
    }

    /// A seat at a table, from here.
    pub async fn rpc_seat(&mut self, table: u32, seat: u32) {
        let log = self.log.clone();
        self.tables.get_mut(&table).expect("it was set up").seats.insert(seat, Seat { table, seat, log });
    }

    /// Makes so many calls at once, more than its mailbox has places for. The callback of the fifth panics.
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, times: u32) {
        let kitchen = cx.client::<KitchenClient>();
        for number in 0..times {
            kitchen.rpc_is_open().then(cx, move |hall: &mut Self, _, answer| {
                let refused = answer.is_err();
                hall.log.add(format!("{number} in life {}, refused: {refused}", hall.life));
                assert!(number != 4, "the fifth panics");
            });
        }
    }
}

#[module(parent = Hall)]
pub struct Table {
    number: u32,
    log: Log,
    next: Option<u32>,
    #[module]
    seats: Modules<u32, Seat>,
}

#[rpc]
impl Table {
    #[on(start)]
    fn start(&mut self) {
        self.log.add(format!("table {} start", self.number));
    }

    #[on(started)]
    fn started(&mut self, cx: &mut Cx<'_, Self>) {
        if let Some(next) = self.next {
            cx.parent().set_up(next);
        }
        self.log.add(format!("table {} started", self.number));
    }

    #[on(stop)]
    fn stop(&mut self) {
        self.log.add(format!("table {} stop", self.number));
    }

    #[every("1s")]
    fn tick(&mut self) {
        self.log.add(format!("table {} ticks", self.number));
    }

    pub async fn rpc_seat(&mut self, seat: u32) {
        self.seats.insert(seat, Seat { table: self.number, seat, log: self.log.clone() });
    }
}

#[module]
pub struct Seat {
    table: u32,
    seat: u32,
    log: Log,
}

#[rpc]
impl Seat {
    #[on(started)]
    fn started(&mut self) {
        self.log.add(format!("seat {} of {} started", self.seat, self.table));
    }
}

#[service]
#[derive(Default)]
pub struct Kitchen;

#[rpc]
impl Kitchen {
    pub async fn rpc_is_open(&mut self) -> bool {
        true
    }
}

async fn hall() -> (Node, Log, HallClient) {
    let log = Log::default();
    let hall = Hall { log: log.clone(), ..Hall::default() };
    let node = Node::builder().service(Kitchen).service(hall).start().await.unwrap();
    let hall = node.client::<HallClient>();
    (node, log, hall)
}

#[tokio::test(start_paused = true)]
async fn module_that_a_callback_adds_or_releases_starts_or_stops_at_once() {
    let (node, log, hall) = hall().await;
    hall.rpc_set_up_soon(1).await.unwrap();
    logged(&log, "table 1 ticks").await;
    hall.rpc_set_up_when_told(2).await.unwrap();
    logged(&log, "table 2 ticks").await;
    hall.rpc_take_away_soon(1).await.unwrap();
    logged(&log, "table 1 stop").await;
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn module_that_another_one_adds_as_it_has_started_starts_too() {
    let (node, log, hall) = hall().await;
    hall.rpc_set_up_two(1, 2).await.unwrap();
    logged(&log, "table 2 ticks").await;
    let lines = log.take();
    let begun: Vec<_> = lines.iter().filter(|line| !line.contains("ticks")).collect();
    assert_eq!(begun, ["table 1 start", "table 1 started", "table 2 start", "table 2 started"]);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn module_within_another_is_started_wherever_the_handler_is_that_adds_it() {
    let (node, log, hall) = hall().await;
    for table in 1..=3 {
        hall.rpc_set_up_soon(table).await.unwrap();
        logged(&log, &format!("table {table} started")).await;
    }
    hall.rpc_seat(2, 7).await.unwrap();
    logged(&log, "seat 7 of 2 started").await;
    hall.tables().key(3).rpc_seat(8).await.unwrap();
    logged(&log, "seat 8 of 3 started").await;
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn callbacks_of_refused_calls_behind_one_that_panics_run_in_the_next_life() {
    let (log, mut life) = (Log::default(), 0);
    let of_hall = log.clone();
    let make = move || {
        life += 1;
        Hall { log: of_hall.clone(), life, ..Hall::default() }
    };
    let node = Node::builder().service(Kitchen).service(Hosted::with(make).mailbox(2)).start().await.unwrap();
    let hall = node.client::<HallClient>();
    hall.rpc_ask(8).await.unwrap();
    logged(&log, "7 in life 2, refused: true").await;
    let lines = log.take();
    for number in 5..8 {
        assert!(
            !lines.contains(&format!("{number} in life 1, refused: true")),
            "on a state that has failed: {lines:?}"
        );
    }
    assert_eq!(lines.iter().filter(|line| line.contains("refused: true")).count(), 6, "each once: {lines:?}");
    within("the end", node.shutdown()).await.unwrap();
}
