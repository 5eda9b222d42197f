//! Where the cluster is. Servers and clients must agree on that, so it stands here.

use std::env;

use ember::prelude::*;

/// A node of the cluster `counter`, as the environment says:
///
/// - `ETCD`: where etcd answers, `10.0.0.5:2379,10.0.0.6:2379`, in a build with the feature `etcd`. Not set: a registry within the processes of this machine.
/// - `ADVERTISE`: where other nodes reach this one, `10.0.3.7:7000`; it then listens on this port of every interface. Not set: a free
///   port of the interface that leads to etcd.
///
/// # Errors
/// If `ADVERTISE` is no `host:port`, or `ETCD` is set in a build without the feature `etcd`.
pub fn cluster() -> ember::Result<NodeBuilder> {
    cluster_from(|name| env::var(name).ok())
}

/// The same, with another source of the variables: for tests.
///
/// # Errors
/// As [`cluster`].
pub fn cluster_from(variable: impl Fn(&str) -> Option<String>) -> ember::Result<NodeBuilder> {
    let node = Node::builder().cluster("counter");
    let node = match variable("ETCD") {
        Some(hosts) => over_etcd(node, &hosts)?,
        None => node.registry(Embedded::default()),
    };
    let Some(address) = variable("ADVERTISE") else { return Ok(node) };
    let port = address.rsplit_once(':').map_or("", |(_, port)| port);
    Ok(node.listen(format!("0.0.0.0:{port}").parse()?).advertise(address.parse()?))
}

#[cfg(feature = "etcd")]
#[allow(clippy::unnecessary_wraps, reason = "a build without the feature cannot do it")]
fn over_etcd(node: NodeBuilder, hosts: &str) -> ember::Result<NodeBuilder> {
    Ok(node.registry(Etcd::new(hosts.split(',').map(str::trim))))
}

#[cfg(not(feature = "etcd"))]
fn over_etcd(_: NodeBuilder, _: &str) -> ember::Result<NodeBuilder> {
    Err(ember::Error::other("`ETCD` is set, and this program was built without etcd: build it with `--features etcd`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_is_an_error() {
        for (address, good) in [("10.0.3.7:7000", true), ("10.0.3.7", false), ("10.0.3.7:many", false)] {
            let node = cluster_from(|name| (name == "ADVERTISE").then(|| address.to_owned()));
            assert_eq!(node.is_ok(), good, "{address}");
        }
    }

    #[test]
    fn etcd_is_refused_where_it_is_not_built_in() {
        let node = cluster_from(|name| (name == "ETCD").then(|| "10.0.0.5:2379".to_owned()));
        assert_eq!(node.is_ok(), cfg!(feature = "etcd"));
    }
}
