//! What is known of all ways, without a node.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use futures_util::FutureExt;
use tokio::time::timeout;

use super::*;
use crate::{
    call::{LocalCalls, OutageSettings, Outages},
    directory::{Balancers, Directory, NodeRecord},
    event::local::Want,
    hooks::Hooks,
    id::{Incarnation, NodeId},
    rng::Rng,
};

const HERE: NodeKey = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
const THERE: NodeKey = NodeKey { id: NodeId(2), incarnation: Incarnation(1) };

fn hub() -> Arc<Hub> {
    let here = NodeRecord::new(HERE, "here".into(), "127.0.0.1:0".parse().unwrap(), 0);
    let settings =
        (LocalCalls::default(), Hooks::default(), Balancers::default(), Outages::new(OutageSettings::default()));
    let router = Router::new(HERE, Arc::new(Directory::new(here)), Rng::from_seed(1), settings);
    Hub::new(router, Arc::new(Bus::new(HERE)), 0)
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_until_nothing_is_left_to_say_hears_that_it_is_not_wanted_any_more() {
    let hub = hub();
    let line = hub.line(THERE);
    let wants = BTreeMap::from([(7, Want { cluster: 1, ..Want::default() })]);
    assert!(line.hear(1, 0, wants, BTreeSet::new()).is_some());
    // It cannot be sent: that it is missed is to be said.
    let _missed = line.put(7, true, None, None);
    assert!(!line.is_empty());
    let mut drained = pin!(hub.drained());
    assert!(drained.as_mut().now_or_never().is_none());
    let _heard = hub.hear(THERE, Announce { number: 2, server: 0, wanted: Vec::new() });
    assert!(line.is_empty());
    timeout(Duration::from_secs(20), drained).await.expect("to be told");
}
