use super::*;
use crate::value::keyword;
use resurgam_api::temporal::common::v1::Payload;
use resurgam_api::temporal::enums::v1::IndexedValueType as Type;

fn custom() -> Custom {
    let types = [
        ("K", Type::Keyword),
        ("I", Type::Int),
        ("D", Type::Double),
        ("B", Type::Bool),
        ("X", Type::Text),
        ("L", Type::KeywordList),
        ("T", Type::Datetime),
    ];
    types.map(|(name, kind)| (name.to_owned(), kind.into())).into()
}

fn payload(json: &str) -> Payload {
    Payload { data: json.as_bytes().to_vec(), ..keyword("", Type::Keyword) }
}

/// A closed run with values, and an open one without any.
fn records() -> [Record; 2] {
    let values = [
        ("K", "\"red\""),
        ("I", "7"),
        ("D", "1.5"),
        ("B", "true"),
        ("X", "\"Hello big world\""),
        ("L", "[\"one\", \"Two\"]"),
        ("T", "\"2026-01-02T03:04:05.5Z\""),
    ];
    let closed = Record {
        workflow_id: "a-1".into(),
        workflow_type: "t".into(),
        status: 2,
        start_time: 1_000,
        execution_time: 2_000,
        close_time: 62_000,
        history_length: 5,
        search_attributes: values.map(|(name, json)| (name.to_owned(), payload(json))).into(),
        ..Record::default()
    };
    [closed, Record { workflow_id: "it's".into(), status: 1, ..Record::default() }]
}

/// Which of the two a question finds.
fn found(question: &str) -> (bool, bool) {
    let query = Query::read(question, &custom()).unwrap_or_else(|problem| panic!("{question}: {problem}"));
    let [closed, open] = records();
    (query.finds(&closed), query.finds(&open))
}

#[test]
fn questions_find_what_they_ask_for() {
    let closed = [
        "WorkflowId = 'a-1'",
        "WorkflowId = \"a-1\"",
        "`WorkflowId` = 'a-1' -- said so",
        "WorkflowId IN ('x', 'a-1')",
        "WorkflowId STARTS_WITH 'A'",
        "WorkflowId starts_with 'a-' AND NOT WorkflowId NOT STARTS_WITH 'a'",
        "WorkflowId BETWEEN 'a' AND 'b'",
        "I = 7",
        "I = '7'",
        "I < 'abc'",
        "I BETWEEN -5 AND 7.0 AND I != -7",
        "I IN (1, 7) OR D > 9",
        "D = 1.5 && B = true",
        "X = 'WORLD small'",
        "L = 'two'",
        "L IN ('x', 'one')",
        "T = '2026-01-02T04:04:05.5+01:00'",
        "T > '2026-01-01T00:00:00Z'",
        "ExecutionStatus = 'Completed'",
        "ExecutionStatus = 'WORKFLOW_EXECUTION_STATUS_COMPLETED'",
        "ExecutionStatus != 1",
        "CloseTime IS NOT NULL",
        "CloseTime < '2000-01-01T00:00:00Z'",
        "ExecutionDuration = '1m'",
        "ExecutionDuration > '00:00:59'",
        "HistoryLength > 4",
        "K != 'blue'",
        "NOT K = 'blue'",
        "NOT NOT K = 'red' OR WorkflowId = 'x' AND I = 1",
    ];
    for question in closed {
        assert_eq!(found(question), (true, false), "{question}");
    }
    let open = [
        "WorkflowId = 'it''s'",
        "WorkflowId = 'it\\'s'",
        "K IS NULL",
        "X != 'hello'",
        "L NOT IN ('one')",
        "ExecutionStatus = 'Running'",
        "CloseTime IS NULL",
        "CloseTime > '2100-01-01T00:00:00Z'",
        "NOT WorkflowId = 'a-1'",
    ];
    for question in open {
        assert_eq!(found(question), (false, true), "{question}");
    }
    let both =
        ["", "WorkflowId != 'x'", "TemporalNamespaceDivision IS NULL", "ParentWorkflowId IS NULL", "(((RunId = '')))"];
    for question in both {
        assert_eq!(found(question), (true, true), "{question}");
    }
    let neither = [
        "K > 'a' AND K < 'b'",
        "K = 5",
        "I = 'abc'",
        "TemporalNamespaceDivision = 'x'",
        "NOT K IS NULL AND NOT K = 'red'",
    ];
    for question in neither {
        assert_eq!(found(question), (false, false), "{question}");
    }
}

