//! The accepting side of a handshake: who is there? Until that is proven nothing that is known of a peer changes.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tonic::Streaming;

use crate::transport::{
    entrance::{Additions, Greeting, Hello, Refusal, Sever, Versions, hello},
    peers::{Accepted, Awaited, AwaitedStreams, Links, WeakLinks, run},
    protocol::{Claim, Frame, Ingress, Nonce, Nonces, Signed},
    stream::{Control, control},
};

/// A stranger, and what it has been told.
pub(crate) struct Stranger {
    pub(crate) incoming: Streaming<Frame>,
    pub(crate) control: Arc<Control>,
    pub(crate) nonces: Nonces,
    pub(crate) sever: Arc<Sever>,
}

/// Who it is.
struct Known {
    hello: Hello,
    /// As it was signed.
    bytes: Vec<u8>,
}

impl Links {
    /// Greets whoever has come.
    pub(crate) fn greeting(&self, (version, dialler): (u16, Nonce)) -> (Nonces, Greeting) {
        let nonces = Nonces { version, dialler, acceptor: self.rng.secret() };
        let more = Additions::default();
        let signature = self.identity.key_pair.sign(&nonces, Claim::Here, &[&control::encode(&more)]);
        (nonces, Greeting { version, nonce: nonces.acceptor, signature, more })
    }
}

/// Waits for the hello of someone who was greeted; if it is proven and accepted, for the data stream; and then runs the link.
pub(crate) async fn run(links: WeakLinks, stranger: Stranger, patience: Duration, expected: AwaitedStreams) {
    let Some(ingress) = links.upgrade().map(|links| links.ingress.clone()) else { return };
    let Stranger { mut incoming, control, nonces, sever } = stranger;
    let signed = match timeout(patience, incoming.message()).await {
        Ok(Ok(Some(signed))) => signed.data,
        // It has gone, or says nothing; some ask only who is there.
        _ => return control.close(),
    };
    sever.step();
    // Half of the dialler's patience, so that it has its answer.
    let end = Instant::now() + patience / 2;
    let known = match prove(&*ingress, &signed, &nonces, end).await {
        Ok(known) => known,
        Err(why) => {
            tracing::debug!(target: "ember::link", why, "a link was refused to a stranger");
            // Always after the same time: how long it takes would tell whether there is such a node.
            sleep_until(end).await;
            control.say(hello::put_refusal(Refusal::Unproven));
            return control.close();
        }
    };
    sever.mark_known();
    let admitted = ingress.admit(known.hello.from).map_err(|reason| Refusal::Denied { reason });
    drop(ingress);
    let Some(strong) = links.upgrade() else { return control.close() };
    match admitted.and_then(|()| strong.accept(&known.hello, &control, &sever)) {
        Ok(Accepted { session, welcome, data, expects, pulse }) => {
            let token = welcome.session;
            // Before the peer can know the token.
            let expected = expected.expect(token, Awaited { session: session.clone(), expects });
            let body = control::encode(&welcome).to_vec();
            let signature = strong.identity.key_pair.sign(&nonces, Claim::Welcome, &[&known.bytes, &body]);
            control.say(control::encode(&Ok::<_, Refusal>(Signed { body, signature })));
            drop(strong);
            run::join(links, session, incoming, (data, pulse), patience, expected).await;
        }
        Err(refusal) => {
            tracing::debug!(target: "ember::link", peer = %known.hello.from, %refusal, "a link was refused");
            control.say(hello::put_refusal(refusal));
            control.close();
        }
    }
}

/// Whose hello it is, by the key that the membership knows or gets to know until `end`.
async fn prove(members: &dyn Ingress, signed: &[u8], nonces: &Nonces, end: Instant) -> Result<Known, String> {
    let unreadable = |error: postcard::Error| format!("its hello is unreadable: {error}");
    let Signed { body: bytes, signature } = postcard::from_bytes(signed).map_err(unreadable)?;
    let hello: Hello = postcard::from_bytes(&bytes).map_err(unreadable)?;
    let Hello { from, cluster, endpoint, versions, .. } = &hello;
    let Ok(key) = timeout_at(end, members.key_of(*from)).await else {
        return Err(format!("no entry of the registry has a key of {from} at {endpoint}, of the cluster `{cluster}`"));
    };
    if !nonces.verify(&key, Claim::Hello, &[&bytes], &signature) {
        return Err(format!("it says that it is {from}, and has not signed with the key of that node"));
    }
    if Versions::OURS.common(*versions) != Some(nonces.version) {
        return Err(format!("{from} speaks {versions:?} of the link protocol, and its opening said something else"));
    }
    Ok(Known { hello, bytes })
}
