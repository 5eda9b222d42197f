//! Asking an address whether a certain run of a node still answers there, without making a link.

use futures_util::stream;
use tokio::time::timeout;

use super::{
    Links, Peer, dial,
    generated::link_v1::{Frame, link_client::LinkClient},
    hello::{self, Hello, Refusal},
};

impl Links {
    /// Whether the run of the node that `peer` names answers at its address. For another run of this very node: such a hello
    /// never becomes a link. Ends after twice the time for connecting, 2 s.
    pub(crate) async fn is_alive(&self, peer: &Peer) -> bool {
        let limit = self.config.connect_timeout;
        match timeout(limit * 2, self.who_answers(peer)).await {
            Ok(Some(Err(Refusal::WrongNode { actual }))) => actual == peer.key,
            Ok(Some(Ok(welcome))) => welcome == peer.key,
            Ok(Some(Err(_)) | None) | Err(_) => false,
        }
    }

    /// What the node at the address says to a hello that is not meant seriously.
    async fn who_answers(&self, peer: &Peer) -> Option<Result<crate::id::NodeKey, Refusal>> {
        let stream = self.network.connect(&peer.endpoint).await.ok()?;
        let socket = self.sockets.wrap(stream, self.config.connect_timeout * 2);
        let mut client = LinkClient::new(dial::channel(socket).await.ok()?);
        let hello = Hello {
            cluster: self.identity.cluster.clone(),
            from: self.identity.node,
            endpoint: self.identity.endpoint.clone(),
            expected: peer.key,
            dial: self.next_dial(),
            offer: self.offer(),
        };
        let hello = Frame { data: hello::put(&hello) };
        let mut answer = client.control(stream::iter([hello])).await.ok()?.into_inner();
        let answer = answer.message().await.ok()??;
        Some(hello::get_answer(&answer.data).map(|welcome| welcome.from))
    }
}
