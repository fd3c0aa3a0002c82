//! Which statement a request is of: on what kind of partition, and what it does there.

use super::frame::{Frame, Opcode, Parts};
use resurgam_formats::plan::{PartitionKind, StoreCall};
use std::collections::HashMap;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) partition: PartitionKind,
    pub(super) call: StoreCall,
}

/// The tables of our orchestrator and of Temporal's server, by what they are good for. Of the latter, `executions` has the rows of a
/// shard in one partition, and `tasks` those of a task queue.
const TABLES: &[(&[&str], PartitionKind)] = &[
    (&["shard", "executions"], PartitionKind::Shard),
    (&["queue", "tasks", "tasks_v2"], PartitionKind::Queue),
    (&["history", "history_node", "history_tree"], PartitionKind::History),
    (
        &[
            "other",
            "namespaces",
            "namespaces_by_id",
            "queue_metadata",
            "queue_messages",
            "queues",
            "task_queue_user_data",
            "cluster_metadata_info",
            "cluster_membership",
            "nexus_endpoints",
        ],
        PartitionKind::Other,
    ),
];

impl Statement {
    /// Of a text on one of these tables.
    fn of(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let verb = words.next()?.to_ascii_uppercase();
        let table = match verb.as_str() {
            "UPDATE" => words.next(),
            "INSERT" => words.nth(1),
            "DELETE" | "SELECT" => words.find(|word| word.eq_ignore_ascii_case("FROM")).and_then(|_| words.next()),
            _ => None,
        };
        // Some write the columns directly behind the name.
        let table = table?.rsplit('.').next()?.split('(').next()?;
        let (_, partition) = *TABLES.iter().find(|(tables, _)| tables.contains(&table))?;
        let conditional = text.split_whitespace().any(|word| word.eq_ignore_ascii_case("IF"));
        let call = match (verb.as_str(), conditional) {
            ("SELECT", _) => StoreCall::Read,
            (_, true) => StoreCall::Commit,
            (_, false) => StoreCall::Append,
        };
        Some(Self { partition, call })
    }
}

/// The statements that were prepared, by the ids that Cassandra gave them.
#[derive(Debug, Default)]
pub(super) struct Statements {
    prepared: HashMap<Vec<u8>, Statement>,
}

impl Statements {
    /// The text that a request asks to prepare.
    pub(super) fn text(frame: &Frame) -> Option<String> {
        (frame.opcode == Opcode::Prepare).then(|| Parts(&frame.body).long_text().map(str::to_owned))?
    }

    /// Cassandra has prepared this text.
    pub(super) fn prepared(&mut self, text: &str, answer: &Frame) {
        const PREPARED: u32 = 4;
        let mut parts = Parts(&answer.body);
        if answer.opcode == Opcode::Result
            && answer.flags == 0
            && parts.int() == Some(PREPARED)
            && let Some((id, statement)) = parts.short_bytes().zip(Statement::of(text))
        {
            self.prepared.insert(id.to_vec(), statement);
        }
    }

    /// What a request does, if it is of a statement on one of these tables. A batch is what the first of its statements is that
    /// tests something, and if there is none what the first of all is.
    pub(super) fn of(&self, frame: &Frame) -> Option<Statement> {
        let mut parts = Parts(&frame.body);
        match frame.opcode {
            Opcode::Query => Statement::of(parts.long_text()?),
            Opcode::Execute => self.prepared.get(parts.short_bytes()?).copied(),
            Opcode::Batch => {
                let _kind = parts.byte()?;
                let all = (0..parts.short()?).map(|_| self.next(&mut parts)).collect::<Option<Vec<_>>>()?;
                let known: Vec<Statement> = all.into_iter().flatten().collect();
                let tests = known.iter().find(|statement| statement.call == StoreCall::Commit);
                tests.or(known.first()).copied()
            }
            Opcode::Error | Opcode::Result | Opcode::Prepare | Opcode::Other(_) => None,
        }
    }

