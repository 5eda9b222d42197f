//! The calls of a node for whose outcome its runtime may ask: each has a number, and the callee is told which it need not remember any more.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use crate::{id::CallNumber, sync::lock};

/// Those that are under way.
#[derive(Debug, Default)]
pub(crate) struct OpenCalls(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    last: u64,
    numbers: BTreeSet<u64>,
}

/// One of them, until it is dropped.
pub(crate) struct OpenCall {
    all: Arc<OpenCalls>,
    number: u64,
}

impl OpenCall {
    pub(crate) fn begin(all: &Arc<OpenCalls>) -> Self {
        let mut open = lock(&all.0);
        open.last += 1;
        let number = open.last;
        open.numbers.insert(number);
        Self { all: Arc::clone(all), number }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// What a call takes along that leaves now.
    pub(crate) fn leaves(&self) -> CallNumber {
        let lowest = lock(&self.all.0).numbers.first().copied().unwrap_or(self.number);
        CallNumber { by: None, number: self.number, lowest }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        lock(&self.all.0).numbers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_a_number_of_its_own_and_names_the_lowest_that_is_under_way() {
        let all = Arc::default();
        let [first, second, third] = [(); 3].map(|()| OpenCall::begin(&all));
        assert_eq!([&first, &second, &third].map(OpenCall::number), [1, 2, 3]);
        let says = |call: &OpenCall| (call.leaves().number, call.leaves().lowest);
        assert_eq!((says(&first), says(&third)), ((1, 1), (3, 1)));
        drop(second);
        assert_eq!(says(&third), (3, 1));
        drop(first);
        assert_eq!(says(&third), (3, 3));
        drop(third);
        assert_eq!(says(&OpenCall::begin(&all)), (4, 4), "no number comes again");
    }
}
