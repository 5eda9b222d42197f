//! The meters of a node, by the names of what they count.

use std::sync::Mutex;

use super::{
    ledger,
    meter::{Meter, next},
    place::WaitPlaces,
    tally::Tally,
};
use crate::sync::lock;

/// The meters of one node.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    named: Mutex<Vec<Named>>,
    /// Where its services show which handlers wait.
    pub(crate) places: WaitPlaces,
}

/// What a meter stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) service: &'static str,
    /// With its module and its contract.
    pub(crate) method: String,
    meter: Meter,
}

impl Named {
    /// What was counted so far.
    pub(crate) fn tally(&self) -> Tally {
        ledger::total(self.meter)
    }
}

impl Meters {
    /// The one for this method of the services of this class. If a process has used up all that there are, nothing is counted.
    pub(crate) fn meter(&self, service: &'static str, method: &str) -> Meter {
        let mut named = lock(&self.named);
        if let Some(known) = named.iter().find(|known| known.service == service && known.method == method) {
            return known.meter;
        }
        let Some(meter) = next() else { return Meter::OFF };
        named.push(Named { service, method: method.to_owned(), meter });
        meter
    }

    /// All of them, in the order of their names.
    pub(crate) fn all(&self) -> Vec<Named> {
        let mut all = lock(&self.named).clone();
        all.sort_by(|one, other| (one.service, &one.method).cmp(&(other.service, &other.method)));
        all
    }
}

#[cfg(all(test, feature = "telemetry"))]
mod tests {
    use super::*;

    #[test]
    fn a_method_has_one_meter_on_a_node_and_another_on_the_next() {
        let (one, other) = (Meters::default(), Meters::default());
        let meter = one.meter("shop", "rpc_buy");
        assert_eq!(one.meter("shop", "rpc_buy"), meter);
        let others = [one.meter("shop", "bag.rpc_drop"), one.meter("bank", "rpc_buy"), other.meter("shop", "rpc_buy")];
        assert!(others.iter().all(|it| *it != meter && !it.is_off()));
        let names: Vec<_> = one.all().into_iter().map(|it| (it.service, it.method)).collect();
        assert_eq!(names, [("bank", "rpc_buy".into()), ("shop", "bag.rpc_drop".into()), ("shop", "rpc_buy".into())]);
    }
}
