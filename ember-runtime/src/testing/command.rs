//! What a test asks for that only the driver of the simulation can do: between two steps, outside of every host.

use std::{cell::RefCell, collections::VecDeque, ops::RangeInclusive, rc::Rc, time::Duration};

use tokio::sync::oneshot;

use super::hosts::Process;

/// Something for the driver to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Ends everything that runs on a host.
    Crash(String, Rc<Process>),
    /// Starts a host's software anew.
    Start(String, Rc<Process>),
    /// Sets how long packets between two hosts take: at least, and at most.
    Latency(String, String, RangeInclusive<Duration>),
}

/// Commands that wait for the driver, which takes them all between two steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Commands(Rc<RefCell<VecDeque<Asked>>>);

/// A command, and who waits until it has been carried out.
type Asked = (Command, oneshot::Sender<()>);

impl Commands {
    /// Asks for `command`, which is done before the next step. Ends when it was.
    pub(super) fn ask(&self, command: Command) -> impl Future<Output = ()> + use<> {
        let (done, waiting) = oneshot::channel();
        self.0.borrow_mut().push_back((command, done));
        // The driver drops no command; if the simulation ends, this future ends with it.
        async move { drop(waiting.await) }
    }

    /// Does all that was asked for.
    pub(super) fn run(&self, sim: &mut turmoil::Sim<'_>) {
        while let Some((command, done)) = self.take() {
            match command {
                Command::Crash(host, process) => {
                    sim.crash(host);
                    process.end(sim.elapsed());
                }
                Command::Start(host, process) => {
                    process.end(sim.elapsed());
                    sim.bounce(host);
                    process.start(sim.elapsed());
                }
                Command::Latency(a, b, latency) => {
                    sim.set_link_latency(&*a, &*b, *latency.start());
                    sim.set_link_max_message_latency(a, b, *latency.end());
                }
            }
            let _ = done.send(());
        }
    }

    fn take(&self) -> Option<(Command, oneshot::Sender<()>)> {
        self.0.borrow_mut().pop_front()
    }
}
