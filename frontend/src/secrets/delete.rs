//! The dialog that deletes a secret. It names the secret, since nothing restores its value.

use std::sync::Arc;

use keyward_api::secrets::Secret;
use leptos::html;
use leptos::prelude::*;

use crate::components::confirm_delete::{ConfirmDelete, Deletion};
use crate::focus::{move_focus, neighbour};
use crate::secrets::row::menu_button;
use crate::secrets::store::Secrets;
use crate::text::quoted;

#[component]
pub fn DeleteDialog(
    secret: Secret,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
) -> impl IntoView {
    let secrets: Secrets = expect_context();
    let title = format!("Delete {}?", quoted(&secret.key));
    let delete: Deletion = Arc::new(move || {
        let secret = secret.clone();
        let next = neighbour(&secrets.pages.ids.read_untracked(), &secret.id);
        Box::pin(async move {
            secrets.delete(&secret).await?;
            move_focus(next.map(|id| menu_button(&id)), secrets.add_button);
            Ok(())
        })
    });
    let text = "Programs that read it get 404. The value cannot be restored.".to_owned();
    view! { <ConfirmDelete title text button="Delete secret" delete dialog on_close/> }
}
