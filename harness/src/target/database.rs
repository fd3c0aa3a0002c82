//! The database under a cluster as faults need it: something that can be killed, stand still and tidy up.

use async_trait::async_trait;
use resurgam_formats::plan::DatabaseFault;
use resurgam_formats::target::Keyspace;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// A database to which faults can be done.
#[async_trait]
pub trait Database: Debug + Send + Sync {
    /// Begins a fault; true if it is seen to have happened.
    async fn begin(&self, fault: DatabaseFault) -> bool;

    /// Takes back what a fault has done that lasts, and waits until the database answers.
    ///
    /// # Errors
    /// It does not, and why not.
    async fn end(&self, fault: DatabaseFault) -> Result<(), String>;
}

/// Where a cluster keeps everything, if it was started for it.
#[derive(Clone, Debug)]
pub struct Provided {
    /// The keyspace that was made for it.
    pub keyspace: Keyspace,
    /// The database in which it is.
    pub database: Arc<dyn Database>,
}

/// One fault after the other: one process of a database cannot be killed while it stands still, and an engine of containers that is to
/// start something in one that it has just made stand still waits for ever.
#[derive(Debug)]
pub(super) struct OneByOne {
    database: Arc<dyn Database>,
    /// Held by faults that last.
    lasting: Mutex<()>,
    /// Held by whatever is being done.
    busy: Mutex<()>,
}

impl OneByOne {
    pub(super) fn new(database: Arc<dyn Database>) -> Self {
        Self { database, lasting: Mutex::default(), busy: Mutex::default() }
    }

    /// Does a fault, for so long if it lasts; true if it has happened. One that lasts finds nothing to do while another one does, and
    /// all others wait.
    ///
    /// # Errors
    /// The database did not come back.
    pub(super) async fn inflict(&self, fault: DatabaseFault, lasts: Duration) -> Result<bool, String> {
        match fault {
            DatabaseFault::Kill | DatabaseFault::Restart | DatabaseFault::Pause => {}
            DatabaseFault::Flush | DatabaseFault::Compact => {
                let _busy = self.busy.lock().await;
                return Ok(self.database.begin(fault).await);
            }
        }
        let Ok(_lasting) = self.lasting.try_lock() else { return Ok(false) };
        let _busy = self.busy.lock().await;
        let hit = self.database.begin(fault).await;
        tokio::time::sleep(lasts).await;
        self.database.end(fault).await.map(|()| hit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex as Log;

    #[derive(Debug, Default)]
    struct Listed(Log<Vec<String>>);

    #[async_trait]
    impl Database for Listed {
        async fn begin(&self, fault: DatabaseFault) -> bool {
            self.0.lock().unwrap().push(format!("{} begins", fault.name()));
            true
        }

        async fn end(&self, fault: DatabaseFault) -> Result<(), String> {
            self.0.lock().unwrap().push(format!("{} ends", fault.name()));
            if fault == DatabaseFault::Restart { Err("it is gone".to_owned()) } else { Ok(()) }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_that_lasts_is_in_vain_while_another_does_and_others_wait() {
        let listed = Arc::new(Listed::default());
        let one_by_one = OneByOne::new(Arc::clone(&listed) as Arc<dyn Database>);
        let later = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let in_vain = one_by_one.inflict(DatabaseFault::Pause, Duration::ZERO).await;
            (in_vain, one_by_one.inflict(DatabaseFault::Compact, Duration::MAX).await)
        };
        let first = one_by_one.inflict(DatabaseFault::Kill, Duration::from_millis(10));
        assert_eq!(tokio::join!(first, later), (Ok(true), (Ok(false), Ok(true))));
        let lost = one_by_one.inflict(DatabaseFault::Restart, Duration::ZERO).await;
        assert_eq!(lost, Err("it is gone".to_owned()));
        assert_eq!(one_by_one.inflict(DatabaseFault::Flush, Duration::MAX).await, Ok(true));
        let all = [
            "database_kill begins",
            "database_kill ends",
            "database_compact begins",
            "database_restart begins",
            "database_restart ends",
            "database_flush begins",
        ];
        assert_eq!(*listed.0.lock().unwrap(), all);
    }
}
