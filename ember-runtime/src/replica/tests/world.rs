//! A group in one thread: its members, what is on its way between them, the registry's record, and an observer who sees everything.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::{
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
    replica::{Answer, Batch, Follower, Held, InSync, Leader, Member, Point},
    rng::Rng,
};

/// What is broken.
pub(super) type Checked = Result<(), String>;

pub(super) enum Role {
    Down,
    Follows(Follower),
    Leads(Leader),
}

/// The applied records are the state: the first is at index 1.
pub(super) type State = Vec<(Point, Vec<Bytes>)>;

pub(super) struct Node {
    pub(super) me: Member,
    pub(super) role: Role,
    pub(super) state: State,
    /// The registry has been asked for this set, and nobody knows yet what came of it.
    pub(super) asked: Option<(u64, BTreeSet<Member>)>,
    /// As a master: up to here the observer has looked.
    pub(super) seen: u64,
}

#[derive(Clone)]
pub(super) enum Message {
    Batch(Batch),
    Answer(Pid, Answer),
    Snapshot { from: Member, to: Pid, epoch: Epoch, set: InSync, point: Point, state: State },
}

pub(super) struct Registry {
    pub(super) epoch: Epoch,
    pub(super) set: InSync,
    pub(super) master: Option<Member>,
}

pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    pub(super) net: Vec<Message>,
    pub(super) record: Registry,
    pub(super) rng: Rng,
    /// Everything that was ever acknowledged.
    pub(super) truth: State,
    /// Everything that was ever written.
    pub(super) written: BTreeMap<(Epoch, u64), Vec<Bytes>>,
    values: u64,
}

pub(super) fn pid(of: usize) -> Pid {
    let node = NodeKey { id: NodeId(of as u64), incarnation: Incarnation(1) };
    Pid { node, number: 1 }
}

pub(super) fn check(fact: bool, broken: &str) -> Checked {
    if fact { Ok(()) } else { Err(broken.to_owned()) }
}

impl Node {
    pub(super) fn held(&self) -> Option<&Held> {
        match &self.role {
            Role::Down => None,
            Role::Follows(follower) => Some(follower.held()),
            Role::Leads(leader) => Some(leader.held()),
        }
    }

    pub(super) fn leader(&mut self) -> Option<&mut Leader> {
        if let Role::Leads(leader) = &mut self.role { Some(leader) } else { None }
    }

    /// A later master is known, or the office is handed over.
    pub(super) fn depose(&mut self, running: bool) {
        self.role = match std::mem::replace(&mut self.role, Role::Down) {
            Role::Leads(leader) => Role::Follows(leader.depose(running)),
            other => other,
        };
        self.asked = None;
    }
}

impl World {
    /// The first of them has founded the group.
    pub(super) fn new(seed: u64) -> Self {
        let rng = Rng::from_seed(seed);
        let node = |of| {
            let me = Member::first(pid(of));
            Node { me, role: Role::Follows(Follower::new(me)), state: State::new(), asked: None, seen: 0 }
        };
        let nodes: Vec<Node> = (0..3 + rng.below(3)).map(node).collect();
        let record = Registry { epoch: Epoch(0), set: InSync::founded_by(nodes[0].me), master: None };
        let (truth, written) = (State::new(), BTreeMap::new());
        let mut world = Self { nodes, net: Vec::new(), record, rng, truth, written, values: 0 };
        world.take_office(0);
        world.observe().expect("the log is empty");
        world
    }

    pub(super) fn at(pid: Pid) -> usize {
        pid.node.id.0 as usize
    }

    pub(super) fn alive(&self, member: Member) -> bool {
        let node = &self.nodes[Self::at(member.pid)];
        node.me == member && !matches!(node.role, Role::Down)
    }

    // Office.

    /// Only who is named in the record.
    pub(super) fn take_office(&mut self, of: usize) {
        let node = &mut self.nodes[of];
        if self.record.master.is_some() || !self.record.set.names(node.me) || matches!(node.role, Role::Down) {
            return;
        }
        node.depose(false);
        let Role::Follows(follower) = std::mem::replace(&mut node.role, Role::Down) else { return };
        let epoch = Epoch(self.record.epoch.0 + 1);
        match follower.lead(epoch, self.record.set.clone()) {
            Ok(leader) => {
                node.seen = leader.held().log().base().index;
                self.written.insert((epoch, leader.barrier()), Vec::new());
                node.role = Role::Leads(leader);
                (self.record.epoch, self.record.master) = (epoch, Some(node.me));
            }
            Err(follower) => node.role = Role::Follows(follower),
        }
    }

    pub(super) fn is_master(&self, of: usize) -> bool {
        let node = &self.nodes[of];
        matches!(&node.role, Role::Leads(leader) if leader.epoch() == self.record.epoch)
            && self.record.master == Some(node.me)
    }

    /// Who believes to lead, rightly or not.
    pub(super) fn any_leader(&self) -> Option<usize> {
        let leads = |of: &usize| matches!(self.nodes[*of].role, Role::Leads(_));
        let all: Vec<usize> = (0..self.nodes.len()).filter(leads).collect();
        all.get(self.rng.below(all.len())).copied()
    }

