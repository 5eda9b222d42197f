//! What a user says about an etcd cluster.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

use super::{Address, EtcdTls, server::Server};
use crate::registry::{
    RegistryError,
    api::{Context, Registry, Result, Session},
    remote::{Connector, Dial, RemoteSession},
};

/// An etcd cluster (v3 API) as the registry: for clusters that span machines.
///
/// ```
/// # use ember_runtime::registry::{Etcd, EtcdTls};
/// let plain = Etcd::new(["10.0.0.5:2379", "10.0.0.6:2379"]);
/// let secured = Etcd::new(["etcd-1.internal:2379"]).user("ember", "secret").tls(EtcdTls::ca_file("ca.pem"));
/// ```
///
/// One connection is in use at a time; when it fails, the next operation goes to the next endpoint. Connecting is given
/// 1 s and an operation, connecting included, 2 s. HTTP/2 keep-alive finds a frozen or unreachable server within 2 s, for
/// a watch too, and every request demands that its server has a leader.
///
/// etcd takes at most 128 operations in a [`Transaction`](crate::registry::Transaction) unless it was started with
/// `--max-txn-ops`, and at most 1.5 MB in a request unless with `--max-request-bytes`.
#[derive(Clone)]
pub struct Etcd {
    endpoints: Vec<String>,
    user: Option<(String, String)>,
    tls: Option<EtcdTls>,
}

impl Etcd {
    /// The cluster that answers at any of `endpoints`: each `host:port`, with or without `http://` or `https://`.
    ///
    /// A bad address is reported when a node starts, as [`RegistryError::Configuration`].
    pub fn new<I>(endpoints: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self { endpoints: endpoints.into_iter().map(Into::into).collect(), user: None, tls: None }
    }

    /// Authenticates with a name and a password. The token is renewed by itself. An etcd on which authentication is not
    /// enabled is used without it. An empty name is reported when a node starts, as [`RegistryError::Configuration`]; the password
    /// is etcd's to judge.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((name.into(), password.into()));
        self
    }

    /// Encrypts, and checks etcd's certificate.
    #[must_use]
    pub fn tls(mut self, tls: EtcdTls) -> Self {
        self.tls = Some(tls);
        self
    }

    fn connect(&self, context: &Context) -> Result<RemoteSession> {
        if self.endpoints.is_empty() || self.endpoints.iter().any(|text| text.trim().is_empty()) {
            let what = if self.endpoints.is_empty() {
                "no endpoint of etcd was given"
            } else {
                "an endpoint of etcd is empty"
            };
            return Err(RegistryError::Configuration(format!("{what}: write `Etcd::new([\"10.0.0.5:2379\"])`")));
        }
        if self.user.as_ref().is_some_and(|(name, _)| name.is_empty()) {
            return Err(RegistryError::Configuration(
                "`.user(\"\", …)` names no user of etcd: write a name, or leave it out".into(),
            ));
        }
        let tls = self.tls.as_ref().map(EtcdTls::load).transpose()?;
        let server = |text: &String| {
            let address = Address::parse(text.trim(), tls.is_some())?;
            Ok(Box::new(Server::new(context, address, tls.as_ref(), self.user.as_ref())?) as Box<dyn Dial>)
        };
        let servers = self.endpoints.iter().map(server).collect::<Result<_>>()?;
        Ok(RemoteSession::new(Connector::new(context, servers, Duration::ZERO)))
    }
}

impl Registry for Etcd {
    fn open(&self, context: Context) -> BoxFuture<'_, Result<Arc<dyn Session>>> {
        Box::pin(async move { Ok(Arc::new(self.connect(&context)?) as Arc<dyn Session>) })
    }

    fn spans_machines(&self) -> bool {
        true
    }

    fn reached_at(&self) -> Option<String> {
        let first = self.endpoints.first().map(|text| text.trim()).filter(|text| !text.is_empty())?;
        if first.starts_with("unix:") {
            return Some(first.to_owned());
        }
        let address = first.split_once("://").map_or(first, |(_, address)| address);
        Some(address.strip_suffix('/').unwrap_or(address).to_owned())
    }
}

/// Shows the user's name, never the password.
impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Etcd")
            .field("endpoints", &self.endpoints)
            .field("user", &self.user.as_ref().map(|(name, _)| name))
            .field("tls", &self.tls)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{net::OsNetwork, rng::Rng};

    fn open(etcd: &Etcd) -> Result<RemoteSession> {
        etcd.connect(&Context { cluster: "c".into(), network: Arc::new(OsNetwork), rng: Rng::from_seed(1) })
    }

    #[test]
    fn no_endpoint_is_a_configuration_error() {
        for (given, what) in
            [(vec![], "no endpoint of etcd was given"), (vec!["a:1", " "], "an endpoint of etcd is empty")]
        {
            let error = open(&Etcd::new(given)).unwrap_err();
            assert!(matches!(error, RegistryError::Configuration(_)), "{error}");
            let text = error.to_string();
            assert!(text.contains(what) && text.contains("Etcd::new(["), "{text}");
        }
        assert_eq!(Etcd::new([""]).reached_at(), None);
    }

    #[test]
    fn where_it_is_reached_is_host_and_port_however_it_is_written() {
        for given in ["a:1", " a:1 ", "http://a:1", "https://a:1/"] {
            assert_eq!(Etcd::new([given]).reached_at().as_deref(), Some("a:1"), "{given}");
        }
        assert_eq!(Etcd::new(["unix:///run/x.sock"]).reached_at().as_deref(), Some("unix:///run/x.sock"));
    }

    #[test]
    fn an_empty_user_is_a_configuration_error() {
        let error = open(&Etcd::new(["a:1"]).user("", "secret")).unwrap_err();
        assert!(
            matches!(error, RegistryError::Configuration(_)) && error.to_string().contains("`.user(\"\", …)`"),
            "{error}"
        );
    }

    #[test]
    fn a_bad_address_is_found_before_anything_is_sent() {
        assert!(matches!(open(&Etcd::new(["10.0.0.5"])), Err(RegistryError::Configuration(_))));
    }

    #[test]
    fn debug_does_not_show_the_password() {
        let shown = format!("{:?}", Etcd::new(["a:1"]).user("ada", "hush"));
        assert!(shown.contains("ada") && !shown.contains("hush"), "{shown}");
    }
}
