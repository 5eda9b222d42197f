//! A replicated bank whose members are killed all the time, one or several of them, or stand still until another is the master. Somebody
//! who has all that was acknowledged always lives: nothing of that may be lost, and nothing may be made twice.

mod check;
mod group;
pub(crate) mod process;
mod service;
mod strikes;
mod user;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread::sleep,
    time::Duration,
};

use ember_tests::{faults::FaultNode, wait::until};
use tokio::time::Instant;

use self::{
    group::Group,
    strikes::{Strike, Strikes},
    user::{Counts, now},
};
use crate::{arguments::Arguments, dice::Dice, report::Report, stage::short};

/// Processes of this cluster are members and users of the bank.
pub(crate) const CLUSTER: &str = "bank";
const NAMES: [&str; 5] = ["m0", "m1", "m2", "m3", "m4"];
/// Processes with users; nobody kills them.
const USERS: [&str; 2] = ["u0", "u1"];
const USERS_EACH: u64 = 4;
/// From one strike to the next.
const EVERY: Duration = Duration::from_secs(1);
/// So often it is said how far it is, in strikes.
const SAY: usize = 60;

struct Run {
    group: Group,
    users: Vec<FaultNode>,
    names: &'static [&'static str],
    lease: Duration,
    dice: Dice,
    strikes: Strikes,
    /// Who stands still, and until when.
    still: Option<(String, Instant)>,
    spared: usize,
}

pub(crate) fn run(arguments: &Arguments, report: &mut Report) {
    let Arguments { time, seed, members, lease, .. } = *arguments;
    println!("trial: {time:?} of a bank with {members} members, with the seed {seed}");
    report.note("seed", seed);
    let names = &NAMES[..usize::try_from(members).unwrap_or(NAMES.len()).min(NAMES.len())];
    let mut group = Group::open(lease);
    group.start(names);
    group.in_sync();
    let mut users: Vec<_> = USERS.iter().map(|name| group.user(name)).collect();
    for (first, user) in (0..).step_by(USERS_EACH as usize).zip(&mut users) {
        user.ask::<()>(&format!("use {first} {USERS_EACH}"));
    }
    let (dice, strikes) = (Dice::new(seed), Strikes::default());
    let mut run = Run { group, users, names, lease, dice, strikes, still: None, spared: 0 };
    let ended = catch_unwind(AssertUnwindSafe(|| {
        run.serves();
        run.strike_for(time, report);
        run.rests();
        run.served(report);
        let wrong = check::compare(&mut run.users, run.names, report);
        wrong.into_iter().for_each(|it| report.violation(it));
    }));
    if ended.is_err() || !report.violations.is_empty() {
        run.group.keep_logs();
        println!("trial: the logs are in {}", run.group.folder().display());
    }
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
}

impl Run {
    /// Waits until a transfer is made that was asked for from now on.
    fn serves(&mut self) {
        let since = now();
        until("transfers to be made", || self.done_after(since));
    }

    fn done_after(&mut self, since: u64) -> Option<u64> {
        let asked = format!("served {since}");
        self.users.iter_mut().filter_map(|user| user.ask::<Option<u64>>(&asked)).min()
    }

