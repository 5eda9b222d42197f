//! Batches of operations: the size of a batch is found by trying.

use std::time::Instant;

use bytes::Bytes;

use crate::{Args, Workload, service::Service};

/// Operations on one service.
pub(crate) struct Load<S> {
    service: S,
    workload: Workload,
    callers: u64,
    body: Bytes,
}

impl<S: Service> Load<S> {
    pub(crate) fn new(service: S, args: &Args) -> Self {
        let body = Bytes::from(vec![7; args.payload]);
        Self { service, workload: args.workload, callers: args.in_flight as u64, body }
    }

    /// Does about `n` operations, and returns how many it did, and how many of these counted: all, but for messages that
    /// were lost.
    pub(crate) async fn batch(&self, n: u64) -> (u64, u64) {
        if self.workload == Workload::Send {
            return (n, self.service.send(n).await);
        }
        if self.callers == 1 {
            caller(&self.service, self.workload, &self.body, n).await;
            return (n, n);
        }
        let each = n.div_ceil(self.callers);
        let callers: Vec<_> = (0..self.callers)
            .map(|_| {
                let (service, workload, body) = (self.service.clone(), self.workload, self.body.clone());
                tokio::spawn(async move { caller(&service, workload, &body, each).await })
            })
            .collect();
        for caller in callers {
            caller.await.expect("a caller that does not panic");
        }
        (each * self.callers, each * self.callers)
    }

    /// One caller; how long each call took, in ns.
    pub(crate) async fn latencies(&self, n: u64) -> Vec<u64> {
        let mut taken = Vec::with_capacity(n as usize);
        for i in 0..n {
            let start = Instant::now();
            once(&self.service, self.workload, &self.body, i as i64).await;
            taken.push(start.elapsed().as_nanos() as u64);
        }
        taken.sort_unstable();
        taken
    }

    /// Warms everything up, and finds how many operations take about as long as `args` say.
    pub(crate) async fn calibrate(&self, args: &Args) -> u64 {
        if let Some(operations) = args.operations {
            return operations;
        }
        let time = args.time;
        let mut n = self.callers * 16;
        loop {
            let start = Instant::now();
            self.batch(n).await;
            let taken = start.elapsed();
            if taken * 4 >= time {
                let wanted = n as f64 * time.as_secs_f64() / taken.as_secs_f64();
                return (wanted as u64).max(self.callers);
            }
            n *= 4;
        }
    }
}

async fn caller<S: Service>(service: &S, workload: Workload, body: &Bytes, n: u64) {
    for i in 0..n as i64 {
        once(service, workload, body, i).await;
    }
}

#[inline]
async fn once<S: Service>(service: &S, workload: Workload, body: &Bytes, i: i64) {
    match workload {
        Workload::Echo => assert_eq!(service.echo(body.clone()).await.len(), body.len()),
        Workload::CallLater => assert_eq!(service.sum_later(i, 1).await, i + 1),
        _ => assert_eq!(service.sum(i, 1).await, i + 1),
    }
}
