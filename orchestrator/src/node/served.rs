//! Which calls of the official API are served: the table of `docs/served-calls.md`, from the tables of calls themselves.

use crate::frontend::{operator, service};
use resurgam_api::json::{Error, calls_of};
use std::fmt::Write as _;

/// The table, as Markdown.
///
/// # Errors
/// Descriptors of the API that cannot be read.
pub fn document() -> Result<String, Error> {
    let mut text = String::from(
        "# Which calls our orchestrator serves\n\nWritten by `resurgam server --calls`. What is not served answers UNIMPLEMENTED and names \
         itself. Fields that a served call refuses are in `orchestrator/src/frontend/unsupported.rs`, each by a name of its own.\n",
    );
    let services = [
        ("workflowservice.v1.WorkflowService", service::SERVED, service::REFUSED),
        ("operatorservice.v1.OperatorService", operator::SERVED, &[]),
    ];
    for (name, served, refused) in services {
        let calls = calls_of(&format!("temporal.api.{name}"))?;
        let here = |call: &String| served.contains(&call.as_str());
        let count = calls.iter().filter(|call| here(call)).count();
        // A string takes everything.
        let _ = write!(text, "\n## {name}: {count} of {}\n\n| call | |\n|---|---|\n", calls.len());
        for call in &calls {
            let what = match () {
                () if here(call) => "served",
                () if refused.contains(&call.as_str()) => {
                    "refused as by the real server, unless it is configured otherwise"
                }
                () => "",
            };
            let _ = writeln!(text, "| {call} | {what} |");
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_in_the_api() {
        let all = |service: &str| calls_of(&format!("temporal.api.{service}")).unwrap_or_default();
        let workflow = all("workflowservice.v1.WorkflowService");
        let operator = all("operatorservice.v1.OperatorService");
        assert!(workflow.len() > 100 && operator.len() > 5, "{} and {}", workflow.len(), operator.len());
        let strange = |served: &[&str], all: &[String]| {
            served.iter().filter(|call| !all.iter().any(|known| known == *call)).count()
        };
        let strange = [
            strange(service::SERVED, &workflow),
            strange(service::REFUSED, &workflow),
            strange(operator::SERVED, &operator),
        ];
        assert_eq!(strange, [0, 0, 0]);
    }
}
