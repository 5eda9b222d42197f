//! Why the loss of what a replicated group had is not accepted.

use crate::id::Pid;

/// Why [`Node::accept_loss`](crate::node::Node::accept_loss) has done nothing; only of [`Unknown`](Self::Unknown) that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LossRefused {
    /// The registry has no record of this group, and nobody says that it has anything of its state.
    #[error(
        "the registry knows no replicated group of this name, id and server id, and nobody says that it has its state: look whether they are \
         right, and wait for three leases after a registry has come back"
    )]
    NoGroup,
    /// The group has a master.
    #[error("the group has a master, {0}: nothing is lost that an operator could accept")]
    HasMaster(Pid),
    /// A member lives that has all that was acknowledged, as far as anybody knows, or more than the one that was named.
    #[error(
        "{0} lives, and has what was acknowledged, or more of it than the one that was named: it is elected by itself, or, where others are gone or \
         missing who may have had more, it is the one to name"
    )]
    InSync(Pid),
    /// The group has not begun, or is about to begin anew, by itself.
    #[error("the group is about to begin, with nothing: whichever of its instances is elected first has its state")]
    Begins,
    /// This instance has no state of its group, or is not seen, or has not said yet what it has.
    #[error(
        "{0} has no state of this group, is not seen by this node, or has not said yet what it has: that takes two leases without a master. The \
         log of each member's node names those who have any"
    )]
    NoState(Pid),
    /// The registry is away, or has come back less than a lease ago.
    #[error(
        "the registry does not answer, or has come back less than a lease ago: those who have more are given that time to say so. Ask again"
    )]
    TooEarly,
    /// Something has changed meanwhile: a claim, the record, or the master.
    #[error("what is known of the group has changed meanwhile: look again, and ask again")]
    Changed,
    /// The registry has not said whether it was done.
    #[error("the registry did not answer whether it was done: to ask again does no harm")]
    Unknown,
    /// The node has no registry.
    #[error("this node has no registry, so that its group is itself alone")]
    NoRegistry,
}
