//! What is bound to statements, borrowed from what is to be written.

use scylla::cluster::metadata::ColumnType;
use scylla::serialize::SerializationError;
use scylla::serialize::value::SerializeValue;
use scylla::serialize::writers::{CellWriter, WrittenCellProof};
use uuid::Uuid;

/// A value of one of the types that the tables have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// A `text`, such as a key of a partition.
    Text(&'a str),
    /// A `blob`, as every value is.
    Blob(&'a [u8]),
    /// A `bigint`, such as a range or a sequence number.
    Number(i64),
    /// An `int`, as limits are.
    Count(i32),
    /// A `uuid`, such as the id of a batch.
    Id(Uuid),
}

impl SerializeValue for Value<'_> {
    fn serialize<'b>(
        &self,
        kind: &ColumnType<'_>,
        writer: CellWriter<'b>,
    ) -> Result<WrittenCellProof<'b>, SerializationError> {
        match self {
            Self::Text(text) => text.serialize(kind, writer),
            Self::Blob(bytes) => bytes.serialize(kind, writer),
            Self::Number(number) => number.serialize(kind, writer),
            Self::Count(count) => count.serialize(kind, writer),
            Self::Id(id) => id.serialize(kind, writer),
        }
    }
}
