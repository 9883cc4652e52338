//! What can be done with the keys of models.

use keyward_api::providers::{ModelCredential, ModelName, ProviderId, SetModel, model_id};

use super::credentials::{Credentials, Sealed, seal};
use super::entity::model;
use super::error::{ProviderError, ProviderRefusal};
use super::store;
use crate::audit::{Action, Actor};
use crate::database::begin_write;
use crate::encryption::columns::Subject;

impl Credentials {
    /// Enters the key of a model or replaces it. Its provider need not have one.
    pub async fn set_model(
        &self,
        actor: &Actor,
        provider: ProviderId,
        model: ModelName,
        input: SetModel,
    ) -> Result<ModelCredential, ProviderError> {
        let (provider, model) = (String::from(provider), String::from(model));
        let (id, now) = (model_id(&provider, &model), self.clock.now());
        let transaction = begin_write(&self.db).await?;
        // Alone, since who entered it first, and when, stays and is under the mac.
        let sealer = self.keyring.sealer_alone(&transaction).await?;
        let before = store::lock_model(&transaction, &id).await?;
        let before = before.map(|row| self.unaltered(row, &id)).transpose()?;
        let (created_by, created_at) = match before {
            Some(row) => (row.created_by, row.created_at),
            None => (Some(actor.as_creator()), now),
        };
        let Sealed { encrypted_value, key_id, hint } =
            seal(sealer, &Subject::model(&id, &provider, &model), &input.value)?;
        let mut row = model::Model {
            id: id.clone(),
            provider: provider.clone(),
            model: model.clone(),
            encrypted_value,
            key_id,
            hint,
            created_by,
            created_at,
            updated_at: now,
            mac: None,
        };
        row.mac = Some(self.rows.sign(&row).to_vec());
        store::put_model(&transaction, row).await?;
        let stored = store::find_model(&transaction, &self.rows, &provider, &model).await?;
        let stored = stored.ok_or(ProviderRefusal::NoModel { provider, model })?;
        let event = actor.did(Action::ProviderSet, Some(id)).with_detail("key");
        self.finish(transaction, event).await?;
        Ok(stored)
    }

    /// Deletes the key of a model: the key of its provider is used from now on.
    pub async fn delete_model(
        &self,
        actor: &Actor,
        provider: ProviderId,
        model: ModelName,
    ) -> Result<(), ProviderError> {
        let (provider, model) = (String::from(provider), String::from(model));
        let transaction = begin_write(&self.db).await?;
        self.keyring.hold(&transaction).await?;
        if store::delete_model(&transaction, &provider, &model).await? != 1 {
            return Err(ProviderRefusal::NoModel { provider, model }.into());
        }
        let target = model_id(&provider, &model);
        self.finish(transaction, actor.did(Action::ProviderDelete, Some(target))).await
    }
}
