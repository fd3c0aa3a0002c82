//! The calls of operators: which custom search attributes a namespace has. What is not here answers UNIMPLEMENTED, and says
//! which call it is.

use super::handler::Answer;
use crate::cluster::namespace::Namespace;
use crate::cluster::namespaces::Registry;
use resurgam_api::OperatorService;
use resurgam_api::temporal::enums::v1::IndexedValueType;
use resurgam_api::temporal::operatorservice::v1 as api;
use resurgam_visibility::attribute::{self, PREDEFINED, SYSTEM};
use resurgam_visibility::fitting;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// See the module.
pub(crate) struct Operator(Arc<Registry>);

impl Operator {
    /// The calls about these namespaces.
    #[must_use]
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self(registry)
    }
}

#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn named(namespace: &str) -> Result<(), Status> {
    if namespace.is_empty() { Err(Status::invalid_argument("Namespace is not set on request.")) } else { Ok(()) }
}

/// What was asked for as attributes to register.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn asked(request: &api::AddSearchAttributesRequest) -> Result<Vec<(String, IndexedValueType)>, Status> {
    let mut asked = Vec::new();
    for (name, kind) in &request.search_attributes {
        if attribute::is_reserved(name) {
            return Err(Status::invalid_argument(format!("Search attribute {name} is reserved by system.")));
        }
        let known = IndexedValueType::try_from(*kind);
        let unknown = |_| Status::invalid_argument(format!("Unknown search attribute type: {kind}."));
        asked.push((name.clone(), known.map_err(unknown)?));
    }
    asked.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(asked)
}

/// The calls that are served, by their names in the API.
pub(crate) const SERVED: &[&str] = &["AddSearchAttributes", "RemoveSearchAttributes", "ListSearchAttributes"];

#[tonic::async_trait]
impl OperatorService for Operator {
    async fn add_search_attributes(
        &self,
        request: Request<api::AddSearchAttributesRequest>,
    ) -> Answer<api::AddSearchAttributesResponse> {
        let request = request.into_inner();
        if request.search_attributes.is_empty() {
            return Err(Status::invalid_argument("SearchAttributes are not set on request."));
        }
        let asked = asked(&request)?;
        named(&request.namespace)?;
        let add = |namespace: &mut Namespace| {
            fitting::register(&mut namespace.search_attributes, &asked).map_err(Status::invalid_argument)
        };
        self.0.change(&request.namespace, add).await?;
        Ok(Response::new(api::AddSearchAttributesResponse {}))
    }

    async fn remove_search_attributes(
        &self,
        request: Request<api::RemoveSearchAttributesRequest>,
    ) -> Answer<api::RemoveSearchAttributesResponse> {
        let request = request.into_inner();
        if request.search_attributes.is_empty() {
            return Err(Status::invalid_argument("SearchAttributes are not set on request."));
        }
        named(&request.namespace)?;
        if let Some(name) = request.search_attributes.iter().find(|name| attribute::built_in(name).is_some()) {
            return Err(Status::invalid_argument(format!("Unable to remove non-custom search attributes: {name}.")));
        }
        let remove = |namespace: &mut Namespace| {
            namespace.search_attributes.retain(|name, _| !request.search_attributes.contains(name));
            Ok(())
        };
        self.0.change(&request.namespace, remove).await?;
        Ok(Response::new(api::RemoveSearchAttributesResponse {}))
    }

    async fn list_search_attributes(
        &self,
        request: Request<api::ListSearchAttributesRequest>,
    ) -> Answer<api::ListSearchAttributesResponse> {
        let request = request.into_inner();
        named(&request.namespace)?;
        let namespace = self.0.look(&request.namespace).await?;
        let predefined = PREDEFINED.iter().map(|(name, kind, _)| (*name, *kind));
        let system = SYSTEM.iter().copied().chain(predefined).map(|(name, kind)| (name.to_owned(), kind.into()));
        Ok(Response::new(api::ListSearchAttributesResponse {
            custom_attributes: namespace.search_attributes.into_iter().collect(),
            system_attributes: system.collect(),
            ..Default::default()
        }))
    }
}
