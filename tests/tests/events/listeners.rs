//! Services that take events of other nodes, what they have heard, and whether that can be.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ember::{EventSource, Missed, MissedReason, NodeKey, Receipt, prelude::*, testing::Sim};
use tokio::time::timeout;

/// The events of these tests: the first of each run of a node is 1.
#[message(event, name = "reading")]
#[derive(Debug, Clone)]
pub struct Reading(pub u64);

pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What a listener has heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Event(u64, EventSource),
    Missed(Missed),
}

/// All that the listeners of one test have heard, by their names.
#[derive(Clone, Default)]
pub struct Ears(Arc<Mutex<BTreeMap<String, Vec<Heard>>>>);

impl Ears {
    fn add(&self, name: &str, heard: Heard) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name.into()).or_default().push(heard);
    }

    /// What this one has heard.
    pub fn of(&self, name: &str) -> Vec<Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned().unwrap_or_default()
    }

    pub fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The values that this one was given.
    pub fn values(&self, name: &str) -> Vec<u64> {
        let events = self.of(name).into_iter();
        events.filter_map(|heard| if let Heard::Event(value, _) = heard { Some(value) } else { None }).collect()
    }

    /// A listener of that name, with a mailbox of so many.
    pub fn listener(&self, name: &str, mailbox: usize) -> Hosted<Listener> {
        Hosted::new(Listener { name: name.into(), ears: self.clone() }).id(name).mailbox(mailbox)
    }
}

#[service]
pub struct Listener {
    name: String,
    ears: Ears,
}

#[rpc]
impl Listener {
    #[on(event)]
    async fn reading(&mut self, cx: &mut Cx<'_, Self>, event: &Reading) {
        let source = cx.event().expect("this is an event");
        self.ears.add(&self.name, Heard::Event(event.0, source));
    }

    #[on(missed)]
    async fn gap(&mut self, cx: &mut Cx<'_, Self>, missed: &Missed) {
        assert_eq!(cx.event(), None, "what is missed is no event");
        self.ears.add(&self.name, Heard::Missed(*missed));
    }

    pub async fn rpc_publish(&mut self, cx: &mut Cx<'_, Self>, value: u64) -> (u64, u64) {
        let receipt = cx.publish_to(Scope::Cluster, Reading(value));
        assert_eq!(cx.event(), None, "a call is no event");
        (receipt.nodes() as u64, receipt.subscribers() as u64)
    }
}

/// Where a listener is with one run of a publisher.
#[derive(Debug, Clone, Copy, Default)]
struct At {
    /// The last event, those that were told to be missing included.
    value: u64,
    /// How far its values are ahead of its numbers.
    ahead: u64,
    /// Some are missing, nobody knows how many.
    lost: bool,
}

/// Whether what a listener has heard of each run of a publisher can be: each event once, in order, and every gap told with its count; and each has the number
/// that this comes to. How far it is with each. Its first event is taken as it is if it has `joined` later, as the number 1 of a subscription.
pub fn judge(heard: &[Heard], joined: bool) -> Result<BTreeMap<NodeKey, u64>, String> {
    let mut all = BTreeMap::<NodeKey, At>::new();
    for (index, one) in heard.iter().enumerate() {
        let wrong = |why: String| Err(format!("{why}, at {index} of {:?}", &heard[index.saturating_sub(3)..=index]));
        match one {
            Heard::Event(value, source) => {
                let is_first = !all.contains_key(&source.node);
                let at = all.entry(source.node).or_default();
                if *value <= at.value {
                    return wrong(format!("{value} came after {}", at.value));
                }
                if *value != at.value + 1 && !(is_first && joined) {
                    return wrong(format!("{value} came after {}, and nobody was told", at.value));
                }
                at.value = *value;
                if joined && source.number == 1 {
                    at.ahead = value - 1;
                }
                if source.number + at.ahead != *value {
                    return wrong(format!(
                        "{value} has the number {}, and {} is right",
                        source.number,
                        value - at.ahead
                    ));
                }
            }
            Heard::Missed(missed) => {
                let is_first = !all.contains_key(&missed.publisher);
                let at = all.entry(missed.publisher).or_default();
                match missed.count {
                    Some(0) => return wrong("nothing was missed".into()),
                    Some(count) if !(is_first && joined) => at.value += count,
                    Some(_) => {
                        all.remove(&missed.publisher);
                    }
                    None if missed.why == MissedReason::PublisherLost => at.lost = true,
                    None => return wrong("nobody knows how many".into()),
                }
            }
        }
    }
    Ok(all.into_iter().map(|(node, at)| (node, at.value)).collect())
}

/// Publishes on a node of a simulation, in the scope of the cluster.
pub async fn publish(sim: &Sim, node: &str, values: std::ops::RangeInclusive<u64>) -> NodeKey {
    let published = sim.on(node, async move |node: Node| {
        for value in values {
            let _receipt: Receipt = node.publish_to(Scope::Cluster, Reading(value));
        }
        node.key()
    });
    published.await.expect("the node runs")
}

/// Waits until a node knows of subscribers on so many nodes, itself included.
pub async fn known(sim: &Sim, node: &str, nodes: usize) {
    let waits = sim.on(node, async move |node: Node| {
        let knows = async {
            while node.event_reach::<Reading>(Scope::Cluster).nodes() != nodes {
                // tidy: sleep: in virtual time, between two looks.
                tokio::time::sleep(ms(5)).await;
            }
        };
        timeout(ms(20_000), knows).await.is_ok()
    });
    assert!(waits.await.expect("the node runs"), "{node} never knew of subscribers on {nodes} nodes");
}

/// Waits until something is so.
pub async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let waits = async {
        while !is() {
            // tidy: sleep: in virtual time, between two looks.
            tokio::time::sleep(ms(5)).await;
        }
    };
    assert!(timeout(ms(60_000), waits).await.is_ok(), "gave up waiting for {what}");
}
