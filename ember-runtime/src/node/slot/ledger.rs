//! The slots of a cluster in its registry. Each change is a transaction on what was read, so that of several who take a slot one gets it, and
//! whoever has lost one cannot reserve more of it. No id depends on a lease, or on a clock, while the registry keeps what it
//! was told: who follows on a slot begins where the time ends that is reserved there.
//!
//! A registry can lose it: it is wiped, or restored from an old backup. Whoever had a slot writes it back as soon as it has a lease again, and who
//! takes one is ahead of its clock, behind all that can be reserved by those who are not heard.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{sync::watch, time::sleep};

use super::{
    choice::{Known, choose},
    reserved::{AGREE, Asks, FORGOTTEN, Reserved, ahead},
};
use crate::{
    directory::{BeginRecord, Contact, SlotKey, SlotRecord},
    error::NoUniqueId,
    id::{NodeKey, UniqueId},
    registry::{Compare, KeyValue, Operation, RegistryError, Session, Transaction},
};

/// So often others may be quicker.
const ATTEMPTS: usize = 16;
/// The longest pause after that.
const PAUSE: Duration = Duration::from_millis(50);

/// The registry, as far as slots are written there.
pub(crate) struct Ledger {
    pub(crate) session: Arc<dyn Session>,
    pub(crate) cluster: String,
    pub(crate) contact: watch::Receiver<Contact>,
}

/// When slots can be taken without being ahead of the clock.
enum Begin {
    /// It has not been written: nobody has taken a slot yet, or the registry has lost its data.
    Absent,
    Written {
        from: u64,
        modified: i64,
    },
    Unreadable {
        modified: i64,
    },
}

/// All that is written.
struct Seen {
    slots: BTreeMap<u16, (Known, i64)>,
    begin: Begin,
}

impl From<RegistryError> for NoUniqueId {
    fn from(error: RegistryError) -> Self {
        Self::Away(error.to_string())
    }
}