    fn strike_for(&mut self, time: Duration, report: &mut Report) {
        let begun = Instant::now();
        let mut next = begun;
        while begun.elapsed() < time {
            self.strike();
            if let Some((name, _)) = self.still.take_if(|(_, until)| Instant::now() >= *until) {
                self.group.thaw(&name);
            }
            self.look(report);
            if self.strikes.all().len().is_multiple_of(SAY) {
                let counts = self.counts();
                println!("trial: {:>5.0} s: {} done, {:?}", begun.elapsed().as_secs_f64(), counts.done, counts.why);
            }
            next += EVERY;
            // tidy: sleep: until the next strike
            sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    /// The first kills the master. Of ten others one lets a member stand still, one kills several at once, two the master, and the rest
    /// anybody.
    fn strike(&mut self) {
        let still = self.still.as_ref().map(|(name, _)| name.clone());
        let mut others: Vec<String> = self.names.iter().map(|it| (*it).to_owned()).collect();
        others.retain(|it| Some(it) != still.as_ref());
        let master = self.group.master().filter(|it| others.contains(it));
        let kind = if self.strikes.all().is_empty() { 9 } else { self.dice.roll(10) };
        let any = self.dice.of(&others).clone();
        let victims = match kind {
            0 if still.is_none() => {
                let name = if self.dice.roll(2) == 0 { master.clone().unwrap_or(any) } else { any };
                let for_so_long = self.lease + Duration::from_millis(500 + self.dice.roll(2500));
                let strike = Strike::Still { master: master.as_ref() == Some(&name), for_so_long };
                self.strikes.add(now(), strike);
                self.group.freeze(&name);
                self.still = Some((name, Instant::now() + for_so_long));
                return;
            }
            1 => {
                let spare = 1 + self.dice.roll(others.len() as u64 - 1) as usize;
                (0..spare).for_each(|_| drop(others.swap_remove(self.dice.roll(others.len() as u64) as usize)));
                others
            }
            8 | 9 => vec![master.clone().unwrap_or(any)],
            _ => vec![any],
        };
        let wanted = victims.len();
        let victims = self.group.hold(victims);
        self.spared += wanted - victims.len();
        if victims.is_empty() {
            return;
        }
        let strike =
            Strike::Killed { master: master.is_some_and(|it| victims.contains(&it)), several: victims.len() > 1 };
        self.strikes.add(now(), strike);
        self.group.kill(&victims);
        let names: Vec<_> = self.names.iter().copied().filter(|it| victims.iter().any(|name| name == it)).collect();
        self.group.start(&names);
    }

    /// What users have seen that may not be.
    fn look(&mut self, report: &mut Report) {
        for user in &mut self.users {
            let looked: user::Looked = user.ask("looked");
            let new = looked.wrong.into_iter().filter(|it| !report.violations.contains(it)).collect::<Vec<_>>();
            new.into_iter().for_each(|it| report.violation(it));
        }
    }

    /// Nothing happens any more: all are in sync, and the group serves.
    fn rests(&mut self) {
        if let Some((name, _)) = self.still.take() {
            self.group.thaw(&name);
        }
        self.group.in_sync();
        self.serves();
    }

    fn counts(&mut self) -> Counts {
        let mut all = Counts::default();
        for user in &mut self.users {
            let counts: Counts = user.ask("counts");
            all.done += counts.done;
            all.short += counts.short;
            all.not_executed += counts.not_executed;
            all.maybe_executed += counts.maybe_executed;
            all.slowest_ms = all.slowest_ms.max(counts.slowest_ms);
            crate::stage::add(&mut all.why, &counts.why);
        }
        all
    }

    /// Says how long it took after each strike until the group served.
    fn served(&mut self, report: &mut Report) {
        let all: Vec<(u64, Strike)> = self.strikes.all().to_vec();
        let mut took = BTreeMap::new();
        for (at, strike) in &all {
            let Some(done) = self.done_after(*at) else {
                report.violation(format!("nothing was done after {strike:?}"));
                continue;
            };
            let time = Duration::from_micros(done - at);
            took.entry(strike.words()).or_insert_with(Vec::new).push(time);
            let (bound, masters) = self.strikes.bound(*at, done, self.lease);
            if time > bound {
                let why = format!("{masters} masters were struck meanwhile");
                report.violation(format!("the group served {} after {strike:?}: {why}", short(time)));
            }
        }
        for (words, mut times) in took {
            times.sort_unstable();
            let of = |hundredth: usize| short(times[(times.len() - 1) * hundredth / 100]);
            report.line([words.to_owned(), times.len().to_string(), of(50), of(90), of(100)]);
        }
        let counts = self.counts();
        report.note("members", self.names.len());
        let (epochs, sets) = self.group.history();
        report.note("epochs, each with one master", epochs);
        report.note("sets of those in sync, one after the other", sets);
        report.note("strikes that spared the last who had all", self.spared);
        report.note("transfers done", format!("{}, the slowest call took {} ms", counts.done, counts.slowest_ms));
        report.note("without cover", counts.short);
        report.note("not done", crate::stage::reasons(&counts.why));
    }
}
