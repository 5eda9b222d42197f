//! What two nodes say to each other, as bytes: records in frames, headers, who signs what. Does nothing by itself.

mod config;
pub(crate) mod frame;
mod generated;
pub(crate) mod header;
pub(crate) mod proof;
pub(crate) mod wire;

pub(crate) use self::{
    config::{Identity, Ingress, LinkConfig, Members, OutCall, Peer, RawAnswer},
    frame::{Frames, HEAD, Part},
    generated::link_v1::{Frame, link_client, link_server},
    header::{Clock, Header, Reads},
    proof::{Claim, KeyPair, Nonce, Nonces, Signed},
    wire::{CALL, CALL_PIECE, Correlation, Malformed, REPLY_PIECE, Record, SEND},
};
