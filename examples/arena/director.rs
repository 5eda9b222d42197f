//! Starts the three processes, kills one in the middle of its matches, and looks whether all gold is there.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write, stdout},
    process::Stdio,
    time::Duration,
};

use ember::{Error, Result};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
    time::{Instant, timeout},
};

const COUNT: u64 = 1000;

/// The numbers of a line of the town, in its order.
#[derive(Debug, Default, Clone, Copy)]
struct Town([u64; 9]);

pub async fn run() -> Result<()> {
    let (line, lines) = mpsc::channel(64);
    let cluster = format!("arena-{}", std::process::id());
    let mut stage =
        Stage { cluster, children: BTreeMap::new(), line, lines, started: Instant::now(), town: Town::default() };
    stage.say("three processes: `town` has the bank and the match maker, `north` and `south` have 1000 players each");
    stage.start("town", &[])?;
    stage.start("north", &["0", "1000"])?;
    stage.start("south", &["1000", "1000"])?;
    stage.until("2000 players are in the books and play", |town| town[0] == 2 * COUNT).await?;
    stage.shout("killing `south` with SIGKILL, in the middle of its matches");
    if let Some(mut south) = stage.children.remove("south") {
        south.kill().await?;
    }
    stage.until("the maker heard of each of the 1000 that went down", |town| town[4] == COUNT).await?;
    stage.until("the rest has played its rounds", |town| town[1] == 0).await?;
    let Town([_, _, finished, walkovers, _, gold, should, again, boards]) = stage.town;
    stage.say(&format!("{finished} matches, {walkovers} won by walkover; the last line went to {boards} boards"));
    let tally = stage.close("north").await?;
    stage.close("town").await?;
    let [_, heard, refused, unknown, wrong] = tally[..] else { return Err(Error::other("north told nothing")) };
    stage.say(&format!("the players of `north` heard {heard} lines of the chat"));
    stage.say(&format!(
        "{refused} of their charges were refused, {unknown} may have run; asked again, by the same order"
    ));
    stage.say(&format!("the bank was asked {again} times for an order that it had done already"));
    stage.shout(&format!("gold: {gold} of {should}; players of `north` who disagree with the bank: {wrong}"));
    if gold == should && wrong == 0 { Ok(()) } else { Err(Error::other("gold was lost or made")) }
}

struct Stage {
    cluster: String,
    children: BTreeMap<&'static str, Child>,
    line: mpsc::Sender<(&'static str, String)>,
    lines: mpsc::Receiver<(&'static str, String)>,
    started: Instant,
    town: Town,
}

impl Stage {
    fn start(&mut self, name: &'static str, more: &[&str]) -> Result<()> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([name, &self.cluster])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or_else(|| Error::other("no standard output"))?;
        self.children.insert(name, child);
        let line = self.line.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(text)) = lines.next_line().await {
                let _ = line.send((name, text)).await;
            }
        });
        Ok(())
    }

    /// Follows the town until `condition` holds, a minute at most.
    async fn until(&mut self, what: &str, condition: impl Fn(&[u64; 9]) -> bool) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(60);
        while !condition(&self.town.0) {
            let Ok(Some((name, text))) = tokio::time::timeout_at(end, self.lines.recv()).await else {
                return Err(Error::other(format!("this did not happen within a minute: {what}; {:?}", self.town)));
            };
            if name == "town"
                && let Ok(numbers) = <[u64; 9]>::try_from(numbers(&text))
            {
                self.town = Town(numbers);
                self.live();
            }
        }
        self.say(what);
        Ok(())
    }

    /// Ends a process in order; returns the numbers of its last line.
    async fn close(&mut self, name: &str) -> Result<Vec<u64>> {
        let Some(mut child) = self.children.remove(name) else { return Ok(Vec::new()) };
        drop(child.stdin.take());
        let ended = timeout(Duration::from_secs(30), child.wait()).await;
        if !matches!(ended, Ok(Ok(status)) if status.success()) {
            return Err(Error::other(format!("`{name}` did not end in order: {ended:?}")));
        }
        let mut last = Vec::new();
        while name != "town" && last.is_empty() {
            let Ok(Some((from, text))) = timeout(Duration::from_secs(1), self.lines.recv()).await else { break };
            if from == name && text.starts_with("tally") {
                last = numbers(&text);
            }
        }
        Ok(last)
    }

    /// On a terminal: a line that stays in place.
    fn live(&self) {
        if stdout().is_terminal() {
            let [players, playing, finished, _, down, gold, ..] = self.town.0;
            print!(
                "\r\x1b[K         {players} players, {playing} matches now, {finished} over, {down} down, {gold} gold"
            );
            let _ = stdout().flush();
        }
    }

    fn say(&self, text: &str) {
        let clear = if stdout().is_terminal() { "\r\x1b[K" } else { "" };
        println!("{clear}{:5.1} s  {text}", self.started.elapsed().as_secs_f64());
    }

    fn shout(&self, text: &str) {
        if stdout().is_terminal() { self.say(&format!("\x1b[1m{text}\x1b[0m")) } else { self.say(text) }
    }
}

fn numbers(line: &str) -> Vec<u64> {
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}
