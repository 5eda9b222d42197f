//! How a member that has nothing learns the state of its group: it asks another for one piece after the other.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    call::{LearnFrom, Piece, PieceOf, Router},
    id::Pid,
    replica::{Answer, Learnt, Point},
};

/// The bytes of one piece, unless messages are smaller.
const PIECE: usize = 512 * 1024;
/// Whoever does not answer in this time, does not.
const PATIENCE: Duration = Duration::from_secs(10);

/// Learns the state of its group; what its master is to know, or nothing if that went wrong.
pub(crate) async fn learn(router: &Router, question: LearnFrom) -> Option<Answer> {
    let LearnFrom { service, source, least, from, epoch, set } = question;
    let Some((at, bytes)) = all(router, source, least).await else {
        tracing::debug!(target: "ember::cluster", %source, "the state of a group was not learnt");
        return None;
    };
    router.replicas.learn(service, (from, epoch, set), Learnt { at, bytes: bytes.into() }, &router.cells).await
}

/// The state of another member, as it was at a point of its log that is not before the record `least`.
pub(crate) async fn all(router: &Router, source: Pid, least: u64) -> Option<(Point, Vec<u8>)> {
    let mut known = Vec::new();
    let mut picture = None;
    loop {
        let question = PieceOf {
            service: source.number,
            picture,
            offset: known.len() as u64,
            most: router.fitting(PIECE) as u64,
            least,
        };
        let piece = timeout(PATIENCE, ask(router, source, &question)).await.ok().flatten()?;
        if picture.is_some_and(|known| known != piece.picture)
            || (piece.bytes.is_empty() && piece.total > known.len() as u64)
        {
            return None;
        }
        picture = Some(piece.picture);
        known.extend_from_slice(&piece.bytes);
        if known.len() as u64 >= piece.total {
            return Some((piece.at, known));
        }
    }
}

async fn ask(router: &Router, source: Pid, question: &PieceOf) -> Option<Piece> {
    if source.node == router.key {
        return piece(router, question).await;
    }
    let node = router.directory().node(source.node.id).filter(|node| node.key == source.node)?;
    router.ask_node(&node, question).await.ok()?.await.ok().flatten()
}

/// A part of the state of a service here.
pub(crate) async fn piece(router: &Router, question: &PieceOf) -> Option<Piece> {
    let PieceOf { service, picture, offset, most, least } = *question;
    // Whoever asks for more than a message takes gets as much as it does.
    let most = most.min(router.fitting(PIECE) as u64);
    let part = router.replicas.part((service, picture), (offset, most), least, &router.cells).await?;
    Some(Piece { picture: part.picture, at: part.at, total: part.total, bytes: part.bytes.to_vec() })
}
