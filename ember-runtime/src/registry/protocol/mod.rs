//! etcd's v3 API as messages, servers and clients, as far as Ember has use for it. Does nothing by itself.

mod generated;

pub(crate) use self::generated::etcdserverpb::*;
