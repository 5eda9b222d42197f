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
        let Hosted { source, supervision, register, limits, particulars, lease, replicas: members, scale, journal: _ } =
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
        let shard = |number| {
            Cell::new(Setup {
                pid: next(),
                particulars: Particulars {
                    shard: Some(Shard::new(number, S::SPEC.shards)),
                    workers: workers.clone(),
                    ..Particulars::default()
                },
                server,
                blueprint: Arc::clone(&blueprint),
                limits,
                supervision,
                // No shard needs another of its own service in its `stop`.
                stops_alone: false,
                host: Arc::downgrade(&host),
            })
        };
        let shards = (0..S::SPEC.shards).map(shard).collect();
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
        self.router.runtime().spawn(Arc::clone(&front).keep());
        scale.into_iter().for_each(|scale| self.scale(&any, scale));
        let (ready, started) = oneshot::channel();
        let starting =
            Arc::new(Starting { left: AtomicUsize::new(front.shards.len()), ready: Mutex::new(Some(ready)) });
        for (number, shard) in (0..).zip(&front.shards) {
            let (make, is) = (Arc::clone(&make), Shard::new(number, S::SPEC.shards));
            let source = Source::Factory(Box::new(move || make(is)));
            let (services, front, starting) = (Weak::clone(&self.me), Arc::clone(&front), Arc::clone(&starting));
            shard.drive(source, Ambient::current(Ambient::extended), move |result| {
                starting.one_is(result, works, &front, &services);
            });
        }
        drop(closed);
        let router = Arc::clone(&self.router);
        Ok(async move {
            let ended = || Error::ServiceStart {
                service: name.into(),
                cause: "the task of a shard ended before it was started".into(),
            };
            shielded(started).await.unwrap_or_else(|_| Err(router.over().map_or_else(ended, Error::from)))?;
            Ok(pid)
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
        if let Some(ready) = ready {
            tell(ready, result, &*any);
        }
    }
}
