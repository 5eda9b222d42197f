//! Starting sharded services: their shards, and the front before them.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::Either;
use tokio::sync::oneshot;

use super::{
    host::Services,
    scaling,
    started::{Registered, tell},
};
use crate::{
    actor::{AnyCell, Cell, Front, Host, Limit, Particulars, Service, Setup, Shard, Source},
    error::{Error, Result},
    id::Pid,
    message::Ambient,
    node::settings::{Hosted, instance, office_lease, replicas},
    sync::{lock, shielded},
};

/// The start of all shards, which one is told of.
struct Starting {
    /// So many have not been started yet.
    left: AtomicUsize,
    ready: Mutex<Option<oneshot::Sender<Result<()>>>>,
}

impl Services {
    /// Starts a service; if it `works`, it begins its work when it has been started. The future waits for its `init` and
    /// `start`, in each shard if it has some.
    pub(super) fn launch<S: Service>(
        self: &Arc<Self>,
        hosted: Hosted<S>,
        works: bool,
    ) -> Result<impl Future<Output = Result<Pid>> + Send + use<S>> {
        scaling::check(&S::SPEC, hosted.scale.as_ref())?;
        if const { S::SPEC.shards == 0 } {
            if let Source::PerShard(_) = hosted.source {
                return Err(Error::Configuration(format!(
                    "the service `{}` is not sharded: write `#[service(sharded)]`, or make it by a function, `Hosted::with(…)`",
                    S::SPEC.name
                )));
            }
            return self.launch_one(hosted, works).map(Either::Left);
        }
        self.launch_shards(hosted, works).map(Either::Right)
    }

    fn launch_shards<S: Service>(
        self: &Arc<Self>,
        hosted: Hosted<S>,
        works: bool,
    ) -> Result<impl Future<Output = Result<Pid>> + Send + use<S>> {
        let Hosted { source, supervision, register, limits, particulars, lease, replicas: members, scale, journal } =
            hosted;
        let name = S::SPEC.name;
        let make: Arc<dyn Fn(Shard) -> S + Send + Sync> = match source {
            Source::PerShard(make) => make,
            Source::Factory(factory) => {
                let factory = Mutex::new(factory);
                Arc::new(move |_| lock(&factory)())
            }
            Source::Value(_) => {
                return Err(Error::Configuration(format!(
                    "the service `{name}` is sharded, and each of its {} shards has a state of its own: give the node a function that makes \
                 one, `.service_with(…)` or `Hosted::with(…)`",
                    S::SPEC.shards
                )));
            }
        };
        instance(name, &particulars, &supervision, &limits, true)?;
        lease.map_or(Ok(()), |lease| office_lease(name, false, lease, self.elections.shortest_lease()))?;
        members.map_or(Ok(()), |members| replicas(name, None, members))?;
        if journal.is_some() {
            return Err(Error::Configuration(format!(
                "the service `{name}`: `.journal(…)` keeps the state of a replicated service, and this one is sharded"
            )));
        }
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        if *closed {
            return Err(Error::Closed);
        }
        if let Some(over) = self.router.over() {
            return Err(over.into());
        }
        let host: Arc<dyn Host> = Arc::clone(self) as _;
        let (blueprint, server) = (self.blueprint::<S>()?, self.record.server);
        let next = || Pid { node: self.record.key, number: self.numbers.fetch_add(1, Ordering::Relaxed) };
        let pid = next();
        let workers = S::SPEC.workers.map(|(least, most)| Arc::new(Limit::new(least, most)));
        let is = move |number| Shard::new(number, S::SPEC.shards, pid);
        let shard = |number| {
            Cell::new(Setup {
                pid: next(),
                particulars: Particulars { shard: Some(is(number)), workers: workers.clone(), ..particulars.clone() },
                server,
                blueprint: Arc::clone(&blueprint),
                limits,
                supervision,
                // No shard needs another of its own service in its `stop`.
                stops_alone: false,
                host: Arc::downgrade(&host),
            })
        };
        let numbers = 0..S::SPEC.shards;
        let shards = numbers.clone().map(shard).collect();
        let stops_alone = !works || Ambient::current(|it| it.service().name() == name).unwrap_or(false);
        let front = Front::new((pid, server), particulars, shards, stops_alone, Arc::downgrade(&host));
        let any = Arc::clone(&front) as Arc<dyn AnyCell>;
        if register {
            let mut running = self.lock();
            running.claim(&any, S::SPEC.location)?;
            running.registered.insert(pid.number, Registered { cell: Arc::clone(&any), published: false });
        }
        self.router.cells.add(Arc::clone(&any));
        front.shards.iter().for_each(|shard| self.router.cells.add(Arc::clone(shard) as _));
        let end = self.router.runtime().spawn(Arc::clone(&front).keep());
        scale.into_iter().for_each(|scale| self.scale(&any, scale));
        let (ready, started) = oneshot::channel();
        let starting =
            Arc::new(Starting { left: AtomicUsize::new(front.shards.len()), ready: Mutex::new(Some(ready)) });
        for (number, shard) in numbers.zip(&front.shards) {
            let (make, is) = (Arc::clone(&make), is(number));
            let source = Source::Factory(Box::new(move || make(is)));
            let (services, front, starting) = (Weak::clone(&self.me), Arc::clone(&front), Arc::clone(&starting));
            shard.drive(source, Ambient::current(Ambient::extended), move |result| {
                starting.one_is(result, works, &front, &services);
            });
        }
        drop(closed);
        let router = Arc::clone(&self.router);
        Ok(async move {
            match shielded(started).await {
                Ok(Ok(())) => Ok(pid),
                Ok(Err(error)) => {
                    // Only then another may have its name and id.
                    let _ = end.await;
                    Err(error)
                }
                Err(_) => Err(router.over().map_or_else(
                    || Error::ServiceStart {
                        service: name.into(),
                        cause: "the task of a shard ended before it was started".into(),
                    },
                    Error::from,
                )),
            }
        })
    }
}

impl Starting {
    /// A shard has been started, or has not.
    fn one_is<S: Service>(&self, result: Result<()>, works: bool, front: &Arc<Front<S>>, services: &Weak<Services>) {
        if result.is_ok() && self.left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let any = Arc::clone(front) as Arc<dyn AnyCell>;
        if result.is_err() {
            any.retire();
        } else {
            front.establish();
            if let Some(services) = services.upgrade() {
                services.established(&any, works);
            }
        }
        let ready = lock(&self.ready).take();
        match (ready, result) {
            (Some(ready), result) => tell(ready, result, &*any),
            (None, Ok(())) => {}
            (None, Err(error)) => {
                tracing::error!(target: "ember::service", service = any.name(), pid = %any.pid(), %error, "a further shard did not start");
            }
        }
    }
}