    /// The next statement of a batch, if it is known; none at all if the batch is cut.
    #[allow(clippy::option_option, reason = "what is cut is not what is unknown")]
    fn next(&self, parts: &mut Parts<'_>) -> Option<Option<Statement>> {
        let statement = match parts.byte()? {
            0 => Statement::of(parts.long_text()?),
            _ => self.prepared.get(parts.short_bytes()?).copied(),
        };
        for _ in 0..parts.short()? {
            parts.value()?;
        }
        Some(statement)
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::ANSWER;
    use super::*;
    use bytes::Bytes;

    fn frame(version: u8, opcode: Opcode, parts: &[&[u8]]) -> Frame {
        Frame { version, flags: 0, stream: 1, opcode, body: Bytes::from(parts.concat()) }
    }

    #[test]
    fn a_text_says_what_it_does() {
        use PartitionKind::{History, Queue, Shard};
        use StoreCall::{Append, Commit, Read};
        let of = |text: &str| Statement::of(text).map(|statement| (statement.partition, statement.call));
        for (text, statement) in [
            ("UPDATE r.shard SET sequence = ? WHERE name = ? IF range = ?", Some((Shard, Commit))),
            ("INSERT INTO r.queue (name, part) VALUES (?, 'head') IF NOT EXISTS", Some((Queue, Commit))),
            ("INSERT INTO r.history (name, key, value) VALUES (?, ?, ?)", Some((History, Append))),
            ("DELETE FROM history USING TIMESTAMP 1 WHERE name = ?", Some((History, Append))),
            ("SELECT key, value FROM r.shard WHERE name = ?", Some((Shard, Read))),
            ("INSERT INTO executions (shard_id) VALUES(?) IF NOT EXISTS", Some((Shard, Commit))),
            ("UPDATE tasks SET range_id = ? WHERE type = 1 IF range_id = ?", Some((Queue, Commit))),
            ("INSERT INTO history_node(tree_id) VALUES (?)", Some((History, Append))),
            ("DELETE activity_map[ ? ] FROM executions WHERE shard_id = ?", Some((Shard, Append))),
            ("SELECT * FROM system.local", None),
            ("USE r", None),
            ("", None),
        ] {
            assert_eq!(of(text), statement, "{text}");
        }
    }

    #[test]
    fn a_prepared_statement_is_known_by_its_id() {
        let text = "UPDATE r.shard SET a = ? IF b = ?";
        let length = (text.len() as u32).to_be_bytes();
        let asked = frame(4, Opcode::Prepare, &[&length, text.as_bytes()]);
        assert_eq!(Statements::text(&asked).as_deref(), Some(text));
        let mut statements = Statements::default();
        statements.prepared(text, &frame(ANSWER, Opcode::Error, &[&[0, 0, 0, 4, 0, 2, 7, 8]]));
        let execute = frame(4, Opcode::Execute, &[&[0, 2, 7, 8, 0, 6]]);
        assert_eq!(statements.of(&execute), None);
        statements.prepared(text, &frame(ANSWER, Opcode::Result, &[&[0, 0, 0, 4, 0, 2, 7, 8]]));
        let commit = Some(Statement { partition: PartitionKind::Shard, call: StoreCall::Commit });
        assert_eq!(statements.of(&execute), commit);
        // Kind and number of the batch, then each with its values: a null, and one of a byte.
        let (known, unknown) = ([1, 0, 2, 7, 8, 0, 1, 0xff, 0xff, 0xff, 0xff], [1, 0, 2, 9, 9, 0, 1, 0, 0, 0, 1, 5]);
        let text = "INSERT INTO r.history (a) VALUES (1)";
        let length = (text.len() as u32).to_be_bytes();
        let plain = [&[0][..], &length, text.as_bytes(), &[0, 0]].concat();
        let batch = |of: &[&[u8]]| statements.of(&frame(4, Opcode::Batch, &[&[0, 0, of.len() as u8], &of.concat()]));
        assert_eq!(batch(&[&known, &unknown]), commit);
        assert_eq!(batch(&[&plain, &unknown, &known]), commit, "the last one tests");
        let append = Some(Statement { partition: PartitionKind::History, call: StoreCall::Append });
        assert_eq!(batch(&[&unknown, &plain, &plain]), append);
        assert_eq!(batch(&[&unknown, &unknown]), None);
        assert_eq!(batch(&[&known[..10]]), None, "it is cut");
    }
}
