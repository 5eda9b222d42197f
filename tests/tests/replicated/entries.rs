//! Followers of entries: they are told all that is acknowledged, in order, and nothing else; and where that cannot be, they are told so.

use std::sync::{Arc, Mutex};

use ember::{EntryGap, Follow, GapReason, GroupName, Position, Posted};

use super::*;

#[message]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    number: u64,
    text: String,
}

#[message]
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Pages {
    lines: u64,
    sum: u64,
}

#[service(elected)]
#[derive(Default)]
pub(crate) struct Book;

impl Replicated for Book {
    type State = Pages;
    type Entry = Line;
    type Output = u64;

    fn apply(state: &mut Pages, line: &Line) -> u64 {
        state.lines += 1;
        state.sum += line.number;
        state.lines
    }
}

#[rpc]
impl Book {
    pub(crate) async fn rpc_write(&mut self, cx: &mut Cx<'_, Self>, number: u64, bytes: u64) -> u64 {
        cx.commit(Line { number, text: "x".repeat(bytes as usize) })
    }

    pub(crate) async fn rpc_write_all(&mut self, cx: &mut Cx<'_, Self>, numbers: Vec<u64>) {
        cx.commit_all(numbers.into_iter().map(|number| Line { number, text: String::new() }));
    }

    #[rpc(read)]
    pub(crate) async fn rpc_pages(&self, cx: &mut Cx<'_, Self>) -> Pages {
        cx.state().clone()
    }
}

/// Hears its own entries.
#[service(elected)]
#[derive(Default)]
pub(crate) struct Echo {
    heard: u64,
}

impl Replicated for Echo {
    type State = u64;
    type Entry = u64;
    type Output = u64;

    fn apply(state: &mut u64, add: &u64) -> u64 {
        *state += add;
        *state
    }
}

#[rpc]
impl Echo {
    #[on(start)]
    fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        cx.follow::<Self>().all();
    }

    #[on(entry)]
    fn heard(&mut self, posted: &Posted<Self>) {
        self.heard += posted.entry;
    }

    pub(crate) async fn rpc_add(&mut self, cx: &mut Cx<'_, Self>, add: u64) -> u64 {
        cx.commit(add)
    }

    #[rpc(read)]
    pub(crate) async fn rpc_heard(&self) -> u64 {
        self.heard
    }
}

/// What a reader keeps, as in a database of its own.
#[derive(Debug, Default, Clone)]
struct Kept {
    had: Vec<(Position, u64)>,
    gaps: Vec<(Position, Position, GapReason)>,
    /// Of the lines that it has not been told of one by one.
    before: Pages,
}

impl Kept {
    fn sum(&self) -> Pages {
        let Pages { lines, sum } = self.before;
        Pages {
            lines: lines + self.had.len() as u64,
            sum: sum + self.had.iter().map(|(_, number)| number).sum::<u64>(),
        }
    }

    fn numbers(&self) -> Vec<u64> {
        self.had.iter().map(|(_, number)| *number).collect()
    }
}

/// Where it begins.
#[derive(Debug, Clone, Copy)]
enum Begin {
    All,
    Kept,
    Now,
}

#[service]
pub(crate) struct Reader {
    kept: Arc<Mutex<Kept>>,
    from: Begin,
    /// For each line, in milliseconds.
    slow: u64,
    /// At this number it fails once, and at this one it panics once.
    fails: [Option<u64>; 2],
}

#[rpc]
impl Reader {
    #[on(start)]
    async fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        let last = self.kept.lock().unwrap().had.last().map(|(at, _)| *at);
        let book: Follow<Book> = cx.follow();
        match self.from {
            Begin::All => book.all(),
            Begin::Kept => book.after(last.unwrap_or_default()),
            Begin::Now => {}
        }
    }

    #[on(entry)]
    async fn read(&mut self, posted: &Posted<Book>) -> ember::Result<()> {
        let number = posted.entry.number;
        if self.fails[0].take_if(|fails| *fails == number).is_some() {
            return Err(ember::Error::other("the database is away"));
        }
        if self.slow > 0 {
            tokio::time::sleep(Duration::from_millis(self.slow)).await; // tidy: sleep: virtual time that a handler takes
        }
        self.kept.lock().unwrap().had.push((posted.at, number));
        assert!(self.fails[1] != Some(number), "at {number}");
        Ok(())
    }

    #[on(gap)]
    async fn gap(&mut self, cx: &mut Cx<'_, Self>, gap: &EntryGap<Book>) -> ember::Result<()> {
        let book = cx.follow::<Book>().snapshot().await?;
        let mut kept = self.kept.lock().unwrap();
        kept.gaps.push((gap.from, gap.to, gap.why));
        kept.had.clear();
        kept.before = book.state;
        cx.follow::<Book>().after(book.at);
        Ok(())
    }
}

type Shared = Arc<Mutex<Kept>>;

fn reader(kept: &Shared, from: Begin) -> Reader {
    Reader { kept: Arc::clone(kept), from, slow: 0, fails: [None; 2] }
}

