//! ractor's factory, which picks a worker by the key: one that has a key has it always.

use ractor::{
    Actor, ActorProcessingErr, ActorRef, RpcReplyPort,
    factory::{
        Factory, FactoryArguments, FactoryMessage, Job, JobOptions, Worker, WorkerBuilder, WorkerId,
        queues::DefaultQueue, routing::KeyPersistentRouting,
    },
    rpc::CallResult,
};

use crate::{
    HANDS,
    load::{Measured, Work, load},
};

struct Message(Work, RpcReplyPort<u64>);

struct Hand;

impl Worker for Hand {
    type Key = u64;
    type Message = Message;
    type State = u64;
    type Arguments = ();

    async fn pre_start(
        &self,
        _: WorkerId,
        _: &ActorRef<FactoryMessage<u64, Message>>,
        (): (),
    ) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: WorkerId,
        _: &ActorRef<FactoryMessage<u64, Message>>,
        Job { key, msg: Message(work, reply), .. }: Job<u64, Message>,
        done: &mut u64,
    ) -> Result<u64, ActorProcessingErr> {
        drop(reply.send(work.on(done).await));
        Ok(key)
    }
}

struct Hands;

impl WorkerBuilder<Hand, ()> for Hands {
    fn build(&mut self, _: WorkerId) -> (Hand, ()) {
        (Hand, ())
    }
}

type Router = KeyPersistentRouting<u64, Message>;
type Queue = DefaultQueue<u64, Message>;

pub(crate) async fn measure(work: Work) -> Measured {
    let arguments = FactoryArguments::builder()
        .num_initial_workers(HANDS as usize)
        .queue(Queue::default())
        .router(Router::default())
        .worker_builder(Box::new(Hands) as Box<dyn WorkerBuilder<Hand, ()>>)
        .build();
    let factory = Factory::<u64, Message, (), Hand, Router, Queue>::default();
    let (factory, _) = Actor::spawn(None, factory, arguments).await.expect("a factory");
    load((0..HANDS).collect(), move |key| {
        let factory = factory.clone();
        async move {
            let job = |reply| {
                let msg = Message(work, reply);
                FactoryMessage::Dispatch(Job { key, msg, options: JobOptions::default(), accepted: None })
            };
            match factory.call(job, None).await.expect("a factory that runs") {
                CallResult::Success(answer) => answer,
                _ => panic!("no answer"),
            }
        }
    })
    .await
}
