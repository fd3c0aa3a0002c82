//! Reading rows as the owner. What is read counts only if the head row is this log's, and unchanged, before and after:
//! otherwise pages of different moments might have been put together.

use super::{Error, Log, Ownership};
use crate::store::{Key, Rows};
use std::ops::Range;

/// Rows asked for at a time.
const PAGE: usize = 256;

impl Log {
    /// All rows of a range. The log is lost if somebody else turns out to have the partition.
    ///
    /// # Errors
    /// The store does not answer, or the tenure is lost.
    pub async fn read(&mut self, range: Range<Key>) -> Result<Rows, Error> {
        if self.ownership != Ownership::Held {
            return Err(Error::Lost);
        }
        self.check().await?;
        let rows = self.pages(range).await?;
        self.check().await?;
        Ok(rows)
    }

    async fn pages(&self, range: Range<Key>) -> Result<Rows, Error> {
        let mut rows = Rows::new();
        let mut rest = range;
        loop {
            let page = self.store.read(&self.partition, rest.clone(), PAGE).await.map_err(unavailable)?;
            let complete = page.len() < PAGE;
            rows.extend(page);
            match rows.last() {
                Some((last, _)) if !complete => rest.start = format!("{last}\0"),
                _ => return Ok(rows),
            }
        }
    }

    /// The row with this key, if there is one.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub async fn get(&mut self, key: &str) -> Result<Option<bytes::Bytes>, Error> {
        let rows = self.read(key.to_owned()..format!("{key}\0")).await?;
        Ok(rows.into_iter().next().map(|(_, value)| value))
    }

    /// The row with this key, for the next commit: what it shows counts only if that one is applied, which proves that
    /// nobody else wrote meanwhile.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub async fn look(&self, key: &str) -> Result<Option<bytes::Bytes>, Error> {
        if self.ownership != Ownership::Held {
            return Err(Error::Lost);
        }
        let rows =
            self.store.read(&self.partition, key.to_owned()..format!("{key}\0"), 1).await.map_err(unavailable)?;
        Ok(rows.into_iter().next().map(|(_, value)| value))
    }

    /// The first rows of a range, at most so many, as they are under this tenure.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub(crate) async fn read_first(&mut self, range: Range<Key>, limit: usize) -> Result<Rows, Error> {
        let rows = self.look_at_first(range, limit).await?;
        self.check().await?;
        Ok(rows)
    }

    /// The first rows of a range, at most so many, for the next commit as those of [`Log::look`].
    ///
    /// # Errors
    /// As [`Log::read`].
    pub(crate) async fn look_at_first(&self, range: Range<Key>, limit: usize) -> Result<Rows, Error> {
        if self.ownership != Ownership::Held {
            return Err(Error::Lost);
        }
        self.store.read(&self.partition, range, limit).await.map_err(unavailable)
    }

    /// All rows of a range, for the next commit as those of [`Log::look`].
    ///
    /// # Errors
    /// As [`Log::read`].
    pub async fn look_at(&self, range: Range<Key>) -> Result<Rows, Error> {
        if self.ownership != Ownership::Held {
            return Err(Error::Lost);
        }
        self.pages(range).await
    }

    /// Whether the head row is as this log left it, so that nobody has written since.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn is_unchanged(&self) -> Result<bool, Error> {
        let head = self.store.head(&self.partition).await.map_err(unavailable)?;
        Ok(self.ownership == Ownership::Held && head.as_ref() == Some(&self.head))
    }

    async fn check(&mut self) -> Result<(), Error> {
        let head = self.store.head(&self.partition).await.map_err(unavailable)?;
        if head.as_ref() == Some(&self.head) {
            return Ok(());
        }
        tracing::warn!(partition = %self.partition, range = self.head.range, ?head, "lost the log: its head row has changed");
        self.ownership = Ownership::Lost;
        Err(Error::Lost)
    }
}

fn unavailable(problem: crate::store::Unavailable) -> Error {
    Error::Unavailable(problem.0)
}
