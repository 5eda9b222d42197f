//! The service classes of this program, by name: `#[service]` registers each, so that a configuration can ask for it.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use super::host::{Launch, launch};
use crate::{
    actor::{Service, ServiceSpec},
    error::{Error, Result},
    node::settings::{Hosted, ServiceConfig, values},
};

/// A service type that this program contains. `#[service]` submits one.
pub struct Class {
    spec: ServiceSpec,
    maker: fn() -> Option<Maker>,
}

inventory::collect!(Class);

impl Class {
    /// A class. `maker` gives `None` if instances cannot be made without being given.
    pub const fn new(spec: ServiceSpec, maker: fn() -> Option<Maker>) -> Self {
        Self { spec, maker }
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Class({} at {})", self.spec.name, self.spec.location)
    }
}

/// Makes an instance of a class.
#[derive(Debug, Clone, Copy)]
pub struct Maker(fn(Instance<'_>) -> Launch);

/// What sets one configured instance apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance<'a> {
    config: &'a ServiceConfig,
    number: u32,
}

/// Finds out whether instances of `S` can be made: the inherent function goes first where its bound holds, else the one of
/// [`NoFactory`], which must be in scope.
#[derive(Debug)]
pub struct Factory<S>(PhantomData<S>);

impl<S: Service + Default> Factory<S> {
    /// Makes them by `Default`.
    pub fn maker() -> Option<Maker> {
        Some(Maker(|instance| launch(instance.apply(Hosted::with(S::default)))))
    }
}

/// Stands in for services without `Default`.
pub trait NoFactory {
    /// They cannot be made.
    fn maker() -> Option<Maker> {
        None
    }
}
impl<S> NoFactory for Factory<S> {}

impl Instance<'_> {
    fn apply<S: Service>(self, mut hosted: Hosted<S>) -> Hosted<S> {
        let ServiceConfig { class: _, id, kind, version, tags, mailbox, count } = self.config;
        if let Some(id) = id {
            hosted = hosted.id(if *count == 1 { id.clone() } else { format!("{id}-{}", self.number) });
        }
        if let Some(kind) = kind {
            hosted = hosted.kind(kind);
        }
        if let Some(version) = version {
            hosted = hosted.version(version);
        }
        if let Some(mailbox) = mailbox {
            hosted = hosted.mailbox(*mailbox);
        }
        tags.iter().fold(hosted, |hosted, (name, value)| hosted.tag(name, value))
    }
}

/// What `configs` asks for.
pub(crate) fn launches(configs: &[ServiceConfig]) -> Result<Vec<Launch>> {
    let classes = by_name(inventory::iter::<Class>.into_iter())?;
    let mut launches = Vec::new();
    for config in configs {
        let maker = find(&classes, &config.class)?;
        values::count(&config.class, config.count)?;
        launches.extend((1..=config.count).map(|number| (maker.0)(Instance { config, number })));
    }
    Ok(launches)
}

/// The classes by name, which must be unique.
fn by_name<'a>(all: impl Iterator<Item = &'a Class>) -> Result<BTreeMap<&'a str, &'a Class>> {
    let mut classes = BTreeMap::<&str, &Class>::new();
    for class in all {
        if let Some(twin) = classes.insert(class.spec.name, class) {
            let mut places = [twin.spec.location, class.spec.location];
            places.sort_unstable();
            return Err(Error::Configuration(format!(
                "two services of this program are called `{}`, at {} and at {}: a configuration cannot tell them apart; \
                 rename one with `#[service(name = \"…\")]`",
                class.spec.name, places[0], places[1]
            )));
        }
    }
    Ok(classes)
}

fn find(classes: &BTreeMap<&str, &Class>, name: &str) -> Result<Maker> {
    let Some(class) = classes.get(name) else {
        let known: Vec<_> = classes.keys().map(|name| format!("`{name}`")).collect();
        return Err(Error::Configuration(format!(
            "there is no service `{name}` in this program: it has {}; a library whose services are only configured must be \
             named once in the program, `use the_library as _;`, or it is not linked",
            if known.is_empty() { "none".into() } else { known.join(", ") }
        )));
    };
    (class.maker)().ok_or_else(|| {
        Error::Configuration(format!(
            "the service `{name}` ({}) cannot be configured, because it has no `Default`: implement it, or give the node a \
             value with `.service(…)`",
            class.spec.location
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &'static str, location: &'static str) -> Class {
        Class::new(ServiceSpec::new(name, "", "1.0.0", location), || None)
    }

    #[test]
    fn duplicate_names_are_refused_with_both_places() {
        let classes = [class("bank", "b.rs:2"), class("shop", "a.rs:9"), class("bank", "a.rs:1")];
        let error = by_name(classes.iter()).unwrap_err().to_string();
        assert!(error.contains("`bank`, at a.rs:1 and at b.rs:2"), "{error}");
    }

    #[test]
    fn unknown_class_lists_the_known_and_mentions_the_linker() {
        let classes = [class("bank", "b.rs:2"), class("shop", "a.rs:9")];
        let error = find(&by_name(classes.iter()).unwrap(), "bnak").unwrap_err().to_string();
        assert!(error.contains("it has `bank`, `shop`") && error.contains("as _;`"), "{error}");
    }

    #[test]
    fn class_without_default_says_so() {
        let classes = [class("bank", "b.rs:2")];
        let error = find(&by_name(classes.iter()).unwrap(), "bank").unwrap_err().to_string();
        assert!(error.contains("b.rs:2") && error.contains("no `Default`"), "{error}");
    }
}
