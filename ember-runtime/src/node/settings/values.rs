//! What the values that a node and its services are given must be: each means something, or is refused by name, with what to
//! write instead.

use std::{fmt::Debug, ops::RangeInclusive, time::Duration};

use super::unseen::{is_only_marks, is_unseen};
#[cfg(feature = "cluster")]
use crate::net::Endpoint;
use crate::{
    actor::{OnPanic, Particulars, Restart, Supervision, WEIGHT},
    call::RetryBudget,
    directory::Breaker,
    error::{Error, Result},
    mailbox::Limits,
    offload::Offload,
};

/// A name, an id, a kind or a tag has this many bytes at most.
const TEXT: usize = 255;
/// So many tags an instance has at most.
const TAGS: usize = 64;
/// So many messages can a mailbox hold.
const MAILBOX: RangeInclusive<usize> = 1..=1 << 24;
/// So many restarts can be counted.
const RESTARTS: u32 = 10_000;
/// So many instances one entry of a configuration makes.
const COUNT: u32 = 65_536;
/// A lease can be this long.
const LEASE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(365 * 24 * 60 * 60);
/// An instance is left alone for this long at most.
const OPEN: Duration = *LEASE.end();
/// So many threads, futures and waiting pieces a pool can have.
const POOL: RangeInclusive<usize> = 1..=4096;
const FUTURES: RangeInclusive<usize> = 1..=65_536;
const ROOM: RangeInclusive<usize> = 0..=1 << 20;
/// A message can be this large.
#[cfg(feature = "cluster")]
const MESSAGE: RangeInclusive<usize> = 4096..=1 << 30;

/// The refusal of `value` for what `setting` sets. `say` says what to write.
fn refuse(setting: &str, value: impl Debug, say: &str) -> Error {
    Error::Configuration(format!("`{setting}({})` cannot be: {say}", shown(value)))
}

/// The value as it is shown: of a long one the beginning.
fn shown(value: impl Debug) -> String {
    let value = format!("{value:?}");
    if value.chars().count() > 48 { format!("{}…", value.chars().take(48).collect::<String>()) } else { value }
}

/// # Errors
/// It is no name.
pub(crate) fn name(setting: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(refuse(setting, text, "it is empty; leave it out, or write a name"));
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(refuse(setting, text, "it begins or ends with a blank, which nobody sees; write it without"));
    }
    if is_only_marks(text) {
        let say =
            "it has only marks that belong onto another character, and none to put them on; write a letter before them";
        return Err(refuse(setting, text, say));
    }
    plain(setting, text)
}

/// # Errors
/// The text is too long, or cannot be shown.
fn plain(setting: &str, text: &str) -> Result<()> {
    wrong(text).map_or(Ok(()), |say| Err(refuse(setting, text, &say)))
}

