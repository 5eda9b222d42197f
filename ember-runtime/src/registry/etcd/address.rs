//! Where etcd answers, as a user writes it.

use std::fmt;

use crate::{
    net::{Endpoint, missing},
    registry::{RegistryError, api::Result},
};

/// One place where etcd answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) endpoint: Endpoint,
    pub(crate) secure: bool,
}

impl Address {
    /// Reads `host:port`, `http://host:port`, `https://host:port` or `unix:/path`. Without a scheme, `tls` decides.
    pub(crate) fn parse(text: &str, tls: bool) -> Result<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path.starts_with('/') {
                true if tls => Err(bad(text, "a Unix socket does not speak TLS: leave `.tls(…)` out")),
                true => Ok(Self { endpoint: Endpoint::Unix(path.into()), secure: false }),
                false => Err(bad(text, "the path of a Unix socket must be absolute: write `unix:/path/to/socket`")),
            };
        }
        let (secure, rest) = match text.split_once("://") {
            Some(("http", _)) if tls => {
                return Err(bad(text, "with `.tls(…)` write `https://host:port`, or leave the scheme out"));
            }
            Some(("https", _)) if !tls => {
                return Err(bad(
                    text,
                    "`https` needs a certificate authority: add `.tls(EtcdTls::ca_file(\"ca.pem\"))`",
                ));
            }
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some((scheme, _)) => {
                return Err(bad(text, &format!("`{scheme}` is not known here: write `http` or `https`")));
            }
            None => (tls, text),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let is_authority = rest.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b));
        match rest.parse() {
            Ok(endpoint @ Endpoint::Tcp(_)) if is_authority && !rest.ends_with(":0") => Ok(Self { endpoint, secure }),
            _ => {
                let what = missing(rest).map(|what| format!("{what}: ")).unwrap_or_default();
                let forms = "write `host:port`, such as `10.0.0.5:2379` or `https://etcd-1.internal:2379`";
                Err(bad(text, &format!("{what}{forms}")))
            }
        }
    }

    /// What HTTP wants to hear; a socket has no name of its own.
    pub(crate) fn uri(&self) -> String {
        match &self.endpoint {
            Endpoint::Tcp(authority) => format!("{}://{authority}", if self.secure { "https" } else { "http" }),
            Endpoint::Unix(_) => "http://localhost".into(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Endpoint::Tcp(_) => f.write_str(&self.uri()),
            Endpoint::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

fn bad(text: &str, hint: &str) -> RegistryError {
    RegistryError::Configuration(format!("`{text}` is not an address of etcd: {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spellings_are_understood() {
        for (text, tls, shown) in [
            ("10.0.0.5:2379", false, "http://10.0.0.5:2379"),
            ("10.0.0.5:2379", true, "https://10.0.0.5:2379"),
            ("http://etcd-1.internal:2379/", false, "http://etcd-1.internal:2379"),
            ("https://[::1]:2379", true, "https://[::1]:2379"),
            ("unix:///run/x.sock", false, "unix:///run/x.sock"),
            ("unix:/run/x.sock", false, "unix:///run/x.sock"),
        ] {
            assert_eq!(Address::parse(text, tls).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_bad_address_is_refused_with_what_to_write() {
        for (text, tls, hint) in [
            ("10.0.0.5", false, "10.0.0.5:2379"),
            ("10.0.0.5", false, "its port is missing: write"),
            ("http://localhost/", false, "its port is missing: write"),
            ("http://", false, "it has no host: write"),
            (":2379", false, "it has no host: write"),
            ("", false, "host:port"),
            ("host:0", false, "host:port"),
            ("host:2379/v3", false, "host:port"),
            ("ftp://host:2379", false, "`http` or `https`"),
            ("https://host:2379", false, ".tls("),
            ("http://host:2379", true, "https://host:port"),
            ("unix:run/x.sock", false, "absolute"),
        ] {
            let error = Address::parse(text, tls).unwrap_err();
            assert!(matches!(error, RegistryError::Configuration(_)), "{error}");
            assert!(error.to_string().contains(hint), "{text}: {error}");
        }
    }
}
