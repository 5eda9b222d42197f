//! etcd's and tonic's answers in the registry's terms.

use std::{error, io};

use tonic::{Code, ConnectError, Status};

use crate::registry::{LeaseId, RegistryError};

/// What to ask when an answer is none of etcd's.
pub(super) const NOT_ETCD: &str =
    "what answers there does not know etcd's API (v3); is that etcd, and its port for clients?";
/// And of one that was spoken to without TLS.
pub(super) const MAYBE_TLS: &str =
    " If it wants TLS, say whom to trust: `Etcd::new(…).tls(EtcdTls::ca_file(\"ca.pem\"))`";
/// The same of one that answers nothing at all.
pub(super) const ASK_ETCD: &str = "is it running, and is that etcd, and its port for clients?";
/// What tonic and h2 say of a server without gRPC, or without HTTP/2.
const STRANGE: [&str; 2] = ["mapped from HTTP status code", "frame with invalid size"];

/// What a failed attempt to connect means.
pub(crate) fn dial(error: &(dyn error::Error + 'static)) -> RegistryError {
    if refused_by_tls(error) {
        return RegistryError::Denied(format!("TLS: {}", chain(error)));
    }
    RegistryError::Unavailable(chain(error))
}

/// What the reason of a canceled watch means.
pub(super) fn canceled(reason: &str) -> RegistryError {
    if ["permission denied", "invalid auth token", "user name is empty"].iter().any(|known| reason.contains(known)) {
        return RegistryError::Denied(reason.into());
    }
    RegistryError::Unavailable(format!(
        "the watch was canceled: {}",
        if reason.is_empty() { "no reason given" } else { reason }
    ))
}

/// Whether a new connection may fare better than the one that brought `error`.
pub(super) fn spoils_connection(error: &RegistryError) -> bool {
    match error {
        RegistryError::Unavailable(_) => true,
        // The connection was made while authentication was off.
        RegistryError::Denied(text) => text.contains("user name is empty"),
        _ => false,
    }
}

/// Whether the request cannot have left this process, so that it can be sent again.
pub(super) fn never_sent(status: &Status) -> bool {
    causes(status).any(|cause| cause.is::<ConnectError>())
}

/// Whether the connection broke under the request; an answer of etcd, or none in time, is something else.
pub(super) fn hung_up(status: &Status) -> bool {
    error::Error::source(status).is_some() && !never_sent(status)
}

/// Whether a listing's revision went away between two of its pages.
pub(super) fn revision_gone(status: &Status) -> bool {
    status.code() == Code::OutOfRange && status.message().contains("revision")
}

/// An error with its causes, in one line and without repetition.
pub(crate) fn chain(error: &(dyn error::Error + 'static)) -> String {
    let mut line = String::new();
    for text in causes(error).map(ToString::to_string) {
        // Some begin with what the one above them ends with.
        let last = line.rsplit(": ").next().unwrap_or_default();
        let more = text.strip_prefix(last).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text);
        if !line.contains(more) {
            line = if line.is_empty() { text } else { format!("{line}: {more}") };
        }
    }
    line
}

/// What `status` means for an operation that, if at all, used `lease`.
pub(super) fn status(status: &Status, lease: Option<LeaseId>) -> RegistryError {
    let text = status.message();
    match status.code() {
        Code::NotFound if text.contains("lease not found") => lease_lost(lease, text),
        Code::Unauthenticated | Code::PermissionDenied => RegistryError::Denied(text.into()),
        Code::InvalidArgument if text.contains("authentication failed") || text.contains("user name is empty") => {
            RegistryError::Denied(text.into())
        }
        // The token is older than a change of the users: a new connection brings a new one.
        Code::InvalidArgument if text.contains("auth store is old") => RegistryError::Unavailable(text.into()),
        Code::InvalidArgument if text.contains("too many operations") => RegistryError::Rejected(format!(
            "{text}: split it, or start etcd with a larger `--max-txn-ops` (its default is 128)"
        )),
        Code::InvalidArgument => RegistryError::Rejected(text.into()),
        Code::ResourceExhausted if text.contains("space") || text.contains("larger than max") => {
            RegistryError::Rejected(text.into())
        }
        // The request asks for too long a life. What else is out of range is a revision.
        Code::OutOfRange if text.contains("lease TTL") => RegistryError::Rejected(text.into()),
        // Of an HTTP server, or of one for something else.
        Code::Unimplemented if text.is_empty() => RegistryError::Protocol(NOT_ETCD.into()),
        Code::Unimplemented => RegistryError::Protocol(format!("{text}: {NOT_ETCD}")),
        Code::NotFound | Code::AlreadyExists | Code::FailedPrecondition | Code::OutOfRange => {
            RegistryError::Protocol(format!("{:?}: {text}", status.code()))
        }
        _ if refused_by_tls(status) => RegistryError::Denied(format!("TLS: {}", reason(status))),
        _ => {
            let reason = reason(status);
            let is_strange = STRANGE.iter().any(|strange| reason.contains(strange));
            RegistryError::Unavailable(if is_strange { format!("{reason}: {NOT_ETCD}") } else { reason })
        }
    }
}

fn lease_lost(lease: Option<LeaseId>, text: &str) -> RegistryError {
    lease.map_or_else(|| RegistryError::Protocol(text.into()), RegistryError::LeaseNotFound)
}

/// The text of a status; where it was made on this side, its cause says more.
fn reason(status: &Status) -> String {
    let source = error::Error::source(status).map(chain).unwrap_or_default();
    match (status.message(), source.as_str()) {
        ("", "") => format!("{:?}", status.code()),
        (message, "") => message.into(),
        (message, source) if source.contains(message) => source.into(),
        (message, source) => format!("{message}: {source}"),
    }
}

/// rustls reports a certificate that is not accepted, by either side, as invalid data.
fn refused_by_tls(error: &(dyn error::Error + 'static)) -> bool {
    causes(error)
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData))
}

