//! Everything that is so at one moment: processes, the registry, what is under way between them, and what has been promised.

use crate::{
    log::{Log, Record, What},
    observer::Observer,
    rules,
    set::{LIVES, Member, PLACES, Set},
};

/// What a member of the group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Role {
    #[default]
    Follows,
    /// Master by the registry; its barrier is not committed yet.
    Elected,
    Leads,
    /// A master of before, whose state may have what is cut off.
    Deposed,
}

/// What a master knows of another member's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Told {
    pub(crate) by: Option<Member>,
    pub(crate) upto: u8,
}

/// A handler under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    pub(crate) id: u8,
    pub(crate) began: u8,
    /// It has committed something, and goes on.
    pub(crate) entered: bool,
    /// Its caller asks for nothing lower any more.
    pub(crate) over: bool,
}

/// What runs at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Node {
    pub(crate) up: bool,
    pub(crate) life: u8,
    /// What it was when its process started: by this others reach it.
    pub(crate) born: u8,
    /// Otherwise it is empty, and learns.
    pub(crate) has_state: bool,
    pub(crate) role: Role,
    /// The epoch that it follows, leads, or has led.
    pub(crate) epoch: u8,
    /// The set as it knows it; a master's change of it that is under way (empty: none).
    pub(crate) version: u8,
    pub(crate) set: Set,
    pub(crate) next: Set,
    pub(crate) log: Log,
    pub(crate) commit: u8,
    /// Of a master: up to here all was committed when enough were in sync.
    pub(crate) acknowledged: u8,
    pub(crate) applied: u8,
    pub(crate) told: [Told; PLACES],
    /// A master's lease, by its own clock.
    pub(crate) lease: bool,
    /// Acting by acknowledgements: places (as bits) whose last is within the master's window.
    pub(crate) heard: u8,
    /// Acting by acknowledgements: it has given one, and takes no office yet.
    pub(crate) holds: bool,
    /// Its bid for the office is under way; otherwise bid and outcome are one action.
    pub(crate) bids: bool,
    pub(crate) run: Option<Run>,
    /// Calls (as bits) that are owed to another, and that it has had answered; they may not be written as paid yet.
    pub(crate) answered: u8,
    /// Outcomes up to here are not known; 0 but where snapshots lack them.
    pub(crate) table_from: u8,
    /// The same of what is owed.
    pub(crate) outbox_from: u8,
}

impl Node {
    /// A process without state.
    pub(crate) fn empty(life: u8) -> Self {
        Self { up: true, life, born: life, ..Self::default() }
    }

    pub(crate) fn is_master(&self) -> bool {
        self.up && matches!(self.role, Role::Elected | Role::Leads)
    }

    /// The epoch in which it leads.
    pub(crate) fn leads(&self) -> Option<u64> {
        (self.up && self.role == Role::Leads).then_some(u64::from(self.epoch))
    }

    pub(crate) fn next(&self) -> Option<&Set> {
        (!self.next.is_empty()).then_some(&self.next)
    }

    /// Its barrier; 0 if it has none.
    pub(crate) fn barrier(&self) -> u8 {
        self.log.first_of(self.epoch).unwrap_or(0)
    }

    pub(crate) fn told_by(&self, member: Member) -> Option<u64> {
        let told = self.told[member.place()];
        (told.by == Some(member)).then_some(u64::from(told.upto))
    }
}

/// The group's record in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    pub(crate) epoch: u8,
    pub(crate) version: u8,
    pub(crate) set: Set,
}

/// A claim in the registry, at a place's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) by: Member,
    pub(crate) round: u8,
    pub(crate) epoch: u8,
    pub(crate) version: u8,
    pub(crate) set: Set,
}

/// Members there can be.
pub(crate) const CLAIMS: usize = PLACES * LIVES as usize;

/// What a backup has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Data {
    pub(crate) group: Option<Group>,
    /// The key of the office, which ends with its holder's lease.
    pub(crate) master: Option<Member>,
    /// By member: each incarnation has a key of its own.
    pub(crate) claims: [Option<Claim>; CLAIMS],
}

/// The registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Registry {
    pub(crate) up: bool,
    /// One lease has passed since it came back.
    pub(crate) settled: bool,
    /// How often it came back.
    pub(crate) round: u8,
    pub(crate) data: Data,
    pub(crate) backup: Option<Data>,
}

/// The answer to a batch, under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ack {
    pub(crate) from: Member,
    pub(crate) to: Member,
    pub(crate) epoch: u8,
    pub(crate) upto: u8,
    pub(crate) version: u8,
    /// The window that it gives has not ended.
    pub(crate) fresh: bool,
    /// What it says is on the disk of who gives it, if that has a journal.
    pub(crate) kept: bool,
}

/// What a master ships: all that it has, so that it is a snapshot too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Batch {
    pub(crate) from: Member,
    pub(crate) to: u8,
    pub(crate) epoch: u8,
    pub(crate) version: u8,
    pub(crate) set: Set,
    pub(crate) next: Set,
    pub(crate) log: Log,
    pub(crate) commit: u8,
}

