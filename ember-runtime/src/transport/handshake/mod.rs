//! How a link comes about: by dialling, and by being dialled.

mod connect;
mod dial;
mod greet;
mod opening;
mod probe;
mod server;
mod start;
