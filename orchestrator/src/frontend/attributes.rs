//! Search attributes in requests: whether they are registered in the namespace, and as what. The service behind takes them as
//! they are, so that no shard needs to know what is registered when.

use super::handler::Frontend;
use crate::cluster::namespace::Namespace;
use resurgam_api::internal::BadSearchAttributes;
use resurgam_api::temporal::command::v1::Command;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::common::v1::SearchAttributes;
use resurgam_visibility::fitting::{self, Misfit};
use tonic::Status;

impl Frontend {
    /// A namespace as it is now.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `NOT_FOUND` or `UNAVAILABLE`.
    pub(super) async fn current(&self, namespace: &str) -> Result<Namespace, Status> {
        if namespace.is_empty() {
            return Err(Status::invalid_argument("Namespace is empty."));
        }
        self.registry.look(namespace).await
    }

    /// Checks the search attributes of a start.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`: they do not fit; or see [`Frontend::current`].
    pub(super) async fn started_with(
        &self,
        namespace: &str,
        given: Option<&mut SearchAttributes>,
    ) -> Result<(), Status> {
        let Some(given) = given.filter(|given| !given.indexed_fields.is_empty()) else { return Ok(()) };
        let found = self.current(namespace).await?;
        fitting::check(given, namespace, &found.search_attributes)
            .map_err(|misfit| Status::invalid_argument(misfit.message()))?;
        fitting::drop_nothing(given);
        Ok(())
    }

    /// Checks the search attributes in the commands of a worker in a namespace with this id. What is wrong is no error of the
    /// call: it is for the workflow to hear.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub(super) async fn commanded(
        &self,
        namespace_id: &str,
        commands: &mut [Command],
    ) -> Result<Option<BadSearchAttributes>, Status> {
        let mut found = None;
        for (index, command) in commands.iter_mut().enumerate() {
            let Some(given) = attributes(command).filter(|given| !given.indexed_fields.is_empty()) else { continue };
            let namespace = match &found {
                Some(namespace) => namespace,
                None => {
                    let name = self.registry.find_by_id(namespace_id).await?.name;
                    found.insert(self.registry.look(&name).await?)
                }
            };
            if let Err(misfit) = fitting::check(given, &namespace.name, &namespace.search_attributes) {
                let message = format!("BadSearchAttributes: {}", words(command, &namespace.name, &misfit));
                let (command, too_large) =
                    (u32::try_from(index).unwrap_or(u32::MAX), matches!(misfit, Misfit::Large(_)));
                return Ok(Some(BadSearchAttributes { command, message, too_large }));
            }
        }
        Ok(None)
    }
}

/// The search attributes that a command gives.
fn attributes(command: &mut Command) -> Option<&mut SearchAttributes> {
    match &mut command.attributes {
        Some(Attributes::UpsertWorkflowSearchAttributesCommandAttributes(it)) => it.search_attributes.as_mut(),
        Some(Attributes::StartChildWorkflowExecutionCommandAttributes(it)) => it.search_attributes.as_mut(),
        Some(Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(it)) => it.search_attributes.as_mut(),
        _ => None,
    }
}

/// What is wrong, and with which command.
fn words(command: &Command, namespace: &str, misfit: &Misfit) -> String {
    let message = misfit.message();
    match (&command.attributes, misfit) {
        (Some(Attributes::StartChildWorkflowExecutionCommandAttributes(it)), Misfit::Wrong(_)) => {
            let kind = it.workflow_type.as_ref().map_or("", |kind| &kind.name);
            format!(
                "invalid SearchAttributes on StartChildWorkflowCommand: {message}. WorkflowId={} WorkflowType={kind} \
                 Namespace={namespace}",
                it.workflow_id
            )
        }
        (Some(Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(it)), Misfit::Wrong(_)) => {
            let kind = it.workflow_type.as_ref().map_or("", |kind| &kind.name);
            format!("invalid SearchAttributes on ContinueAsNewWorkflowExecutionCommand: {message}. WorkflowType={kind}")
        }
        _ => message.to_owned(),
    }
}
