//! The head row, as reads and refusals show it.
//!
//! A refusal has the columns that its condition names, in an order of its own, and none at all if there is no head row. So
//! columns are taken by their names, and what is missing is no head row, never a wrong one.

use crate::conclusion::line;
use resurgam_node::store::{Answer, Head, Unavailable};
use scylla::response::query_result::{QueryResult, QueryRowsResult};
use scylla::value::{CqlValue, Row};

/// The answer that the result of a conditional batch is.
pub(crate) fn answer(result: QueryResult) -> Answer {
    let decoded = result.into_rows_result().map_err(|problem| line(&problem)).and_then(|rows| columns(&rows));
    // A batch was answered, and not as Cassandra does: it may have been executed all the same.
    decoded
        .and_then(|columns| decode(&columns))
        .unwrap_or_else(|problem| Answer::Unknown(format!("not an answer: {problem}")))
}

/// The head row that a read shows.
pub(crate) fn shown(result: QueryResult) -> Result<Option<Head>, Unavailable> {
    let rows = result.into_rows_result().map_err(|problem| Unavailable(line(&problem)))?;
    columns(&rows).and_then(|columns| head(&columns)).map_err(Unavailable)
}

/// The first row by the names of its columns; nothing if there is none.
fn columns(rows: &QueryRowsResult) -> Result<Vec<(String, Option<CqlValue>)>, String> {
    let names = rows.column_specs().iter().map(|spec| spec.name().to_owned());
    let row = rows.maybe_first_row::<Row>().map_err(|problem| line(&problem))?;
    Ok(row.map(|row| names.zip(row.columns).collect()).unwrap_or_default())
}

fn decode(columns: &[(String, Option<CqlValue>)]) -> Result<Answer, String> {
    match find(columns, "[applied]") {
        Some(CqlValue::Boolean(true)) => Ok(Answer::Applied),
        Some(CqlValue::Boolean(false)) => Ok(Answer::NotApplied(head(columns)?)),
        other => Err(format!("[applied] is {other:?}")),
    }
}

fn find<'a>(columns: &'a [(String, Option<CqlValue>)], name: &str) -> Option<&'a CqlValue> {
    columns.iter().find(|(column, _)| column == name).and_then(|(_, value)| value.as_ref())
}

/// All four columns, or none of them.
fn head(columns: &[(String, Option<CqlValue>)]) -> Result<Option<Head>, String> {
    let of = |name| find(columns, name);
    match (of("range"), of("sequence"), of("batch_id"), of("owner")) {
        (None, None, None, None) => Ok(None),
        (
            Some(CqlValue::BigInt(range)),
            Some(CqlValue::BigInt(sequence)),
            Some(CqlValue::Uuid(batch)),
            Some(CqlValue::Text(owner)),
        ) => {
            let number = |number: i64| u64::try_from(number).map_err(|_| format!("{number} in a head row"));
            let (range, sequence) = (number(*range)?, number(*sequence)?);
            Ok(Some(Head { range, sequence, batch: *batch, owner: owner.clone() }))
        }
        _ => Err("a head row without all of its columns".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn row(applied: bool, of: &[(&str, CqlValue)]) -> Vec<(String, Option<CqlValue>)> {
        let applied = ("[applied]".to_owned(), Some(CqlValue::Boolean(applied)));
        let rest = of.iter().map(|(name, value)| ((*name).to_owned(), Some(value.clone())));
        std::iter::once(applied).chain(rest).collect()
    }

    fn full() -> Vec<(&'static str, CqlValue)> {
        vec![
            ("owner", CqlValue::Text("node-1".to_owned())),
            ("name", CqlValue::Text("00003".to_owned())),
            ("sequence", CqlValue::BigInt(4)),
            ("batch_id", CqlValue::Uuid(Uuid::from_u128(5))),
            ("range", CqlValue::BigInt(3)),
        ]
    }

    #[test]
    fn applied_is_applied() {
        assert_eq!(decode(&row(true, &[])), Ok(Answer::Applied));
    }

    #[test]
    fn not_applied_shows_the_head_row_whatever_the_order_of_columns() {
        let head = Head { range: 3, sequence: 4, batch: Uuid::from_u128(5), owner: "node-1".to_owned() };
        assert_eq!(decode(&row(false, &full())), Ok(Answer::NotApplied(Some(head))));
        assert_eq!(decode(&row(false, &[])), Ok(Answer::NotApplied(None)), "columns are absent if the row is");
        let nulls = full().into_iter().map(|(name, _)| (name.to_owned(), None));
        let nulls: Vec<_> = row(false, &[]).into_iter().chain(nulls).collect();
        assert_eq!(decode(&nulls), Ok(Answer::NotApplied(None)), "other servers show nulls");
    }

    #[test]
    fn what_is_no_answer_is_no_claim() {
        assert!(decode(&[]).is_err());
        assert!(decode(&row(false, &full()[1..])).is_err());
        let mut negative = full();
        negative[2].1 = CqlValue::BigInt(-1);
        assert!(decode(&row(false, &negative)).is_err());
        let mut other = row(true, &[]);
        other[0].1 = Some(CqlValue::Int(1));
        assert!(decode(&other).is_err());
    }
}
