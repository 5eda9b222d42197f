//! As whom a handler of a concurrent service waits for a call. Others of its service go on meanwhile, so a call that comes back to the
//! service does not wait for itself, unless it is of the same key, or those who wait for it have all the workers.

use std::sync::Arc;

use crate::{
    error::RefusedReason,
    id::Pid,
    message::{Chain, Envelope, handler},
};

/// A handler of the service `pid`, of a call with this key or without one, in a chain of calls. Two keys that look alike here are taken for
/// one: of 2³² one.
pub(crate) fn link(pid: Pid, key: Option<u64>) -> Pid {
    handler(pid, key.map_or(0, |key| ((key ^ (key >> 32)) & 0xffff_ffff).max(1)))
}

/// Whether it is one of this service.
fn is_of(pid: Pid, link: Pid) -> bool {
    link.node == pid.node && link.number >> 32 == handler(pid, 0).number >> 32
}

/// Why a call to the service `pid`, so many of whose handlers run at once, would wait for itself.
pub(crate) fn refusal(
    pid: Pid,
    envelope: Option<&Envelope>,
    workers: u32,
    place: impl FnOnce() -> String,
) -> Option<RefusedReason> {
    let envelope = envelope?;
    let chain: &Arc<Chain> = envelope.chain.as_ref()?;
    let of_it = || chain.links().map(|it| it.pid).filter(|it| is_of(pid, *it));
    let own = envelope.key.map(|key| link(pid, Some(key)));
    let waits = match own.filter(|own| of_it().any(|it| it == *own)) {
        None if of_it().count() < workers as usize => return None,
        None => of_it().last()?,
        Some(own) => own,
    };
    chain.cycle(waits, &place()).map(RefusedReason::Cycle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId, NodeKey};

    fn pid(number: u64) -> Pid {
        Pid { node: NodeKey { id: NodeId(1), incarnation: Incarnation(1) }, number }
    }

    fn call(key: Option<u64>, waiting: &[Pid]) -> Envelope {
        let chain = waiting.iter().fold(None, |above, pid| Some(Chain::here(*pid, "hall", "rpc_move", above)));
        Envelope { chain, key, ..Envelope::default() }
    }

    fn is_refused(key: Option<u64>, waiting: &[Pid], workers: u32) -> bool {
        refusal(pid(7), Some(&call(key, waiting)), workers, || "hall.rpc_move".into()).is_some()
    }

    #[test]
    fn a_call_waits_for_itself_if_its_key_does_or_all_workers() {
        let [keyed, other, loose] = [Some(5), Some(6), None].map(|key| link(pid(7), key));
        assert!(is_refused(Some(5), &[keyed], 64));
        assert!(!is_refused(Some(6), &[keyed], 64) && !is_refused(None, &[keyed], 64));
        assert!(!is_refused(Some(5), &[loose], 64) && !is_refused(None, &[loose], 2));
        assert!(is_refused(None, &[loose], 1) && is_refused(Some(8), &[keyed, other], 2));
        assert!(!is_refused(Some(8), &[keyed, other], 3));
        assert!(!is_refused(Some(5), &[link(pid(8), Some(5)), pid(7)], 1), "of another service");
        assert!(!is_refused(Some(5), &[], 1));
    }

    #[test]
    fn keys_whose_halves_cancel_out_are_not_taken_for_none() {
        assert_ne!(link(pid(7), Some(0)), link(pid(7), None));
        assert_ne!(link(pid(7), Some(0x0000_0009_0000_0009)), link(pid(7), None));
    }

    #[test]
    fn the_refusal_says_the_way() {
        let chain = [link(pid(7), Some(5)), pid(3)];
        let why = refusal(pid(7), Some(&call(Some(5), &chain)), 64, || "hall.rpc_end".into());
        let Some(RefusedReason::Cycle(path)) = why else { panic!("{why:?}") };
        assert_eq!(path, "hall.rpc_move → hall.rpc_move → hall.rpc_end");
    }
}
