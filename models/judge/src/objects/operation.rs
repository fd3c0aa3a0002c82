//! Operations of a history as calls on an object.

use crate::wgl;
use resurgam_formats::objects::{ObjectForm, ObjectOperation, OperationEnd, Operations, Term};

/// An operation as the search sees it, and which one of the history it is.
pub(super) type Numbered<C> = (usize, wgl::Operation<C>);

/// The calls of all operations that may have happened, by `read`, which leaves out what proves nothing.
pub(super) fn collect<'h, C>(
    history: &'h Operations,
    mut read: impl FnMut(&'h ObjectOperation) -> Result<Option<C>, String>,
) -> Result<Vec<Numbered<C>>, String> {
    let mut all = Vec::with_capacity(history.all.len());
    for (index, operation) in history.all.iter().enumerate() {
        let wrong = |what: String| format!("event {}: {what}", operation.line);
        if let Some(call) = read(operation).map_err(wrong)? {
            all.push((index, wgl::Operation { from: operation.from, until: operation.until, call }));
        }
    }
    Ok(all)
}

/// What was answered, if the operation happened: `None` if it did not, or nobody knows and it changes nothing.
pub(super) fn answered(operation: &ObjectOperation) -> Option<&Term> {
    if let OperationEnd::Ok(value) = &operation.end { Some(value) } else { None }
}

/// The error of an operation that an object does not have.
pub(super) fn unknown_function<T>(operation: &ObjectOperation, model: &str) -> Result<T, String> {
    Err(format!("a {model} has no :{}", operation.function))
}

/// True if `nil` was read as a value, and not as something unknown.
pub(super) fn is_value(term: &Term, form: ObjectForm) -> bool {
    form == ObjectForm::Log || *term != Term::Nil
}
