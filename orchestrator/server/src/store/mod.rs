//! Where everything is kept: which store was chosen, and how it is opened.

pub mod cassandra;

use crate::error::Error;
use clap::{Args, ValueEnum};
use resurgam_released::store::Store;
use resurgam_released::store::memory::Memory;
use std::sync::Arc;

/// Options about where everything is kept.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Options {
    /// Where everything is kept.
    #[arg(long, value_enum, default_value_t = Kind::Memory)]
    pub store: Kind,
    #[command(flatten)]
    cassandra: cassandra::Options,
}

/// Where everything can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// In memory: gone when the server is.
    Memory,
    /// In Apache Cassandra, whose schema `resurgam schema cassandra --create` has made.
    Cassandra,
}

impl Options {
    /// Opens the store that the options mean.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>, Error> {
        match self.store {
            Kind::Memory => Ok(Arc::new(Memory::default())),
            Kind::Cassandra => self.cassandra.open().await,
        }
    }

    /// Whether other processes see what is kept.
    pub(crate) fn is_shared(&self) -> bool {
        self.store != Kind::Memory
    }

    /// What becomes of what is kept, for the first thing that is said.
    pub(crate) fn keeps(&self) -> String {
        match self.store {
            Kind::Memory => "It keeps everything in memory and forgets it when it ends.".to_owned(),
            Kind::Cassandra => format!("It keeps everything in Cassandra ({}).", self.cassandra),
        }
    }
}