/// Three nodes with a book each; one that calls, where there is a reader.
fn library(seed: u64, reader: impl Fn() -> Reader + Clone + Send + Sync + 'static) -> Cluster {
    let cluster = Cluster::seed(seed).node("caller", move |node| node.service_with(reader.clone()));
    ["a", "b", "c"].into_iter().fold(cluster, |cluster, name| cluster.node(name, |node| node.service(Book)))
}

async fn write(sim: &Sim, numbers: std::ops::RangeInclusive<u64>, bytes: u64) {
    let written = sim.on("caller", async move |node| {
        let book = node.client::<BookClient>();
        for number in numbers {
            book.rpc_write(number, bytes).timeout(Duration::from_secs(30)).await.unwrap();
        }
    });
    written.await.unwrap();
}

async fn until(kept: &Shared, is_so: impl Fn(&Kept) -> bool) -> Kept {
    for _ in 0..6_000 {
        let now = kept.lock().unwrap().clone();
        if is_so(&now) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(10)).await; // tidy: sleep: virtual time, until it has been told
    }
    panic!("it was not told: {:?}", kept.lock().unwrap());
}

async fn pages(sim: &Sim) -> Pages {
    let read =
        sim.on("caller", async |node| node.client::<BookClient>().rpc_pages().timeout(Duration::from_secs(30)).await);
    read.await.unwrap().unwrap()
}

async fn all_are_in_sync(sim: &Sim) {
    let now = pages(sim).await;
    for name in ["a", "b", "c"] {
        let now = now.clone();
        let caught_up = sim.on(name, async move |node| {
            while node.local::<Book>().rpc_pages().await.ok().as_ref() != Some(&now) {
                tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has caught up
            }
        });
        caught_up.await.unwrap();
    }
}

fn is_in_order(kept: &Kept) {
    assert!(kept.had.is_sorted_by(|(a, _), (b, _)| a < b), "{:?}", kept.had);
}

#[test]
fn a_follower_has_every_acknowledged_entry_in_order_over_fail_overs() {
    let kept = Shared::default();
    let of = Arc::clone(&kept);
    library(51, move || reader(&of, Begin::All)).run(async move |sim| {
        let mut first = 1;
        for _ in 0..3 {
            write(&sim, first..=first + 9, 0).await;
            all_are_in_sync(&sim).await;
            let now = master(&sim, None).await;
            let writes = sim.on("caller", async move |node| {
                for number in 0..20 {
                    // Some of these end in doubt.
                    let _doubt = node.client::<BookClient>().rpc_write(1_000 + number, 0).await;
                }
            });
            tokio::join!(sim.kill(&now), async { writes.await.unwrap() });
            master(&sim, Some(&now)).await;
            sim.start(&now).await.unwrap();
            first += 10;
        }
        write(&sim, first..=first, 0).await;
        let all = pages(&sim).await;
        let told = until(&kept, |kept| kept.sum().lines >= all.lines).await;
        assert_eq!(told.sum(), all);
        assert!(told.gaps.is_empty(), "{told:?}");
        is_in_order(&told);
    });
}

#[test]
fn entries_of_one_record_come_one_by_one_and_say_how_many_are_left() {
    let kept = Shared::default();
    let of = Arc::clone(&kept);
    library(52, move || reader(&of, Begin::All)).run(async move |sim| {
        let written = sim.on("caller", async |node| {
            node.client::<BookClient>().rpc_write_all(vec![1, 2, 3]).timeout(Duration::from_secs(30)).await
        });
        written.await.unwrap().unwrap();
        let told = until(&kept, |kept| kept.had.len() == 3).await;
        assert_eq!(told.numbers(), [1, 2, 3]);
        assert_eq!(told.had.iter().map(|(at, _)| at.left()).collect::<Vec<_>>(), [2, 1, 0]);
        is_in_order(&told);
        // Another goes on in the middle of it, on a node of the group.
        let other = Arc::new(Mutex::new(Kept { had: told.had[..1].to_vec(), ..Kept::default() }));
        let it = reader(&other, Begin::Kept);
        sim.on("a", async move |node| node.spawn(it).await).await.unwrap().unwrap();
        assert_eq!(until(&other, |kept| kept.had.len() == 3).await.had, told.had);
    });
}

#[test]
fn a_follower_that_fails_or_is_started_again_misses_nothing() {
    let kept = Shared::default();
    let of = Arc::clone(&kept);
    // The second life does not panic any more.
    let begin = move || {
        let panics = (!of.lock().unwrap().numbers().contains(&6)).then_some(6);
        Reader { fails: [Some(3), panics], ..reader(&of, Begin::Kept) }
    };
    library(53, begin).run(async move |sim| {
        write(&sim, 1..=10, 0).await;
        let told = until(&kept, |kept| kept.had.len() >= 10).await;
        assert_eq!(told.numbers(), (1..=10).collect::<Vec<_>>());
        sim.restart("caller").await.unwrap();
        write(&sim, 11..=12, 0).await;
        let told = until(&kept, |kept| kept.had.len() >= 12).await;
        assert_eq!(told.numbers(), (1..=12).collect::<Vec<_>>());
        is_in_order(&told);
    });
}