/// What a place has in its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Disk {
    pub(crate) life: u8,
    pub(crate) born: u8,
    pub(crate) epoch: u8,
    pub(crate) version: u8,
    pub(crate) set: Set,
    pub(crate) has_state: bool,
    pub(crate) log: Log,
    /// The end of what had been written is gone.
    pub(crate) damaged: bool,
}

impl Disk {
    pub(crate) fn of(node: &Node) -> Self {
        let Node { life, born, epoch, version, set, has_state, log, .. } = *node;
        Self { life, born, epoch, version, set, has_state, log, damaged: false }
    }
}

/// What a client has seen of the registry: the group's record, and who was its master.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct View {
    pub(crate) group: Group,
    pub(crate) master: Member,
}

/// A read that is to miss nothing, while those in sync are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fresh {
    pub(crate) view: View,
    /// Those (as bits, by place) that are to say something yet.
    pub(crate) open: u8,
    /// So much was acknowledged when it began.
    pub(crate) least: u8,
    /// So much its master says.
    pub(crate) upto: u8,
}

/// A call to another service as that knows it: the epoch of the first that was owed, or of this one's record, and its number.
pub(crate) type OwedKey = (u8, u8);

/// How much of each fault and call there has been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Spent {
    pub(crate) crashes: u8,
    pub(crate) falls: u8,
    pub(crate) hands: u8,
    pub(crate) late: u8,
    pub(crate) damages: u8,
    pub(crate) fresh: u8,
    pub(crate) begun: [u8; 2],
    pub(crate) asked: [u8; 2],
}

/// One moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) nodes: [Node; PLACES],
    pub(crate) registry: Registry,
    /// From whom, to whom.
    pub(crate) acks: [[Option<Ack>; PLACES]; PLACES],
    /// A batch that has stayed behind on its way.
    pub(crate) late: Option<Batch>,
    /// Journals, by place.
    pub(crate) disks: [Option<Disk>; PLACES],
    /// What a client knows of the registry, and the read that it makes.
    pub(crate) view: Option<View>,
    pub(crate) fresh: Option<Fresh>,
    /// What the service to which the group owes calls has run.
    pub(crate) callee: [Option<OwedKey>; 3],
    pub(crate) observer: Observer,
    pub(crate) spent: Spent,
}

impl World {
    /// `places` in sync; the first is master of epoch 1, and its barrier is committed. Those up to `running` run, and are empty.
    pub(crate) fn begin(places: usize, running: usize, journal: bool) -> Self {
        let set = Set::of((0..places).map(|place| Member::new(place, 0)));
        let master = Member::new(0, 0);
        let mut log = Log::default();
        log.append(Record::new(1, master, What::Barrier));
        let one = Node { has_state: true, epoch: 1, version: 1, set, log, commit: 1, applied: 1, ..Node::empty(0) };
        let mut nodes = [Node::default(); PLACES];
        nodes[..places].fill(one);
        nodes[places..running.max(places)].fill(Node::empty(0));
        nodes[0].role = Role::Leads;
        nodes[0].lease = true;
        for member in rules::Members::each(&set).skip(1) {
            nodes[0].told[member.place()] = Told { by: Some(member), upto: 1 };
        }
        let group = Some(Group { epoch: 1, version: 1, set });
        let data = Data { group, master: Some(master), claims: [None; CLAIMS] };
        let disk = |node: &Node| (journal && node.up).then(|| Disk::of(node));
        nodes[0].acknowledged = 1;
        Self {
            nodes,
            registry: Registry { up: true, settled: true, round: 1, data, backup: None },
            acks: [[None; PLACES]; PLACES],
            late: None,
            disks: std::array::from_fn(|place| disk(&nodes[place])),
            view: None,
            fresh: None,
            callee: [None; 3],
            observer: Observer::begin(master, set, log),
            spent: Spent::default(),
        }
    }

    /// Who is, or was, at a place.
    pub(crate) fn member(&self, place: usize) -> Member {
        Member::new(place, self.nodes[place].life)
    }

    pub(crate) fn lives(&self, member: Member) -> bool {
        self.nodes[member.place()].up && self.member(member.place()) == member
    }

    /// Whether it lives, or can be started again with what it had.
    pub(crate) fn survives(&self, member: Member) -> bool {
        let disk = self.disks[member.place()];
        let kept = disk.is_some_and(|disk| !disk.damaged && Member::new(member.place(), disk.life) == member);
        self.lives(member) || kept && !self.nodes[member.place()].up
    }

    /// Whether the registry names the one at `place` as master of the epoch that it leads.
    pub(crate) fn holds_office(&self, place: usize) -> bool {
        let data = &self.registry.data;
        data.master == Some(self.member(place))
            && data.group.is_some_and(|group| group.epoch == self.nodes[place].epoch)
    }
}
