//! Futures of a node whose type programs do not see. Each would be compiled once more with each program that awaits it; and it is large, and whoever
//! awaits it would be too. These are no `async` functions, whose bodies are compiled where they are awaited.

use futures_util::{FutureExt, future::BoxFuture};

use super::{builder::NodeBuilder, running::Node};
use crate::{
    error::{Error, Result},
    sync::shielded,
};

impl NodeBuilder {
    pub(super) fn built(self) -> BoxFuture<'static, Result<Node>> {
        shielded(self.build()).boxed()
    }
}

impl Node {
    pub(super) fn served(&self) -> BoxFuture<'_, Result<()>> {
        shielded(self.serve_until_told()).boxed()
    }

    pub(super) fn shut_down(&self) -> BoxFuture<'_, Result<()>> {
        let end = async {
            self.refuse_to_wait_for_itself()?;
            self.begin_to_end();
            self.inner.shutdown.outcome().await?.map_or(Ok(()), |late| Err(Error::CutShort(late)))
        };
        end.boxed()
    }
}
