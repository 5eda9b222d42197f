//! What the tests of the workspace share: waiting for facts, and other programs as child processes. No test is in here.

pub mod bags;
pub mod builds;
pub mod cluster;
pub mod counting;
pub mod embedded_node;
pub mod etcd_members;
pub mod etcd_process;
pub mod faults;
pub mod fragile;
pub mod gate;
pub mod leaf;
pub mod log;
pub mod logged;
pub mod machine;
pub mod paper;
pub mod programs;
pub mod registry;
pub mod simulation;
pub mod spans;
pub mod wait;
