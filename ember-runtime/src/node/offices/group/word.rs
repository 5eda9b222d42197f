//! How a member that shows its state has its master vouch for it.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    call::{Router, far},
    node::offices::booth::Booth,
    office::{OfficeName, OfficeSeat, Shown},
    replica::{Place, Replica},
};

/// A master that does not answer in this time does not.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a member stands on its node.
pub(in crate::node::offices) fn place(
    router: &Arc<Router>,
    booth: &Arc<Booth>,
    replica: &Arc<Replica>,
    office: OfficeName,
    (seat, shown): (Arc<OfficeSeat>, Arc<Shown>),
) -> Place {
    let (asks, booth) = (Box::new(asks(router, replica, office)), Arc::clone(booth));
    let is_cut_off = Box::new(move || !booth.contact().is_good);
    Place { seat, shown, is_cut_off, asks }
}

/// Asks the master, as the view names it, how far it is: while it acts, nothing more was acknowledged when it was asked. The answer comes later. The
/// master also hears who asks, so whoever has dropped its state since it was heard of last asks too.
fn asks(router: &Arc<Router>, replica: &Arc<Replica>, office: OfficeName) -> impl Fn() + Send + Sync + use<> {
    let (router, replica) = (Arc::downgrade(router), Arc::downgrade(replica));
    move || {
        let Some(all) = Weak::upgrade(&router).zip(Weak::upgrade(&replica)) else { return };
        let runtime = all.0.runtime().clone();
        drop(runtime.spawn(ask(all, office.clone())));
    }
}

async fn ask((router, replica): (Arc<Router>, Arc<Replica>), office: OfficeName) {
    let asked = replica.now();
    let master = router.directory().office(&office).master.map(|master| master.record.pid);
    let said = match master {
        Some(master) => timeout(PATIENCE, far(&router, master, Some(replica.member()))).await.ok().flatten(),
        None => None,
    };
    replica.has_heard(asked, said.filter(|far| far.acts).and_then(|far| far.leads));
}
