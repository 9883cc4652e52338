//! Short messages in the corner. Success goes away by itself; an error stays until the
//! person has dismissed it.

use std::time::Duration;

use leptos::prelude::*;

use crate::components::each::Each;
use crate::components::icon::{Icon, icon};
use crate::context::context;
use crate::erased::memo;
use crate::ids::unique_id;

const STAY: Duration = Duration::from_secs(6);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Toast {
    id: String,
    is_error: bool,
    text: String,
}

/// The messages that are shown.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
}

impl Toasts {
    /// None.
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()) }
    }

    /// Something was done.
    pub fn success(self, text: impl Into<String>) {
        let id = self.add(false, text.into());
        set_timeout(move || self.dismiss(&id), STAY);
    }

    /// Something failed.
    pub fn error(self, text: impl Into<String>) {
        self.add(true, text.into());
    }

    fn add(self, is_error: bool, text: String) -> String {
        let id = unique_id();
        self.list.update(|list| list.push(Toast { id: id.clone(), is_error, text }));
        id
    }

    fn dismiss(self, id: &str) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }
}

/// The corner. The place for successes is there always, so that a change of it is
/// announced; an error is an alert of its own.
#[component]
pub fn ToastsView() -> impl IntoView {
    let toasts = context().toasts;
    let of = move |is_error| {
        memo(move || {
            let list = toasts.list.read();
            let wanted = list.iter().filter(|toast| toast.is_error == is_error);
            wanted.map(|toast| toast.id.clone()).collect::<Vec<_>>()
        })
    };
    let draw = |id| view! { <ToastView id/> }.into_any();
    view! {
        <div class="toasts">
            <Each ids=of(true) draw/>
            <div role="status"><Each ids=of(false) draw/></div>
        </div>
    }
}

#[component]
fn ToastView(id: StoredValue<String>) -> impl IntoView {
    let toasts = context().toasts;
    let toast =
        toasts.list.read_untracked().iter().find(|toast| toast.id == id.get_value()).cloned();
    toast.map(|toast| {
        let (class, role, picture) = if toast.is_error {
            ("toast toast-error", Some("alert"), Icon::Warning)
        } else {
            ("toast", None, Icon::Check)
        };
        view! {
            <div class=class role=role>
                {icon(picture)} <p>{toast.text}</p>
                <button
                    type="button"
                    class="button button-quiet"
                    on:click=move |_| toasts.dismiss(&id.get_value())
                >
                    "Close"
                </button>
            </div>
        }
    })
}