#[test]
fn what_is_no_question_is_refused_in_the_words_of_the_pinned_server() {
    let refused = [
        ("WorkflowId", "invalid expression: incomplete expression"),
        ("5", "operation is not supported: expression of type *sqlparser.SQLVal"),
        ("5 = 5", "invalid expression: must be a column name but was *sqlparser.SQLVal"),
        ("lower(K) = 'a'", "invalid expression: must be a column name but was *sqlparser.FuncExpr"),
        ("K = lower('a')", "operation is not supported: nested func"),
        ("K = NULL", "invalid expression: unexpected value type *sqlparser.NullVal"),
        ("K LIKE 'a%'", "invalid expression: invalid operator 'like' in `K like 'a%'`"),
        ("K <=> 'a'", "invalid expression: invalid operator '<=>' in `K <=> 'a'`"),
        ("K STARTS_WITH 5", "invalid expression: right-hand side of 'starts_with' must be a literal string (got: 5)"),
        ("K IS TRUE", "invalid expression: 'IS' operator can only be used with 'NULL' or 'NOT NULL'"),
        ("Memo = 'x'", "invalid expression: column name 'Memo' is not a valid search attribute"),
        ("a.b.c = 5", "invalid expression: column name 'a.b.c' is not a valid search attribute"),
        ("B BETWEEN 0 AND 1", "invalid expression: cannot do range condition on search attribute 'B' of type Bool"),
        ("X = ' '", "invalid expression: unexpected value for Text type search attribute (no tokens found in ' ')"),
        ("X > 'a'", "invalid expression: operator '>' not supported for Text type search attribute in `X > 'a'`"),
        (
            "X IN ('a')",
            "invalid expression: operator 'in' not supported for Text type search attribute in `X in ('a')`",
        ),
        ("L = 5", "invalid expression: unexpected value type (expected string, got 5)"),
        ("L IN (5)", "invalid expression: unexpected value type in tuple (expected string, got 5)"),
        ("T > 1.5", "invalid expression: unexpected value type float64 for search attribute T"),
        ("StartTime > 'now'", "invalid expression: unable to parse datetime 'now'"),
        ("ExecutionStatus = 'running'", "invalid expression: invalid ExecutionStatus value 'running'"),
        ("ExecutionDuration < 'abc'", "invalid value for search attribute ExecutionDuration: abc (invalid duration)"),
        ("ORDER BY StartTime", "operation is not supported: 'ORDER BY' clause"),
        ("K = 'a' LIMIT 1", "operation is not supported: 'LIMIT' clause"),
        ("GROUP BY K", "operation is not supported: 'GROUP BY' clause is only supported for ExecutionStatus"),
        ("GROUP BY K, I", "operation is not supported: 'GROUP BY' clause supports only a single field"),
        ("GROUP BY ExecutionStatus", "operation is not supported: 'GROUP BY' clause"),
        ("WorkflowId = 'a-1' AND", "malformed SQL query: syntax error at position 50"),
        ("AND WorkflowId = 'a-1'", "malformed SQL query: syntax error at position 31 near 'and'"),
        ("WorkflowId = 'a-1", "malformed SQL query: syntax error at position 45 near 'a-1'"),
        ("(WorkflowId = 'a-1'", "malformed SQL query: syntax error at position 47"),
        ("WorkflowId = 'a-1'; drop table x", "malformed SQL query: syntax error at position 52 near 'drop'"),
        ("ORDER BY ", "malformed SQL query: syntax error at position 30"),
    ];
    for (question, message) in refused {
        assert_eq!(Query::list(question, &custom()), Err(format!("invalid query: {message}")), "{question}");
    }
    assert_eq!(Query::list("I = 0x10", &custom()), Err("invalid expression: unable to parse 0x10".to_owned()));
}

#[test]
fn a_question_says_where_its_answers_may_be() {
    let read = |question| Query::read(question, &custom()).unwrap();
    assert_eq!(read("ExecutionStatus = 'Running' AND I = 1").sections(), Sections::OPEN);
    assert_eq!(read("ExecutionStatus IN ('Failed', 'Completed')").sections(), Sections::CLOSED);
    assert_eq!(read("ExecutionStatus = 'Running' OR I = 1").sections(), Sections::ALL);
    assert_eq!(read("ExecutionStatus != 'Running'").sections(), Sections::ALL, "another may be paused");
    assert_eq!(read("I = 1 AND WorkflowId = 'a'").workflow_id(), Some("a"));
    assert_eq!(read("I = 1 OR WorkflowId = 'a'").workflow_id(), None);
    assert!(read("GROUP BY ExecutionStatus").by_status);
}

#[test]
fn a_long_question_is_answered_and_one_that_is_too_long_refused() {
    let long = |count: usize| vec!["WorkflowId = 'x'"; count].join(" OR ");
    assert_eq!(found(&long(1_000)), (false, false));
    assert!(Query::read(&long(5_000), &custom()).unwrap_err().contains("more than 10000 parts"));
    let deep = format!("{}WorkflowId = 'x'{}", "(".repeat(1_000), ")".repeat(1_000));
    assert!(Query::read(&deep, &custom()).is_err());
}