/// What is wrong with a text: it is too long, or cannot be shown.
fn wrong(text: &str) -> Option<String> {
    if text.len() > TEXT {
        return Some(format!("it has {} bytes; write at most {TEXT}", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Some("it has a control character; write what can be shown on one line".into());
    }
    let code = u32::from(text.chars().find(|c| is_unseen(*c))?);
    Some(format!("it has a character that is not seen, or turns others around (U+{code:04X}); write it without"))
}

/// # Errors
/// It is no version.
fn version(text: &str) -> Result<()> {
    plain(".version", text)?;
    let parsed = text.parse::<semver::Version>().map(drop);
    parsed.map_err(|error| refuse(".version", text, &format!("{error}; write three numbers, as in \"1.2.0\"")))
}

/// What was said of one instance of `service`.
///
/// # Errors
/// The first value that cannot be.
pub(crate) fn instance(
    service: &str,
    particulars: &Particulars,
    supervision: &Supervision,
    limits: &Limits,
    has_factory: bool,
) -> Result<()> {
    let supervised = || if has_factory { Ok(()) } else { unmade(supervision) };
    said(particulars, supervision, limits).and_then(|()| supervised()).map_err(|error| match error {
        Error::Configuration(why) => Error::Configuration(format!("the service `{service}`: {why}")),
        other => other,
    })
}

fn said(particulars: &Particulars, supervision: &Supervision, limits: &Limits) -> Result<()> {
    let Particulars { id, kind, version: given, tags, .. } = particulars;
    if let Some(id) = id {
        name(".id", id)?;
    }
    if let Some(kind) = kind {
        name(".kind", kind)?;
    }
    if let Some(given) = given {
        version(given)?;
    }
    if tags.len() > TAGS {
        return Err(refuse(".tag", tags.len(), &format!("an instance has {TAGS} tags at most")));
    }
    for (tag, value) in tags {
        if tag.is_empty() {
            let say = "its name is empty; write one, as in `.tag(\"zone\", \"eu\")`";
            return Err(refuse(".tag", format_args!("{tag:?}, {value:?}"), say));
        }
        name(".tag", tag)?;
        if let Some(say) = wrong(value) {
            let (tag, value) = (shown(tag), shown(value));
            return Err(Error::Configuration(format!("`.tag({tag}, {value})` cannot be: its value is wrong: {say}")));
        }
    }
    if let Some(weight) = tags.get(WEIGHT).filter(|weight| weight.parse::<u16>().is_err()) {
        let say = "this tag is how large its share of the calls is; write a whole number from 0 to 65535, or give the tag another name";
        return Err(refuse(".tag", format_args!("{WEIGHT:?}, {}", shown(weight)), say));
    }
    if !MAILBOX.contains(&limits.user) {
        let say = format!("a mailbox holds {} to {} messages", MAILBOX.start(), MAILBOX.end());
        return Err(refuse(".mailbox", limits.user, &say));
    }
    let Supervision { restarts, within, .. } = *supervision;
    if restarts > RESTARTS && restarts != u32::MAX {
        let say = format!("write {RESTARTS} at most, or `u32::MAX` for restarts without a bound");
        return Err(refuse(".budget", restarts, &say));
    }
    if within.is_zero() && !matches!(restarts, 0 | u32::MAX) {
        let say = "a budget is for some time, as in `.budget(5, Duration::from_secs(60))`; for restarts without a bound write \
                   `.budget(u32::MAX, …)`";
        return Err(refuse(".budget", format_args!("{restarts}, {within:?}"), say));
    }
    Ok(())
}

/// What a service that cannot be made again was told.
///
/// # Errors
/// It is to be started again.
fn unmade(supervision: &Supervision) -> Result<()> {
    let say =
        "its state was given once, and cannot be made anew: give a factory, `Hosted::with(|| …)` or `.service_with(…)`";
    match *supervision {
        Supervision { restart: restart @ (Restart::OnFailure | Restart::Always), .. } => {
            Err(refuse(".restart", restart, say))
        }
        Supervision { on_panic: OnPanic::Restart, .. } => Err(refuse(".on_panic", OnPanic::Restart, say)),
        _ => Ok(()),
    }
}

/// How many instances an entry of a configuration asks for.
///
/// # Errors
/// Too many.
pub(crate) fn count(class: &str, count: u32) -> Result<()> {
    if count <= COUNT {
        return Ok(());
    }
    Err(Error::Configuration(format!(
        "the configuration asks for {count} instances of `{class}` (`count`): an entry makes {COUNT} at most; let a service `spawn` the others"
    )))
}

/// # Errors
/// It would open before a call has failed, or a time of it is none, or too long, or they are in the wrong order.
pub(crate) fn breaker(breaker: &Breaker) -> Result<()> {
    let Breaker { failures, open_for, longest, probe_timeout } = *breaker;
    if failures == 0 {
        let say = "no call has failed then; write how many are to fail first, 5 is the default, or `Breaker::off()` for a breaker that never opens";
        return Err(refuse("Breaker::after", failures, say));
    }
    let say = if open_for.is_zero() {
        "in no time nothing passes; write some, or `Breaker::off()` for none"
    } else if open_for > longest {
        "the first time is longer than the longest; write the shorter one first, as in `.open_for(Duration::from_secs(1), Duration::from_secs(10))`"
    } else if longest > OPEN {
        "an instance that is left alone for so long is never asked again; write a year at most: 10 s is the default"
    } else {
        ""
    };
    if !say.is_empty() {
        return Err(refuse(".open_for", format_args!("{open_for:?}, {longest:?}"), say));
    }
    if probe_timeout.is_zero() {
        return Err(refuse(
            ".probe_timeout",
            probe_timeout,
            "no probe is answered in no time; write some: 5 s is the default",
        ));
    }
    Ok(())
}

/// # Errors
/// It could do nothing, or too much.
pub(crate) fn offload(pool: &Offload) -> Result<()> {
    let Offload { threads, futures, waiting } = *pool;
    let wrong = [
        (
            ".threads",
            threads.unwrap_or(1),
            POOL,
            "blocking work needs one at least, and no machine has use for thousands; write some, 8, say, or leave it out",
        ),
        (".futures", futures, FUTURES, "write how many may run at a time, 1 at least; 256 is the default"),
        (
            ".waiting",
            waiting,
            ROOM,
            "who comes last would wait for hours; write some thousands at most, 1,024 is the default",
        ),
    ];
    let wrong = wrong.into_iter().find(|(_, value, range, _)| !range.contains(value));
    wrong.map_or(Ok(()), |(setting, value, _, say)| Err(refuse(setting, value, say)))
}

/// # Errors
/// It is more than a share.
pub(crate) fn budget(budget: RetryBudget) -> Result<()> {
    match budget.share() {
        Some(percent) if percent > 100 => Err(refuse(
            "RetryBudget::percent",
            percent,
            "it is a share of the calls that are made; write 100 at most, or `RetryBudget::unlimited()` for as many repetitions as the policies \
             of the calls ask for",
        )),
        _ => Ok(()),
    }
}

/// # Errors
/// It is too short or too long.
#[cfg(feature = "cluster")]
pub(crate) fn lease(ttl: Duration) -> Result<()> {
    if LEASE.contains(&ttl) {
        return Ok(());
    }
    Err(refuse(
        ".lease",
        ttl,
        "the registry keeps a node for 1 s to a year after its last sign of life; 5 s is the default",
    ))
}

/// The lease of the office of `service`, on a node whose own lease has the length `own`, if it has one.
///
/// # Errors
/// It has no office, or the lease is shorter than that of the node, or too long.
pub(crate) fn office_lease(service: &str, is_elected: bool, lease: Duration, own: Option<Duration>) -> Result<()> {
    let own = own.unwrap_or(*LEASE.start());
    let say = if !is_elected {
        "only masters have one, and this service elects none; write `#[service(elected)]`, or leave it out".into()
    } else if lease < own {
        format!(
            "a master is heard with its node, whose lease is {own:?}; write more than that, leave it out, or give the node a shorter one, with \
             `Node::builder().lease(…)`"
        )
    } else if lease > *LEASE.end() {
        "nobody waits longer than a year for the next master; write some seconds, as in `.lease(Duration::from_secs(30))`".into()
    } else {
        return Ok(());
    };
    let Error::Configuration(why) = refuse(".lease", lease, &say) else { return Ok(()) };
    Err(Error::Configuration(format!("the service `{service}`: {why}")))
}

/// How many members the group of `service` has at most; `min_in_sync` must be in sync, if it is replicated.
///
/// # Errors
/// It has no group, or that many are not enough.
pub(crate) fn replicas(service: &str, min_in_sync: Option<usize>, members: usize) -> Result<()> {
    let say = match min_in_sync {
        None => {
            "only replicated services have any, and this is none; write an `impl Replicated`, or leave it out".into()
        }
        Some(_) if members == 0 => {
            "the master is one of them; write 3, say, or leave it out for as many as there are".into()
        }
        Some(least) if members < least => {
            format!("its service asks for {least} in sync, by `min_in_sync`; write so many at least, or ask for fewer")
        }
        Some(_) => return Ok(()),
    };
    let Error::Configuration(why) = refuse(".replicas", members, &say) else { return Ok(()) };
    Err(Error::Configuration(format!("the service `{service}`: {why}")))
}

/// An instance of `service` writes down what it has, in this folder.
///
/// # Errors
/// It has nothing to write down.
pub(crate) fn journal(service: &str, is_replicated: bool, folder: &std::path::Path) -> Result<()> {
    if is_replicated {
        return Ok(());
    }
    let say = "only replicated services have what can be written down, and this is none; write an `impl Replicated`, or leave it out";
    let Error::Configuration(why) = refuse(".journal", folder.display(), say) else { return Ok(()) };
    Err(Error::Configuration(format!("the service `{service}`: {why}")))
}

/// An address to listen at. Port 0 is any that is free.
///
/// # Errors
/// It is no address.
#[cfg(feature = "cluster")]
pub(crate) fn listen(endpoint: &Endpoint) -> Result<()> {
    address(".listen", endpoint)
}

/// An address that peers are told.
///
/// # Errors
/// It is no address, or one that leads nowhere.
#[cfg(feature = "cluster")]
pub(crate) fn advertise(endpoint: &Endpoint) -> Result<()> {
    const SETTING: &str = ".advertise";
    address(SETTING, endpoint)?;
    let Endpoint::Tcp(address) = endpoint else { return Ok(()) };
    let (host, port) = address.rsplit_once(':').unwrap_or_default();
    if port.parse() == Ok(0_u16) {
        return Err(refuse(SETTING, address, "nobody is reached at port 0; write the port where this node listens"));
    }
    if matches!(host, "0.0.0.0" | "[::]") {
        let say = "that is every interface of whoever reads it; write the address by which peers reach this node";
        return Err(refuse(SETTING, address, say));
    }
    Ok(())
}

#[cfg(feature = "cluster")]
fn address(setting: &str, endpoint: &Endpoint) -> Result<()> {
    match endpoint {
        Endpoint::Tcp(address) if !matches!(address.parse(), Ok(Endpoint::Tcp(_))) => {
            Err(refuse(setting, address, "it is not an address; write `host:port`"))
        }
        Endpoint::Tcp(address) if address.chars().any(|c| c.is_control() || c.is_whitespace()) => {
            Err(refuse(setting, address, "there is a blank in it; write `host:port`"))
        }
        Endpoint::Unix(path) if path.as_os_str().is_empty() => {
            Err(refuse(setting, path, "the path of a Unix socket is not empty; write `/path/to/socket`"))
        }
        _ => Ok(()),
    }
}

/// # Errors
/// It is too small for what the links say themselves, or larger than they can carry.
#[cfg(feature = "cluster")]
pub(crate) fn max_message(bytes: usize) -> Result<()> {
    if MESSAGE.contains(&bytes) {
        return Ok(());
    }
    Err(refuse(".max_message", bytes, "a link carries messages of at least 4 KiB (4096) and at most 1 GiB (1 << 30)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_and_of_a_long_one_the_beginning_is_shown() {
        assert_eq!(shown("a\n\u{202e}"), "\"a\\n\\u{202e}\"");
        // With the quotes.
        assert_eq!(shown("x".repeat(46)), format!("{:?}", "x".repeat(46)));
        assert_eq!(shown("x".repeat(47)), format!("\"{}…", "x".repeat(47)));
        assert_eq!(shown("ü".repeat(70_000)), format!("\"{}…", "ü".repeat(47)));
    }
}
