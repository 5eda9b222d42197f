//! Certificates for connections to etcd.

use std::{fmt, path::PathBuf};

use etcd_client::{Certificate, Identity, TlsOptions};

use crate::registry::{RegistryError, api::Result};

/// Whom to trust, and who we are, on connections to etcd: what [`Etcd::tls`](super::Etcd::tls) takes.
///
/// The system's certificate authorities are not trusted, only the given one. Files are read when a node starts.
///
/// ```
/// # use ember_runtime::registry::EtcdTls;
/// let tls = EtcdTls::ca_file("/etc/etcd/ca.pem").identity_files("/etc/ember/node.pem", "/etc/ember/node-key.pem");
/// ```
#[derive(Clone)]
pub struct EtcdTls {
    ca: Pem,
    identity: Option<(Pem, Pem)>,
    domain: Option<String>,
}

impl EtcdTls {
    /// Trusts the certificate authorities in this PEM file.
    pub fn ca_file(path: impl Into<PathBuf>) -> Self {
        Self::new(Pem::File(path.into()))
    }

    /// Trusts the certificate authorities in this PEM text.
    pub fn ca_pem(pem: impl Into<Vec<u8>>) -> Self {
        Self::new(Pem::Text(pem.into()))
    }

    /// Shows etcd a client certificate: a PEM file with its chain, and one with its key.
    #[must_use]
    pub fn identity_files(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some((Pem::File(certificate.into()), Pem::File(key.into())));
        self
    }

    /// Shows etcd a client certificate: its chain and its key as PEM texts.
    #[must_use]
    pub fn identity_pem(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identity = Some((Pem::Text(certificate.into()), Pem::Text(key.into())));
        self
    }

    /// Expects this name in etcd's certificate, instead of the host of the address.
    #[must_use]
    pub fn domain(mut self, name: impl Into<String>) -> Self {
        self.domain = Some(name.into());
        self
    }

    fn new(ca: Pem) -> Self {
        Self { ca, identity: None, domain: None }
    }

    pub(super) fn load(&self) -> Result<TlsOptions> {
        let ca = self.ca.load("the certificate authority of etcd", "CERTIFICATE-----")?;
        let mut options = TlsOptions::new().ca_certificate(Certificate::from_pem(ca));
        if let Some((certificate, key)) = &self.identity {
            let certificate = certificate.load("the client certificate for etcd", "CERTIFICATE-----")?;
            let key = key.load("the key of the client certificate for etcd", "PRIVATE KEY-----")?;
            options = options.identity(Identity::from_pem(certificate, key));
        }
        if let Some(domain) = &self.domain {
            options = options.domain_name(domain);
        }
        Ok(options)
    }
}

/// Shows names, never key material.
impl fmt::Debug for EtcdTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdTls")
            .field("ca", &self.ca)
            .field("identity", &self.identity)
            .field("domain", &self.domain)
            .finish()
    }
}

#[derive(Clone)]
enum Pem {
    File(PathBuf),
    Text(Vec<u8>),
}

impl Pem {
    fn load(&self, what: &str, marker: &str) -> Result<Vec<u8>> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::File(path) => std::fs::read(path).map_err(|error| {
                RegistryError::Configuration(format!("{what} cannot be read from `{}`: {error}", path.display()))
            })?,
        };
        if String::from_utf8_lossy(&text).contains(marker) {
            return Ok(text);
        }
        let place = if let Self::File(path) = self { format!(" in `{}`", path.display()) } else { String::new() };
        Err(RegistryError::Configuration(format!(
            "{what}{place} is not PEM text: it has no `-----BEGIN … {marker}` line"
        )))
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            Self::Text(_) => f.write_str("PEM text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named() {
        let error = EtcdTls::ca_file("/nowhere/ca.pem").load().unwrap_err();
        assert!(error.to_string().contains("`/nowhere/ca.pem`"), "{error}");
    }

    #[test]
    fn text_that_is_not_pem_is_refused() {
        let error = EtcdTls::ca_pem("hello").load().unwrap_err();
        assert!(error.to_string().contains("not PEM"), "{error}");
    }

    #[test]
    fn debug_does_not_show_a_key() {
        let tls = EtcdTls::ca_pem("ca").identity_pem("cert", "hush");
        assert!(!format!("{tls:?}").contains("hush"));
    }
}