impl Ledger {
    /// Takes a slot, no ids of which are before `floor`.
    pub(super) async fn take(&self, asks: &Asks<'_>, floor: u64) -> Result<Reserved, NoUniqueId> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                sleep(asks.rng.jitter(PAUSE)).await;
            }
            let Seen { slots, begin } = self.look().await?;
            let now = (asks.clock)();
            let known = slots.iter().map(|(slot, (known, _))| (*slot, *known)).collect();
            // Many nodes look at the same time, each from another place on.
            let wanted = asks.here.id.0 ^ (asks.here.id.0 >> 32);
            let slot = choose(&known, asks.here, wanted, now, asks.lists).ok_or(NoUniqueId::NoSlot)?;
            let before = slots.get(&slot).copied();
            let until = match before {
                Some((Known::Held { until, .. }, _)) => until,
                _ => 0,
            };
            let (first, mut when, mut then) = self.begin(&begin, now, 0);
            let reserved = Reserved::new(slot, now.max(floor).max(until).max(first), now);
            let key = SlotKey::Slot(slot).of(&self.cluster);
            when.push(match before {
                Some((_, modified)) => Compare::Modified(key.clone(), modified),
                None => Compare::Absent(key.clone()),
            });
            let record = SlotRecord { holder: asks.here, until: reserved.until, free: false };
            then.push(put(key, &record));
            if self.commit(when, then).await? {
                tracing::info!(target: "ember::cluster", slot, "this node has a slot for unique ids");
                return Ok(reserved);
            }
        }
        Err(NoUniqueId::Away(format!("of {ATTEMPTS} slots each was taken by another node first")))
    }

    /// Reserves time until `until`, where it was reserved until `before`; whether the slot is still this node's.
    pub(super) async fn extend(&self, asks: &Asks<'_>, slot: u16, before: u64, until: u64) -> Result<bool, NoUniqueId> {
        let key = SlotKey::Slot(slot).of(&self.cluster);
        let entry = self.session.list(key.clone()).await?.entries.into_iter().find(|entry| entry.key == key);
        let (is, has_lost) = match &entry {
            None => (Compare::Absent(key.clone()), true),
            Some(entry) => match slot_in(entry) {
                // More than is known here is from a transaction whose outcome was not.
                Some(record) if record.holder == asks.here => {
                    (Compare::Modified(key.clone(), entry.modified), record.until < before)
                }
                // Of a later run of this node, which began behind what this one had reserved.
                Some(SlotRecord { holder, .. })
                    if holder.id == asks.here.id && holder.incarnation > asks.here.incarnation =>
                {
                    return Ok(false);
                }
                Some(record) => return self.tell_lost(asks, entry, &record, before).await,
                None => return Ok(false),
            },
        };
        let (mut when, mut then) = (Vec::new(), Vec::new());
        if has_lost {
            tracing::warn!(
                target: "ember::cluster", slot,
                "the registry has lost which time is reserved for the unique ids of this node: writing it anew"
            );
            (when, then) = self.forgotten((asks.clock)()).await?;
        }
        when.push(is);
        then.push(put(key, &SlotRecord { holder: asks.here, until, free: false }));
        if self.commit(when, then).await? {
            return Ok(true);
        }
        Err(changed())
    }

    /// Another has the slot, or had it last, where this node had reserved time until `before`: the registry had lost that, and perhaps what others had.
    async fn tell_lost(
        &self,
        asks: &Asks<'_>,
        entry: &KeyValue,
        record: &SlotRecord,
        before: u64,
    ) -> Result<bool, NoUniqueId> {
        let (mut when, mut then) = self.forgotten((asks.clock)()).await?;
        if record.free && record.until < before {
            when.push(Compare::Modified(entry.key.clone(), entry.modified));
            then.push(put(entry.key.clone(), &SlotRecord { until: before, ..*record }));
        }
        if then.is_empty() || self.commit(when, then).await? { Ok(false) } else { Err(changed()) }
    }

    /// Gives a slot back that has made no id of the time `unused`, or of a later one, on a clock that shows `now`.
    pub(super) async fn give_back(&self, here: NodeKey, slot: u16, unused: u64, now: u64) -> Result<(), RegistryError> {
        let key = SlotKey::Slot(slot).of(&self.cluster);
        let entry = self.session.list(key.clone()).await?.entries.into_iter().find(|entry| entry.key == key);
        let (is, has_lost) = match &entry {
            None => (Compare::Absent(key.clone()), true),
            Some(entry) => match slot_in(entry) {
                Some(record) if record.holder == here => {
                    (Compare::Modified(key.clone(), entry.modified), record.until < unused)
                }
                _ => return Ok(()),
            },
        };
        let (mut when, mut then) = if has_lost { self.forgotten(now).await? } else { (Vec::new(), Vec::new()) };
        when.push(is);
        // What the registry says may be from before ids were made.
        then.push(put(key, &SlotRecord { holder: here, until: unused, free: true }));
        self.commit(when, then).await.map(drop)
    }

    /// The registry has lost what was reserved by one, and perhaps what was by others: what has to hold and to be written, so that nobody who takes
    /// a slot from now on makes an id before that.
    async fn forgotten(&self, now: u64) -> Result<(Vec<Compare>, Vec<Operation>), RegistryError> {
        let (_, when, then) = self.begin(&self.look().await?.begin, now, ahead(now));
        Ok((when, then))
    }

    /// Before which time nobody who takes a slot makes an id, and what has to hold and to be written for that. It is to be `least`, or later.
    fn begin(&self, begin: &Begin, now: u64, least: u64) -> (u64, Vec<Compare>, Vec<Operation>) {
        let key = SlotKey::Begin.of(&self.cluster);
        let from = now.saturating_add(FORGOTTEN).min(UniqueId::END);
        // What is later was written by a clock that was wrong, and would have everybody's ids be as wrong.
        let most = from.saturating_add(AGREE).min(UniqueId::END);
        let is = match *begin {
            Begin::Absent => Compare::Absent(key.clone()),
            // And it has not been wiped since that was read.
            Begin::Written { from, modified } if (least..=most).contains(&from) => {
                return (from, vec![Compare::Modified(key, modified)], Vec::new());
            }
            Begin::Written { modified, .. } | Begin::Unreadable { modified } => {
                Compare::Modified(key.clone(), modified)
            }
        };
        (from, vec![is], vec![put(key, &BeginRecord { from })])
    }

    async fn look(&self) -> Result<Seen, RegistryError> {
        let entries = self.session.list(SlotKey::prefix(&self.cluster)).await?.entries;
        let mut seen = Seen { slots: BTreeMap::new(), begin: Begin::Absent };
        for entry in entries {
            match SlotKey::read(&entry.key, &self.cluster) {
                Some(SlotKey::Begin) => {
                    let modified = entry.modified;
                    seen.begin = match read(&entry, "whoever takes a slot next writes it anew") {
                        Some(BeginRecord { from }) => Begin::Written { from, modified },
                        None => Begin::Unreadable { modified },
                    };
                }
                Some(SlotKey::Slot(slot)) => {
                    let known = match slot_in(&entry).filter(|record| record.until <= UniqueId::END) {
                        Some(SlotRecord { holder, until, free }) => Known::Held { holder, until, free },
                        None => Known::Unreadable,
                    };
                    seen.slots.insert(slot, (known, entry.modified));
                }
                None => {}
            }
        }
        Ok(seen)
    }

    async fn commit(&self, when: Vec<Compare>, then: Vec<Operation>) -> Result<bool, RegistryError> {
        let transaction = Transaction { when, then, otherwise: Vec::new() };
        Ok(self.session.commit(transaction).await?.succeeded)
    }
}

/// Somebody was quicker; perhaps with another key. What is there now, the next look tells.
fn changed() -> NoUniqueId {
    NoUniqueId::Away("what it has reserved there was changed meanwhile".into())
}

fn slot_in(entry: &KeyValue) -> Option<SlotRecord> {
    read(entry, "nobody takes this slot. If no node of a later release has it, delete the key")
}

fn read<T: DeserializeOwned>(entry: &KeyValue, so: &str) -> Option<T> {
    let read = serde_json::from_slice(&entry.value);
    read.inspect_err(|error| {
        tracing::warn!(
            target: "ember::cluster", key = entry.key, %error,
            "this entry of the registry could not be read: {so}"
        );
    })
    .ok()
}

fn put<T: Serialize>(key: String, record: &T) -> Operation {
    let value: Bytes = serde_json::to_vec(record).expect("records consist of numbers").into();
    Operation::Put { key, value, lease: None }
}
