//! What the binaries of the benchmark share. A framework implements [`Service`] and [`Local`] or [`Remote`]; its `main` calls
//! [`local`] or [`remote`]; what is measured as a whole is a [`Once`].

mod args;
mod load;
mod local;
mod meter;
mod once;
mod remote;
mod run;
mod server;
mod service;
mod unsafe_alloc;
mod workload;

pub use args::Args;
pub use local::{local, measure};
pub use meter::registry_operation;
pub use once::{Once, once};
pub use remote::remote;
pub use run::Run;
pub use server::announce;
pub use service::{Local, Remote, Service};
pub use workload::Workload;

impl Run {
    /// Prints it as the one line of this process, and ends the process.
    pub fn finish(&self) -> ! {
        self.print();
        std::process::exit(0)
    }
}
