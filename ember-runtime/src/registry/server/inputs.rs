//! Bytes from a client of the embedded registry, read as the server reads them: for those who try to break that.

use std::time::Duration;

use futures_util::{FutureExt, future::BoxFuture};
use prost::Message;
use tonic::{Request, Response, Status};

use super::{authority::Authority, face::Face, identity::Member};
use crate::registry::{
    protocol::{WatchRequest, kv_server::Kv, lease_server::Lease},
    store::{Op, Store, Txn},
};

/// The first byte says which request the rest is. Whether it was one, and got an answer that is not an error.
///
/// # Panics
/// If the answer does not come at once, or is not what a client could read.
pub(crate) fn request(bytes: &[u8]) -> bool {
    let Some((kind, body)) = bytes.split_first() else { return false };
    let face = face();
    match kind % 9 {
        0 => asked(body, |it| face.range(it)),
        1 => asked(body, |it| face.put(it)),
        2 => asked(body, |it| face.delete_range(it)),
        3 => asked(body, |it| face.txn(it)),
        4 => asked(body, |it| face.compact(it)),
        5 => asked(body, |it| face.lease_grant(it)),
        6 => asked(body, |it| face.lease_revoke(it)),
        7 => asked(body, |it| face.lease_time_to_live(it)),
        _ => WatchRequest::decode(body).is_ok(),
    }
}

fn asked<'a, Q: Message + Default, A: Message + Default + PartialEq + std::fmt::Debug>(
    body: &[u8],
    ask: impl FnOnce(Request<Q>) -> BoxFuture<'a, Result<Response<A>, Status>>,
) -> bool {
    let Ok(question) = Q::decode(body) else { return false };
    let answer = ask(Request::new(question)).now_or_never().expect("an answer at once");
    let Ok(answer) = answer else { return false };
    let answer = answer.into_inner();
    assert_eq!(A::decode(&*answer.encode_to_vec()).as_ref(), Ok(&answer), "an answer that cannot be read");
    true
}

/// A registry with a lease and two keys.
fn face() -> Face {
    let store = Store::new(1);
    let lease = store.grant(Some(7), Duration::from_secs(60)).ok().map(|granted| granted.value);
    // A lease of 0 is none.
    for (key, lease) in [("a", lease.unwrap_or_default()), ("b", 0)] {
        let put = Op::Put { key: key.into(), value: Some("1".into()), lease: Some(lease) };
        assert!(store.commit(&Txn::of(put)).is_ok(), "a key of a new registry was not written");
    }
    Face::new(store, Member::at(None))
}

/// What a connection begins with, in pieces of the length that the first byte says. Whether all that came was passed on.
///
/// # Panics
/// If the length has changed.
pub(crate) fn connection(bytes: &[u8]) -> bool {
    let Some((&piece, body)) = bytes.split_first() else { return false };
    let (mut authority, mut out) = (Authority::new(), Vec::new());
    body.chunks(usize::from(piece).max(1)).for_each(|piece| authority.pass(piece, &mut out));
    authority.finish(&mut out);
    assert_eq!(out.len(), body.len());
    out == body
}
