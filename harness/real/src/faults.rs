//! What plans do to the database, done to a node in a container, and whether it has happened: the engine is asked, and `nodetool`
//! by how it ends.

use crate::node::Node;
use async_trait::async_trait;
use resurgam_formats::plan::DatabaseFault;
use resurgam_harness::target::Database;

#[async_trait]
impl Database for Node {
    async fn begin(&self, fault: DatabaseFault) -> bool {
        match fault {
            DatabaseFault::Kill => self.kill().await.is_ok() && !self.is_running().await,
            DatabaseFault::Restart => self.stop().await.is_ok() && !self.is_running().await,
            DatabaseFault::Pause => self.pause().await.is_ok() && self.is_paused().await,
            DatabaseFault::Flush => self.nodetool("flush").await,
            DatabaseFault::Compact => self.nodetool("compact").await,
        }
    }

    async fn end(&self, fault: DatabaseFault) -> Result<(), String> {
        let ended = match fault {
            DatabaseFault::Kill | DatabaseFault::Restart => self.restart().await,
            DatabaseFault::Pause => self.resume().await,
            DatabaseFault::Flush | DatabaseFault::Compact => return Ok(()),
        };
        ended.map_err(|problem| problem.to_string())
    }
}
