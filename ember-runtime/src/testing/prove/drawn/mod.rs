//! Calls that nobody wrote: of the methods that the cluster's services have, with arguments that their schemas allow. Knows no service.

mod bounds;
#[cfg(test)]
mod tests;
mod values;

use serde_json::Value;

pub use self::bounds::{Drawn, DrawnCall};
use super::user::User;
use crate::message::MethodRef;

/// What comes of a drawn call: its value, or the method's error.
pub type DrawnResult = Result<Value, Value>;

/// A user's life: in each turn a call of some method.
pub(super) async fn work(user: User<DrawnCall, DrawnResult>, bounds: Drawn) {
    let able: Vec<_> = user.catalogue.iter().filter(|it| bounds.allows(&user.rng, it)).cloned().collect();
    assert!(
        !able.is_empty(),
        "there is no call to draw: of {:?} none is allowed by `{bounds:?}` and has arguments of which more than the name is known, so give \
         a `.workload(|user| …)` of your own",
        user.catalogue.iter().map(name).collect::<Vec<_>>()
    );
    while user.turn().await {
        let it = user.pick(&able);
        let Some(args) = bounds.arguments(&user.rng, &it.1.schema) else { continue };
        let op = DrawnCall { service: it.0.clone(), method: it.1.name.clone(), args: args.clone() };
        let call = user.node().call(&it.0, &it.1.name, args).timeout(user.deadline);
        let _told = user.call_as(op, call, |told| told.cloned().map_err(Value::clone)).await;
    }
}

fn name((service, method): &(String, MethodRef)) -> String {
    format!("{service}.{}", method.name)
}
