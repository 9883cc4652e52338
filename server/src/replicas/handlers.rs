//! `/api/admin/replicas`.

use axum::extract::State;
use keyward_api::replicas::Replicas;
use keyward_api::{Data, paths};

use super::Membership;
use super::list::ThisServer;
use super::permissions::ReadReplicas;
use crate::access::Allowed;
use crate::database::DatabaseConnection;
use crate::http::error::Error;

/// What is answered about the servers. Cheap to clone.
#[derive(Clone)]
pub struct ReplicasPage {
    pub db: DatabaseConnection,
    pub membership: Membership,
    pub this: ThisServer,
}

/// The servers of this store, and how far each is.
#[utoipa::path(
    get, path = paths::REPLICAS, operation_id = "listReplicas", tag = "replicas",
    security(("session" = [])),
    responses((status = 200, body = Data<Replicas>), (status = 403))
)]
pub async fn list(
    _allowed: Allowed<ReadReplicas>,
    State(ReplicasPage { db, membership, this }): State<ReplicasPage>,
) -> Result<axum::Json<Data<Replicas>>, Error> {
    Ok(axum::Json(Data { data: membership.list(&db, &this).await? }))
}
