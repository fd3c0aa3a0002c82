//! Search attributes: their names and types. System ones are part of every record; predefined ones are written by SDKs and
//! servers under fixed names; custom ones are registered for a namespace. As in temporalio/temporal,
//! `common/searchattribute/sadefs`.

use resurgam_api::temporal::enums::v1::IndexedValueType as Type;
use std::collections::BTreeMap;

/// The types of the custom search attributes of a namespace, by their names.
pub type Custom = BTreeMap<String, i32>;

/// How names begin that belong to the server.
const RESERVED: &str = "Temporal";
/// A name that stands for the workflow id of a schedule.
const SCHEDULE: &str = "ScheduleId";
/// What that workflow id begins with.
pub const SCHEDULE_PREFIX: &str = "temporal-sys-scheduler:";

/// The attributes that every record has.
pub const SYSTEM: &[(&str, Type)] = &[
    ("CloseTime", Type::Datetime),
    ("ExecutionDuration", Type::Int),
    ("ExecutionStatus", Type::Keyword),
    ("ExecutionTime", Type::Datetime),
    ("HistoryLength", Type::Int),
    ("HistorySizeBytes", Type::Int),
    ("ParentRunId", Type::Keyword),
    ("ParentWorkflowId", Type::Keyword),
    ("RootRunId", Type::Keyword),
    ("RootWorkflowId", Type::Keyword),
    ("RunId", Type::Keyword),
    ("StartTime", Type::Datetime),
    ("StateTransitionCount", Type::Int),
    ("TaskQueue", Type::Keyword),
    ("WorkflowId", Type::Keyword),
    ("WorkflowType", Type::Keyword),
];

/// Those that are written under fixed names, and whether users may write them.
pub const PREDEFINED: &[(&str, Type, bool)] = &[
    ("BatcherNamespace", Type::Keyword, true),
    ("BatcherUser", Type::Keyword, true),
    ("BinaryChecksums", Type::KeywordList, true),
    ("BuildIds", Type::KeywordList, true),
    ("TemporalChangeVersion", Type::KeywordList, true),
    ("TemporalExternalPayloadCount", Type::Int, false),
    ("TemporalExternalPayloadSizeBytes", Type::Int, false),
    ("TemporalNamespaceDivision", Type::Keyword, true),
    ("TemporalPauseInfo", Type::KeywordList, true),
    ("TemporalReportedProblems", Type::KeywordList, true),
    ("TemporalSchedulePaused", Type::Bool, true),
    ("TemporalScheduledById", Type::Keyword, true),
    ("TemporalScheduledStartTime", Type::Datetime, true),
    ("TemporalUsedWorkerDeploymentVersions", Type::KeywordList, false),
    ("TemporalWorkerDeployment", Type::Keyword, false),
    ("TemporalWorkerDeploymentVersion", Type::Keyword, false),
    ("TemporalWorkflowVersioningBehavior", Type::Keyword, false),
];

/// A search attribute, as a question names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// As it was asked for.
    pub alias: String,
    /// Its own name.
    pub name: String,
    /// The type of its values.
    pub kind: Type,
}

impl Attribute {
    /// The attribute that a question means by a name: a custom one; or one of the others, with or without the prefix that
    /// belongs to the server.
    #[must_use]
    pub(crate) fn find(alias: &str, custom: &Custom) -> Option<Self> {
        let found = |name: &str, kind| Some(Self { alias: alias.to_owned(), name: name.to_owned(), kind });
        if built_in(alias).is_none() {
            if let Some(kind) = custom.get(alias).and_then(|kind| Type::try_from(*kind).ok()) {
                return found(alias, kind);
            }
            if alias == SCHEDULE {
                return found("WorkflowId", Type::Keyword);
            }
        }
        let prefixed = format!("{RESERVED}{alias}");
        let bare = alias.strip_prefix(RESERVED).unwrap_or(alias);
        let name = [alias, &prefixed, bare].into_iter().find(|name| built_in(name).is_some())?;
        found(name, built_in(name)?)
    }

    /// It stands for the schedule whose workflow that is.
    #[must_use]
    pub(crate) fn is_schedule(&self) -> bool {
        self.alias == SCHEDULE && self.name == "WorkflowId"
    }
}

/// The type of an attribute that nobody has registered.
#[must_use]
pub fn built_in(name: &str) -> Option<Type> {
    let system = SYSTEM.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    system.or_else(|| PREDEFINED.iter().find(|(known, _, _)| *known == name).map(|(_, kind, _)| *kind))
}

/// A name that nobody can register.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    let own = ["NamespaceId", "MemoEncoding", "Memo", "VisibilityTaskKey"];
    built_in(name).is_some() || own.contains(&name) || name.starts_with(RESERVED)
}

/// The name of a type, as payloads and messages say it.
#[must_use]
pub(crate) fn type_name(kind: Type) -> &'static str {
    match kind {
        Type::Unspecified => "Unspecified",
        Type::Text => "Text",
        Type::Keyword => "Keyword",
        Type::Int => "Int",
        Type::Double => "Double",
        Type::Bool => "Bool",
        Type::Datetime => "Datetime",
        Type::KeywordList => "KeywordList",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_custom_attribute_or_one_of_the_others_with_or_without_prefix() {
        let custom = Custom::from([("Mine".to_owned(), Type::Bool.into()), ("WorkflowId".to_owned(), 1)]);
        let found = |alias| Attribute::find(alias, &custom).map(|found| (found.name, found.kind));
        assert_eq!(found("Mine"), Some(("Mine".into(), Type::Bool)));
        assert_eq!(found("WorkflowId"), Some(("WorkflowId".into(), Type::Keyword)), "nobody has registered that one");
        assert_eq!(found("ChangeVersion"), Some(("TemporalChangeVersion".into(), Type::KeywordList)));
        assert_eq!(found("TemporalWorkflowId"), Some(("WorkflowId".into(), Type::Keyword)));
        assert_eq!(found("ScheduleId"), Some(("WorkflowId".into(), Type::Keyword)));
        assert_eq!((found("TemporalMine"), found("workflowid"), found("Memo")), (None, None, None));
        assert!(is_reserved("Memo") && is_reserved("TemporalAnything") && !is_reserved("Mine"));
    }
}
