//! The address of a listener.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a listener can be reached: `host:port`, or `unix:/path/to/socket`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Endpoint {
    /// `host:port`.
    Tcp(String),
    /// The path of a Unix domain socket.
    Unix(PathBuf),
}

/// A text that is not an [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an address: write `host:port`, with a port up to 65535 and nothing before the host, or `unix:/path/to/socket`"
)]
pub struct EndpointError(String);

impl From<EndpointError> for crate::error::Error {
    fn from(error: EndpointError) -> Self {
        Self::Endpoint(error.into())
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(EndpointError(text.into())) } else { Ok(Self::Unix(path.into())) };
        }
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok() => {
                Ok(Self::Tcp(text.into()))
            }
            _ => Err(EndpointError(text.into())),
        }
    }
}

/// What `host:port` has not, if that is what is wrong with a text.
#[cfg(feature = "cluster")]
pub(crate) fn missing(text: &str) -> Option<&'static str> {
    let (host, port) = match text.rsplit_once(':') {
        // `[::1]` ends within its host.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    match (host.is_empty(), port.is_empty()) {
        (true, _) => Some("it has no host"),
        (false, true) => Some("its port is missing"),
        (false, false) => None,
    }
}

impl TryFrom<String> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: String) -> Result<Self, EndpointError> {
        text.parse()
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for text in ["127.0.0.1:80", "[::1]:0", "unix:/tmp/x.sock"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn what_is_missing_is_known() {
        for text in ["", ":80", ":"] {
            assert_eq!(missing(text), Some("it has no host"), "{text}");
        }
        for text in ["localhost", "localhost:", "10.0.0.5", "[::1]", "[::1]:"] {
            assert_eq!(missing(text), Some("its port is missing"), "{text}");
        }
        for text in ["localhost:80", "[::1]:0", "host:99999"] {
            assert_eq!(missing(text), None, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_the_forms_that_are_known() {
        for text in ["", "localhost", "host:99999", ":80", "unix:", "http://localhost:80", "tcp://10.0.0.5:80"] {
            assert!(text.parse::<Endpoint>().unwrap_err().to_string().contains("host:port"), "{text}");
        }
    }
}
