//! Whether what a builder was told can be.

use crate::{
    error::{Error, Result},
    node::{life::builder::NodeBuilder, settings::values},
};

impl NodeBuilder {
    pub(in crate::node::life) fn check_values(&self) -> Result<()> {
        if let Some(name) = &self.name {
            values::name(".name", name)?;
        }
        if let Some(cluster) = &self.cluster {
            values::name(".cluster", cluster)?;
        }
        #[cfg(feature = "cluster")]
        self.clustered.check()?;
        Ok(())
    }

    pub(in crate::node::life) fn check_cluster(&self) -> Result<()> {
        let problem = match &self.cluster {
            Some(cluster) if cluster.contains('/') => {
                format!("`{cluster}` cannot be the name of a cluster: it has a `/`")
            }
            #[cfg(feature = "cluster")]
            _ => return self.check_alone(),
            #[cfg(not(feature = "cluster"))]
            Some(cluster) => format!(
                "this node is to join the cluster `{cluster}`, but clusters are not built in: turn on a feature of `ember` \
                 that has them, `embedded` or `etcd`, and name a registry"
            ),
            #[cfg(not(feature = "cluster"))]
            None => return Ok(()),
        };
        Err(Error::Configuration(problem))
    }

    /// What has a meaning in a cluster only needs a registry.
    #[cfg(feature = "cluster")]
    fn check_alone(&self) -> Result<()> {
        let what = self.cluster.as_ref().map(|cluster| format!(".cluster({cluster:?})"));
        match what.or_else(|| self.clustered.meant_for_peers.map(str::to_owned)) {
            Some(what) if self.clustered.is_alone() => Err(Error::Configuration(format!(
                "`{what}` without `.registry(…)`: such a node has no peers. Leave it out, or write \
                 `.registry(Embedded::default())` for several processes on one machine (feature `embedded`), \
                 `.registry(Etcd::new([\"10.0.0.5:2379\"]))` for many machines (feature `etcd`), or \
                 `.registry(InProcess::default())`, shared, for nodes of one process"
            ))),
            _ => Ok(()),
        }
    }
}
