//! What stands where a feature is off: its use does not compile, and the message names the feature.
//!
//! A bound that names a lifetime is looked at where the function is called, not where it is declared; without one, rustc
//! would refuse this file.

#[cfg(not(feature = "embedded"))]
pub use self::embedded::Embedded;
#[cfg(not(feature = "etcd"))]
pub use self::etcd::Etcd;
#[cfg(not(feature = "cluster"))]
pub use self::links::{Linked, LinksAreBuiltIn};

#[cfg(not(feature = "etcd"))]
mod etcd {
    use std::sync::Arc;

    use futures_util::future::BoxFuture;

    use crate::registry::{Context, Registry, RegistryError, Session};

    /// etcd as the registry, whose feature, `etcd`, is off here: it cannot be used.
    #[derive(Debug, Clone)]
    pub struct Etcd(());

    /// Is never implemented.
    #[diagnostic::on_unimplemented(
        message = "`Etcd` needs the feature `etcd` of `ember`, which is off",
        label = "not built in",
        note = "write `features = [\"etcd\"]` at `ember` in Cargo.toml; its build runs `protoc`. `Embedded`, for processes of one machine, needs the feature `embedded`, and no `protoc`"
    )]
    #[allow(unnameable_types, reason = "nobody is to implement it")]
    pub trait EtcdIsBuiltIn<'a> {}

    impl Etcd {
        /// Does not compile while the feature is off.
        pub fn new<'a, E>(_: E) -> Self
        where
            Self: EtcdIsBuiltIn<'a>,
        {
            Self(())
        }

        /// As where the feature is on.
        #[must_use]
        pub fn user(self, _: impl Into<String>, _: impl Into<String>) -> Self {
            self
        }

        /// As where the feature is on.
        #[must_use]
        pub fn tls<T>(self, _: T) -> Self {
            self
        }
    }

    impl Registry for Etcd {
        fn open(&self, _: Context) -> BoxFuture<'_, Result<Arc<dyn Session>, RegistryError>> {
            Box::pin(async { Err(RegistryError::Configuration("the feature `etcd` of `ember` is off".into())) })
        }

        fn spans_machines(&self) -> bool {
            true
        }
    }
}

#[cfg(not(feature = "embedded"))]
mod embedded {
    use std::sync::Arc;

    use futures_util::future::BoxFuture;

    use crate::registry::{Context, Registry, RegistryError, Session};

    /// The embedded registry, whose feature, `embedded`, is off here: it cannot be used.
    #[derive(Debug, Clone)]
    pub struct Embedded(());

    /// Is never implemented.
    #[diagnostic::on_unimplemented(
        message = "`Embedded` needs the feature `embedded` of `ember`, which is off",
        label = "not built in",
        note = "write `features = [\"embedded\"]` at `ember` in Cargo.toml"
    )]
    #[allow(unnameable_types, reason = "nobody is to implement it")]
    pub trait EmbeddedIsBuiltIn<'a> {}

    impl Embedded {
        /// Does not compile while the feature is off.
        #[allow(clippy::should_implement_trait, reason = "the trait's method could not say why it is not there")]
        pub fn default<'a>() -> Self
        where
            Self: EmbeddedIsBuiltIn<'a>,
        {
            Self(())
        }

        /// Does not compile while the feature is off.
        pub fn at<'a, P>(_: P) -> Self
        where
            Self: EmbeddedIsBuiltIn<'a>,
        {
            Self(())
        }
    }

    impl Registry for Embedded {
        fn open(&self, _: Context) -> BoxFuture<'_, Result<Arc<dyn Session>, RegistryError>> {
            Box::pin(async { Err(RegistryError::Configuration("the feature `embedded` of `ember` is off".into())) })
        }

        fn spans_machines(&self) -> bool {
            false
        }
    }
}

#[cfg(not(feature = "cluster"))]
mod links {
    use super::{Embedded, Etcd};

    /// A registry that says itself which feature it needs.
    #[diagnostic::on_unimplemented(
        message = "`.registry(…)` needs links between nodes, and the features of `ember` that bring them are off",
        label = "a node of this build has no peers",
        note = "write `features = [\"embedded\"]` at `ember` in Cargo.toml for processes of one machine, `[\"etcd\"]` for many machines, or `[\"cluster\"]` for nodes of one process"
    )]
    pub trait Linked {}

    impl Linked for Embedded {}
    impl Linked for Etcd {}

    /// Is never implemented.
    #[diagnostic::on_unimplemented(
        message = "this needs links between nodes, and the features of `ember` that bring them are off",
        label = "a node of this build has no peers",
        note = "write `features = [\"embedded\"]` at `ember` in Cargo.toml for processes of one machine, `[\"etcd\"]` for many machines, or `[\"cluster\"]` for nodes of one process"
    )]
    pub trait LinksAreBuiltIn<'a> {}
}
