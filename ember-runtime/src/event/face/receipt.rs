//! What became of an event that was published.

use std::{fmt, time::Duration};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use crate::{
    event::away::{EventReach, Fate, Published},
    id::NodeKey,
};

/// So long is waited for nodes, where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// What `publish_to` knows at once: whom an event goes to, as far as the view of this node says. [`confirmed`](Self::confirmed) waits for what becomes
/// of it there; a receipt that is dropped changes nothing.
pub struct Receipt {
    reach: EventReach,
    here: NodeKey,
    limit: Option<Instant>,
    state: State,
}

enum State {
    Sent(Published),
    /// It leaves when what it follows from is acknowledged.
    Later(oneshot::Receiver<Published>),
    /// This node has ended.
    Over,
}

/// Every node that an event was for has taken it into the mailboxes of all its subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confirmed {
    /// How many nodes, this one included if it has subscribers.
    pub nodes: usize,
}

/// Who has not taken an event, as far as is known; all others have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unconfirmed {
    /// The nodes, and why.
    pub nodes: Vec<(NodeKey, UnconfirmedReason)>,
    /// How many nodes have taken it.
    pub confirmed: usize,
}

/// Why a node has not taken an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnconfirmedReason {
    /// The mailboxes of so many subscribers there were full, or took nothing because their services are paused. The others have it.
    MailboxFull(usize),
    /// It was not sent, or it is not known whether it has arrived: too much waited for the node, or it has left the view.
    NotSent,
    /// The node has ended: also this one, before the event was published.
    NodeLost,
    /// It has not answered in time. It may yet take it.
    Late,
    /// It has not left this node: the replicated service that published it has lost its office, and what it follows from was not acknowledged.
    NotAcknowledged,
}

impl Receipt {
    pub(super) fn new(here: NodeKey, limit: Option<Instant>, published: Published) -> Self {
        Self { reach: published.reach, here, limit, state: State::Sent(published) }
    }

    /// Of an event that goes nowhere, since its node has ended.
    pub(super) fn over(here: NodeKey) -> Self {
        Self { reach: EventReach::default(), here, limit: None, state: State::Over }
    }

    pub(super) fn later(
        known: (EventReach, NodeKey),
        limit: Option<Instant>,
        published: oneshot::Receiver<Published>,
    ) -> Self {
        Self { reach: known.0, here: known.1, limit, state: State::Later(published) }
    }

    /// How many nodes it goes to, this one included if it has subscribers.
    pub fn nodes(&self) -> usize {
        self.reach.nodes()
    }

    /// How many subscribers they have, as each has said last.
    pub fn subscribers(&self) -> usize {
        self.reach.subscribers()
    }

    /// How many nodes have subscribers for an event of this name with another structure: it does not go there. The log of both nodes has the
    /// structures.
    pub fn other_structures(&self) -> usize {
        self.reach.other_structures()
    }

    /// Waits until every node that it goes to has taken it into the mailboxes of its subscribers. What they make of it, nobody waits for. For 5 s at
    /// most, in a handler until its deadline if that is sooner. Those that count are the nodes that were known to want it as it was published: compare
    /// [`nodes`](Self::nodes) with how many there should be. Nodes with another structure of the event are none of those: see
    /// [`other_structures`](Self::other_structures).
    ///
    /// # Errors
    /// [`Unconfirmed`] says which nodes have not, and why. `?` takes it into an [`Error`](crate::error::Error).
    ///
    /// # Panics
    /// Outside of a tokio runtime, and in one without time (`enable_time`, which `#[tokio::main]` and `#[tokio::test]` have), where it goes to another node,
    /// also if all is known already.
    ///
    /// # Cancel safety
    /// Safe: the event goes its way.
    pub async fn confirmed(self) -> Result<Confirmed, Unconfirmed> {
        self.confirmed_within(PATIENCE).await
    }

    /// The same, with another limit.
    ///
    /// # Errors
    /// As [`confirmed`](Self::confirmed).
    ///
    /// # Panics
    /// As [`confirmed`](Self::confirmed).
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn confirmed_within(self, limit: Duration) -> Result<Confirmed, Unconfirmed> {
        let until = Instant::now() + limit.min(crate::clock::LONGEST);
        let until = self.limit.map_or(until, |limit| limit.min(until));
        let here = self.here;
        let published = match self.state {
            State::Sent(published) => published,
            State::Later(later) => match timeout_at(until, later).await {
                Ok(Ok(published)) => published,
                Ok(Err(_)) => return Err(Unconfirmed::one(here, UnconfirmedReason::NotAcknowledged)),
                Err(_) => return Err(Unconfirmed::one(here, UnconfirmedReason::Late)),
            },
            State::Over => return Err(Unconfirmed::one(here, UnconfirmedReason::NodeLost)),
        };
        let (mut nodes, mut confirmed) = (Vec::new(), 0);
        if let Some(tally) = published.here {
            if tally.full > 0 {
                nodes.push((here, UnconfirmedReason::MailboxFull(tally.full)));
            } else if tally.taken > 0 {
                confirmed += 1;
            }
        }
        for named in &published.named {
            let fate = match named.place {
                Some(place) => timeout_at(until, named.line.settles(place)).await,
                None => Ok(Fate::NotSent),
            };
            let why = match fate {
                Ok(Fate::Taken) => {
                    confirmed += 1;
                    continue;
                }
                Ok(Fate::Full(mailboxes)) => UnconfirmedReason::MailboxFull(mailboxes as usize),
                Ok(Fate::NotSent) => UnconfirmedReason::NotSent,
                Ok(Fate::Gone) => UnconfirmedReason::NodeLost,
                Err(_) => UnconfirmedReason::Late,
            };
            nodes.push((named.node(), why));
        }
        if nodes.is_empty() { Ok(Confirmed { nodes: confirmed }) } else { Err(Unconfirmed { nodes, confirmed }) }
    }
}

impl Unconfirmed {
    fn one(node: NodeKey, why: UnconfirmedReason) -> Self {
        Self { nodes: vec![(node, why)], confirmed: 0 }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl fmt::Display for UnconfirmedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MailboxFull(1) => f.write_str("1 mailbox was full or paused"),
            Self::MailboxFull(mailboxes) => write!(f, "{mailboxes} mailboxes were full or paused"),
            Self::NotSent => f.write_str("not sent, or nobody knows any more"),
            Self::NodeLost => f.write_str("the node has ended"),
            Self::Late => f.write_str("it has not answered in time"),
            Self::NotAcknowledged => f.write_str("what it follows from was not acknowledged"),
        }
    }
}

impl fmt::Display for Unconfirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.confirmed {
            1 => f.write_str("1 node has taken the event, and not")?,
            nodes => write!(f, "{nodes} nodes have taken the event, and not")?,
        }
        for (index, (node, why)) in self.nodes.iter().enumerate() {
            write!(f, "{} {node} ({why})", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for Unconfirmed {}