    /// A master hears from the registry that there is a later one.
    pub(super) fn notice(&mut self, of: usize, running: bool) {
        let later = self.record.epoch;
        if self.nodes[of].leader().is_some_and(|leader| leader.epoch() < later) {
            self.nodes[of].depose(running);
        }
    }

    pub(super) fn hand_over(&mut self, of: usize) {
        if self.is_master(of) {
            self.record.master = None;
            self.nodes[of].depose(false);
        }
    }

    // Records.

    pub(super) fn commit(&mut self, of: usize, opens: bool) -> Checked {
        let entries: Vec<Bytes> = (0..1 + self.rng.below(3) as u64)
            .map(|of| Bytes::copy_from_slice(&(self.values + of).to_le_bytes()))
            .collect();
        let Some(leader) = self.nodes[of].leader().filter(|leader| leader.is_in_office()) else { return Ok(()) };
        let index = leader.append(entries.clone());
        let point = Point { epoch: leader.epoch(), index };
        leader.has_applied(point);
        if opens {
            leader.open(index);
        }
        self.values += 3;
        self.nodes[of].state.push((point, entries.clone()));
        let before = self.written.insert((point.epoch, index), entries);
        check(before.is_none(), "two records were written at one point")
    }

    pub(super) fn open(&mut self, of: usize) {
        if let Some(leader) = self.nodes[of].leader() {
            leader.open(leader.held().log().last().index);
        }
    }

    pub(super) fn ship(&mut self, of: usize, to: usize, bytes: usize) -> bool {
        let batch = self.nodes[of].leader().and_then(|leader| leader.batch_for(pid(to), bytes));
        let any = batch.is_some();
        self.net.extend(batch.map(Message::Batch));
        any
    }

    pub(super) fn apply(&mut self, of: usize) -> Checked {
        self.observe()?;
        let node = &self.nodes[of];
        let Some((point, record)) = node.held().and_then(Held::unapplied) else { return Ok(()) };
        let entries = record.entries.clone();
        check(point.index == node.state.len() as u64 + 1, "a record is applied out of order")?;
        let acknowledged = self.truth.get(point.index as usize - 1) == Some(&(point, entries.clone()));
        check(acknowledged, "a member has applied what was never acknowledged")?;
        let node = &mut self.nodes[of];
        node.state.push((point, entries));
        match &mut node.role {
            Role::Down => {}
            Role::Follows(follower) => follower.has_applied(point),
            Role::Leads(leader) => leader.has_applied(point),
        }
        Ok(())
    }

    pub(super) fn trim(&mut self, of: usize) {
        let index = self.rng.below(self.truth.len() + 2) as u64;
        match &mut self.nodes[of].role {
            Role::Down => {}
            Role::Follows(follower) => follower.trim(index),
            Role::Leads(leader) => leader.trim(index),
        }
    }

    // The set.

    pub(super) fn ask(&mut self, of: usize, next: impl FnOnce(&Leader) -> Option<BTreeSet<Member>>) {
        let node = &mut self.nodes[of];
        let Role::Leads(leader) = &mut node.role else { return };
        let version = leader.set().version;
        let Some(next) = next(leader) else { return };
        if leader.begin_change(next.clone()) {
            node.asked = Some((version, next));
        }
    }

    pub(super) fn shrink(&mut self, of: usize, member: Member) {
        self.ask(of, |leader| Some(leader.set().members.iter().copied().filter(|other| *other != member).collect()));
    }

    /// Takes out somebody of whom nothing is left.
    pub(super) fn shrink_dead(&mut self, of: usize) {
        let dead = self.record.set.members.iter().copied().find(|member| !self.alive(*member));
        if let Some(dead) = dead {
            self.shrink(of, dead);
        }
    }

    pub(super) fn grow(&mut self, of: usize, by: usize) {
        self.ask(of, |leader| {
            let new = leader.may_add(pid(by))?;
            Some(leader.set().members.iter().copied().chain([new]).collect())
        });
    }

    /// The registry makes the change, if its record is still the one that was known.
    pub(super) fn registry_changes(&mut self, of: usize) {
        let master = self.is_master(of);
        let Some((version, next)) = &self.nodes[of].asked else { return };
        if master && *version == self.record.set.version {
            self.record.set = InSync { version: version + 1, members: next.clone() };
        }
    }

    /// A master reads what came of its change.
    pub(super) fn learn(&mut self, of: usize) {
        let (epoch, version) = (self.record.epoch, self.record.set.version);
        let master = self.is_master(of);
        let node = &mut self.nodes[of];
        let Some((before, _)) = node.asked else { return };
        let Some(leader) = node.leader().filter(|leader| leader.epoch() == epoch) else { return };
        if version > before {
            leader.changed(version);
        } else if master {
            leader.withdrawn();
        } else {
            return;
        }
        node.asked = None;
    }

    // Faults.

    /// Never the last of the set that lives.
    pub(super) fn crash(&mut self, of: usize) {
        let me = self.nodes[of].me;
        if self.record.set.members.iter().any(|member| *member != me && self.alive(*member)) {
            let node = &mut self.nodes[of];
            (node.role, node.asked) = (Role::Down, None);
            node.state.clear();
        }
    }

    pub(super) fn restart(&mut self, of: usize) {
        let node = &mut self.nodes[of];
        if matches!(node.role, Role::Down) {
            node.me.incarnation += 1;
            node.role = Role::Follows(Follower::new(node.me));
        }
    }
}
