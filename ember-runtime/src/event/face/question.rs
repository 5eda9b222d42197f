//! What is not confirmed, where `?` takes it.

use super::receipt::Unconfirmed;
use crate::error::Error;

/// With the same words.
impl From<Unconfirmed> for Error {
    fn from(unconfirmed: Unconfirmed) -> Self {
        Self::other(unconfirmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::UnconfirmedReason,
        id::{Incarnation, NodeId, NodeKey},
    };

    const fn node(run: u64) -> NodeKey {
        NodeKey { id: NodeId(run), incarnation: Incarnation(run) }
    }

    fn said(confirmed: usize, why: &[UnconfirmedReason]) -> String {
        let nodes = (1..).map(node).zip(why.iter().copied()).collect();
        Error::from(Unconfirmed { nodes, confirmed }).to_string()
    }

    #[test]
    fn who_has_not_taken_an_event_is_said_in_words_that_fit_one_and_several() {
        let (one, two) = (node(1), node(2));
        let full = UnconfirmedReason::MailboxFull;
        assert_eq!(
            said(1, &[full(1)]),
            format!("1 node has taken the event, and not {one} (1 mailbox was full or paused)")
        );
        assert_eq!(
            said(2, &[full(3), UnconfirmedReason::NotSent]),
            format!(
                "2 nodes have taken the event, and not {one} (3 mailboxes were full or paused), {two} (not sent, or nobody knows any more)"
            )
        );
    }
}