fn causes<'a>(error: &'a (dyn error::Error + 'static)) -> impl Iterator<Item = &'a (dyn error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classified(code: Code, text: &str) -> RegistryError {
        status(&Status::new(code, text), Some(7))
    }

    #[test]
    fn the_answers_of_etcd_are_told_apart() {
        assert!(matches!(
            classified(Code::NotFound, "etcdserver: requested lease not found"),
            RegistryError::LeaseNotFound(7)
        ));
        for (code, text) in [
            (Code::PermissionDenied, "etcdserver: permission denied"),
            (Code::InvalidArgument, "etcdserver: authentication failed, invalid user ID or password"),
            (Code::InvalidArgument, "etcdserver: user name is empty"),
            (Code::Unauthenticated, "etcdserver: invalid auth token"),
        ] {
            assert!(matches!(classified(code, text), RegistryError::Denied(_)), "{text}");
        }
        for (code, text) in [
            (Code::Unavailable, "etcdserver: no leader"),
            (Code::Unavailable, "etcdserver: request timed out"),
            (Code::Unknown, "transport error"),
            (Code::ResourceExhausted, "etcdserver: too many requests"),
            (Code::Cancelled, "Timeout expired"),
        ] {
            assert!(matches!(classified(code, text), RegistryError::Unavailable(_)), "{text}");
        }
        for (code, text) in [
            (Code::InvalidArgument, "etcdserver: duplicate key given in txn request"),
            (Code::InvalidArgument, "etcdserver: too many operations in txn request"),
            (Code::ResourceExhausted, "etcdserver: mvcc: database space exceeded"),
            (Code::ResourceExhausted, "grpc: received message larger than max (2097170 vs. 2097152)"),
            (Code::InvalidArgument, "etcdserver: request is too large"),
            (Code::OutOfRange, "etcdserver: too large lease TTL"),
        ] {
            assert!(matches!(classified(code, text), RegistryError::Rejected(_)), "{text}");
        }
        assert!(matches!(classified(Code::Unimplemented, "unknown service"), RegistryError::Protocol(_)));
    }

    #[test]
    fn a_canceled_watch_tells_forbidden_from_broken() {
        assert!(matches!(
            canceled("rpc error: code = PermissionDenied desc = etcdserver: permission denied"),
            RegistryError::Denied(_)
        ));
        assert!(matches!(canceled("etcdserver: no leader"), RegistryError::Unavailable(_)));
        assert!(canceled("").to_string().contains("no reason given"));
    }
}
