//! What is put for a handler, without a node.

use super::*;
use crate::actor::{
    AnyCell, ServiceState, Source, Start,
    tests::{Vault, host, vault},
};

/// It knows who heard it: its value, and whether it came as the last one from before.
struct Level(u32, Arc<Mutex<Vec<(u32, bool)>>>);

const LEVEL: Subscription<Vault> = Subscription {
    event: TypeId::of::<Level>(),
    type_name: "level",
    name: "level",
    start: |body, _, _| {
        let level = body.heard.as_ref().and_then(|one| one.event()?.downcast_ref::<Level>());
        if let Some((Level(value, heard), source)) = level.zip(body.core.event) {
            lock(heard).push((*value, source.retained));
        }
        Start::Over(body)
    },
    unit: TypeId::of::<Vault>(),
    takes: Takes { scope: None, retain: true },
};

#[tokio::test]
async fn of_what_a_subscription_puts_that_is_over_what_was_kept_comes_as_the_last_value_and_the_rest_all_the_same() {
    let host = host();
    let cell = vault(&host);
    cell.drive(Source::Value(Some(Vault)), None, |started| started.unwrap());
    cell.states().wait_for(|state| *state == ServiceState::Running).await.unwrap();

    let (keys, heard) = (Keys::default(), Arc::<Mutex<_>>::default());
    let handler = |before| Handler::new(&cell, &LEVEL, ("level", &keys), before, Arc::default());
    let before = handler(None);
    before.open(Vec::new());
    let lying = before.leaves().map(|(_, lying)| Arc::clone(lying)).unwrap();
    let after = Handler { life: before.life + 1, ..handler(Some(Arc::clone(&lying))) };
    lying.begin(after.life);

    let event = |value| -> Arc<AnyEvent> { Arc::new(Level(value, Arc::clone(&heard))) };
    let source = |scope, number| EventSource::new(cell.pid.node, None, scope, number);
    let (kept, from) = (event(1), source(Scope::Cluster, 1));
    after.open(vec![((Arc::clone(&kept), from.kept()), Came::default())]);
    // Their publishers found the subscribers before the service was started again.
    assert_eq!(before.give(&Item::new(&kept, from, Some(0))), Given::Taken);
    assert_eq!(before.give(&Item::new(&event(2), source(Scope::Service, 1), None)), Given::Taken);
    assert_eq!(before.give(&Item::new(&event(3), source(Scope::Node, 1), None)), Given::Taken);

    cell.retire();
    cell.states().wait_for(|state| *state == ServiceState::Stopped).await.unwrap();
    assert_eq!(*lock(&heard), [(1, true), (2, false), (3, false)]);
}
