//! What is filled in about a provider or a model, and what is sent of it.

use std::fmt::Display;

use keyward_api::Sensitive;
use keyward_api::providers::{
    BaseUrl, ModelName, Provider, ProviderId, SetModel, SetProvider, UpdateProvider,
};
use keyward_api::secrets::Description;
use leptos::prelude::*;

use crate::client::ClientError;
use crate::components::field::Typed;
use crate::providers::dialog_request::DialogRequest;
use crate::providers::store::{Change, Providers};

#[derive(Clone, Copy)]
pub struct Draft {
    pub provider: Typed,
    pub model: Typed,
    pub value: Typed,
    pub base_url: Typed,
    pub note: Typed,
    /// About no field in particular.
    pub error: RwSignal<Option<String>>,
}

/// The name of the provider, and the change.
type ProviderChange = (String, Change);

impl Draft {
    /// Details start with their present text, the value empty.
    pub fn of(request: &DialogRequest) -> Self {
        let old = request.provider();
        let detail = |of: fn(&Provider) -> &Option<String>| {
            Typed::of(old.and_then(|old| of(old).clone()).unwrap_or_default())
        };
        let empty = || Typed::of(String::new());
        Self {
            provider: empty(),
            model: empty(),
            value: empty(),
            base_url: detail(|old| &old.base_url),
            note: detail(|old| &old.note),
            error: RwSignal::new(None),
        }
    }

    /// Sends the form; whether the dialog is done.
    pub async fn save(self, request: DialogRequest, providers: Providers) -> bool {
        self.error.set(None);
        let Some((provider, change)) = self.check(&request) else { return false };
        if matches!(change, Change::Update(UpdateProvider { base_url: None, note: None })) {
            return true;
        }
        let answer = match self.is_taken(&request, providers, &provider, &change).await {
            Ok(true) => return false,
            Ok(false) => {
                let name = name_of(&provider, &change);
                let answer = providers.apply(&provider, &change, request.done(name)).await;
                if answer.is_ok() && matches!(request, DialogRequest::Add) {
                    providers.show(&provider);
                }
                answer
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &answer {
            self.show(&request, error);
        }
        answer.is_ok()
    }

    /// Reads the provider again before something is added: another person may have added it since.
    async fn is_taken(
        self,
        request: &DialogRequest,
        providers: Providers,
        provider: &str,
        change: &Change,
    ) -> Result<bool, ClientError> {
        let field = match request {
            DialogRequest::Add => self.provider,
            DialogRequest::AddModel(_) => self.model,
            _ => return Ok(false),
        };
        let now = providers.look(provider).await?;
        let taken = request.taken(name_of(provider, change), now.as_ref());
        let is_taken = taken.is_some();
        field.error.set(taken);
        if is_taken {
            // The sentence refers to a row, so that must be in view.
            providers.pages.fetch().await;
            providers.show(provider);
        }
        Ok(is_taken)
    }

    /// Parses as the server will. Checks every field, so that all errors show.
    fn check(self, request: &DialogRequest) -> Option<ProviderChange> {
        match request {
            DialogRequest::Add => {
                let provider = self.provider.check(ProviderId::try_from);
                let set = self.check_key(None);
                Some((String::from(provider?), set?))
            }
            DialogRequest::SetKey(old) => Some((old.provider.clone(), self.check_key(Some(old))?)),
            DialogRequest::Edit(old) => {
                let update = self.check_details(Some(old))?;
                Some((old.provider.clone(), Change::Update(update)))
            }
            DialogRequest::AddModel(old) => {
                let model = self.model.check(ModelName::new);
                let value = self.check_value();
                let change = Change::SetModel(model?, SetModel { value: value? });
                Some((old.provider.clone(), change))
            }
            DialogRequest::ReplaceModel(old, model) => {
                let value = self.check_value()?;
                let model = ModelName::try_from(model.clone()).ok()?;
                Some((old.provider.clone(), Change::SetModel(model, SetModel { value })))
            }
            DialogRequest::Delete(..) => None,
        }
    }

    fn check_value<T: TryFrom<Sensitive, Error: Display>>(self) -> Option<T> {
        self.value.check(|text| T::try_from(Sensitive::from(without_ends(&text).to_owned())))
    }

    fn check_key(self, old: Option<&Provider>) -> Option<Change> {
        let (value, details) = (self.check_value(), self.check_details(old));
        let UpdateProvider { base_url, note } = details?;
        Some(Change::Set(SetProvider { value: value?, base_url, note }))
    }

    fn check_details(self, old: Option<&Provider>) -> Option<UpdateProvider> {
        let base_url = self.base_url.check(BaseUrl::try_from);
        let note = self.note.check(Description::try_from);
        let (base_url, note) = (base_url?, note?);
        let was = |of: fn(&Provider) -> &Option<String>| old.and_then(|old| of(old).clone());
        Some(UpdateProvider {
            base_url: changed(base_url.clone().into_text(), was(|old| &old.base_url), base_url),
            note: changed(note.clone().into_text(), was(|old| &old.note), note),
        })
    }

    fn show(self, request: &DialogRequest, error: &ClientError) {
        let all = [
            ("provider", self.provider.error),
            ("model", self.model.error),
            ("value", self.value.error),
            ("baseUrl", self.base_url.error),
            ("note", self.note.error),
        ];
        // An error about a field that this dialog lacks is shown above the fields.
        let shown: Vec<_> =
            all.into_iter().filter(|(name, _)| request.fields().contains(name)).collect();
        if !error.show_at(&shown) {
            self.error.set(Some(error.full_message()));
        }
    }
}

/// The part of a value that is stored: copied text often ends in a line break.
pub fn without_ends(text: &str) -> &str {
    text.trim()
}

/// The model, or the provider itself.
fn name_of<'a>(provider: &'a str, change: &'a Change) -> &'a str {
    match change {
        Change::SetModel(model, _) => model.as_str(),
        _ => provider,
    }
}

/// Absent when it is unchanged, `null` when it is empty now.
#[expect(clippy::option_option, reason = "absent and null are two things on the wire")]
fn changed<T>(text: Option<String>, was: Option<String>, new: T) -> Option<Option<T>> {
    (text != was).then(|| text.is_some().then_some(new))
}

#[cfg(test)]
mod tests {
    use super::changed;

    #[test]
    fn only_what_is_changed_is_sent_and_what_is_empty_is_taken_away() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(changed(text("a"), text("a"), 1), None);
        assert_eq!(changed(None, None, 1), None);
        assert_eq!(changed(text("b"), text("a"), 1), Some(Some(1)));
        assert_eq!(changed(text("b"), None, 1), Some(Some(1)));
        assert_eq!(changed(None, text("a"), 1), Some(None));
    }
}
