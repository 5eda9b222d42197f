//! Streams between nodes: whoever reads one asks its node for items.

use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;

use crate::{
    call::{
        requests::{CloseStream, More},
        routes::Router,
    },
    directory::NodeRecord,
    error::{Failure, RefusedReason},
    id::NodeKey,
    message::{Ask, Desk, Items, Pull, RawReply, ReplyBody, Source, Ticket, encode},
};

impl Desk for Router {
    fn source(self: Arc<Self>, ticket: Ticket) -> Box<dyn Source> {
        Box::new(Distant { router: self, ticket, node: OnceLock::new() })
    }

    fn run(&self, task: BoxFuture<'static, ()>) {
        self.runtime().spawn(task);
    }

    fn lend(&self, stream: Arc<dyn Pull>, ahead: usize) -> Result<Ticket, String> {
        let number = self.streams.add(stream, self.runtime(), self.rng())?;
        Ok(Ticket { node: self.key, number, ahead: u32::try_from(ahead).unwrap_or(u32::MAX) })
    }
}

/// A stream of another node.
struct Distant {
    router: Arc<Router>,
    ticket: Ticket,
    /// Known from the first question on: the node may leave the view while its streams end.
    node: OnceLock<Arc<NodeRecord>>,
}

impl Distant {
    fn node(&self) -> Result<&NodeRecord, Failure> {
        if let Some(known) = self.node.get() {
            return Ok(known);
        }
        let of_this_run = |node: &Arc<NodeRecord>| node.key == self.ticket.node;
        let node = self.router.directory().node(self.ticket.node.id).filter(of_this_run);
        let node = node.ok_or_else(|| RefusedReason::Unreachable("its node has left the cluster".into()))?;
        Ok(self.node.get_or_init(|| node))
    }
}

impl Source for Distant {
    fn more(&self, ask: Ask) -> BoxFuture<'_, Result<Items, Failure>> {
        Box::pin(async move {
            let ask = Ask { bytes: ask.bytes.min(self.router.half_of_a_message()), ..ask };
            let question = More { stream: self.ticket.number, ask };
            // Of a node that leaves, nobody waits for the answer: it would hold up the end of its link.
            tokio::select! {
                biased;
                answer = async { self.router.ask_node(self.node()?, &question).await?.await } => answer,
                () = self.router.until_it_reads_no_more() => Err(RefusedReason::NodeClosed.into()),
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Ok(node) = self.node() else { return };
            let close = CloseStream { stream: self.ticket.number };
            // If it does not come to that, the node forgets the stream by itself.
            tokio::select! {
                biased;
                _closed = async { self.router.ask_node(node, &close).await?.await } => {}
                () = self.router.until_it_reads_no_more() => {}
            }
        })
    }
}

impl Router {
    /// Ends when this node reads no streams of others any more. Cancel safe.
    async fn until_it_reads_no_more(&self) {
        // The sender is here.
        let _leaves = self.reads_no_more.subscribe().wait_for(|leaves| *leaves).await;
    }
}

#[cfg(feature = "cluster")]
impl Router {
    /// The node leaves: it reads no streams of others any more.
    pub(crate) fn read_no_more(&self) {
        self.reads_no_more.send_replace(true);
    }

    /// What surely fits into one message, with all that is around it.
    fn half_of_a_message(&self) -> u32 {
        let most = self.links.get().map_or(0, |links| links.max_message() / 2);
        u32::try_from(most).unwrap_or(u32::MAX)
    }

    /// Answers a reader on another node, as soon as there is something for it.
    pub(crate) fn give_more(self: &Arc<Self>, reader: NodeKey, &More { stream, ask }: &More, reply: RawReply<'static>) {
        let streams = Arc::clone(&self.streams);
        let ask = Ask { bytes: ask.bytes.min(self.half_of_a_message()), ..ask };
        self.runtime().spawn(async move {
            let asking = streams.asked();
            let batch = tokio::select! {
                biased;
                // Before it looks once more: another ask may be in its place.
                () = reply.unwanted() => return,
                batch = streams.more(reader, stream, ask) => batch,
            };
            drop(asking);
            reply.send(ReplyBody::Value(&mut |out| encode(&batch, out)));
        });
    }
}

#[cfg(not(feature = "cluster"))]
impl Router {
    fn half_of_a_message(&self) -> u32 {
        0
    }
}