#[test]
fn a_follower_that_says_nothing_is_told_what_comes_from_now_on() {
    let (kept, other) = (Shared::default(), Shared::default());
    let of = Arc::clone(&kept);
    library(54, move || reader(&of, Begin::All)).run(async move |sim| {
        write(&sim, 1..=5, 0).await;
        let it = reader(&other, Begin::Now);
        sim.on("caller", async move |node| node.spawn(it).await).await.unwrap().unwrap();
        until(&kept, |kept| kept.had.len() == 5).await;
        tokio::time::sleep(Duration::from_secs(1)).await; // tidy: sleep: virtual time, until it has reached a member
        write(&sim, 6..=9, 0).await;
        let told = until(&other, |kept| kept.numbers().last() == Some(&9)).await;
        assert_eq!(told.numbers(), [6, 7, 8, 9]);
    });
}

#[test]
fn what_a_master_has_alone_is_told_to_nobody() {
    let kept = Shared::default();
    let of = Arc::clone(&kept);
    library(55, move || reader(&of, Begin::All)).run(async move |sim| {
        write(&sim, 1..=3, 0).await;
        all_are_in_sync(&sim).await;
        let now = master(&sim, None).await;
        // Its follower still reaches it.
        for other in others(&now).into_iter().chain(["registry"]) {
            sim.partition(&now, other);
        }
        let in_vain = sim.on(&now, async |node| {
            node.local::<Book>().rpc_write(666, 0).timeout(Duration::from_secs(8)).await.is_err()
        });
        assert!(in_vain.await.unwrap());
        master(&sim, Some(&now)).await;
        write(&sim, 4..=6, 0).await;
        for other in others(&now).into_iter().chain(["registry"]) {
            sim.heal(&now, other);
        }
        all_are_in_sync(&sim).await;
        write(&sim, 7..=7, 0).await;
        let told = until(&kept, |kept| kept.numbers().contains(&7)).await;
        assert_eq!(told.numbers(), (1..=7).collect::<Vec<_>>());
    });
}

#[test]
fn a_follower_that_is_too_slow_is_told_of_a_gap_and_goes_on_from_a_snapshot() {
    let kept = Shared::default();
    let of = Arc::clone(&kept);
    let slow = move || Reader { slow: 2_000, ..reader(&of, Begin::All) };
    library(56, slow).run(async move |sim| {
        // More than a group keeps.
        write(&sim, 1..=180, 100_000).await;
        let all = pages(&sim).await;
        let told = until(&kept, |kept| kept.sum().lines >= all.lines).await;
        assert_eq!(told.sum(), all);
        let [(from, to, GapReason::Forgotten), ..] = told.gaps[..] else { panic!("{:?}", told.gaps) };
        assert!(from < to, "{from} {to}");
        is_in_order(&told);
    });
}

#[test]
fn a_follower_of_a_group_that_is_founded_anew_is_told_what_is_undone() {
    let kept = Shared::default();
    let of = Arc::clone(&kept);
    library(57, move || reader(&of, Begin::All)).ttl(Duration::from_secs(2)).run(async move |sim| {
        write(&sim, 1..=5, 0).await;
        let before = until(&kept, |kept| kept.had.len() == 5).await;
        for name in ["a", "b", "c"] {
            sim.kill(name).await;
        }
        for name in ["a", "b", "c"] {
            sim.start(name).await.unwrap();
        }
        let accepted = sim.on("caller", async |node| {
            while let Err(why) = node.accept_loss(&GroupName::of("Book"), None).await {
                assert!(!matches!(why, ember::LossRefused::NoGroup), "{why}");
                tokio::time::sleep(Duration::from_millis(100)).await; // tidy: sleep: virtual time, until the dead are gone
            }
        });
        accepted.await.unwrap();
        write(&sim, 7..=9, 0).await;
        let told = until(&kept, |kept| kept.sum() == Pages { lines: 3, sum: 24 }).await;
        let last = before.had.last().unwrap().0;
        assert_eq!(told.gaps, [(last, Position::START, GapReason::Undone)]);
        assert!(told.had.iter().all(|(at, _)| *at > last), "{:?} {last}", told.had);
    });
}

#[test]
fn a_service_that_follows_itself_has_its_entries_on_master_and_slave() {
    let cluster = ["a", "b"]
        .into_iter()
        .fold(Cluster::seed(63), |cluster, name| cluster.node(name, |node| node.service(Echo::default())));
    cluster.run(async |sim| {
        let added = sim.on("a", async |node| {
            let echo = node.client::<EchoClient>();
            for add in 1..=4 {
                echo.rpc_add(add).timeout(Duration::from_secs(30)).await.unwrap();
            }
        });
        added.await.unwrap();
        for name in ["a", "b"] {
            let heard = sim.on(name, async |node| {
                while node.local::<Echo>().rpc_heard().await.ok() != Some(10) {
                    tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has heard all
                }
            });
            heard.await.unwrap();
        }
    });
}
