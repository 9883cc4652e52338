//! The toasts, in the corner of the window.

use leptos::prelude::*;

use crate::components::each::Each;
use crate::components::icon::{Icon, icon};
use crate::components::problem::failure;
use crate::context::context;
use crate::erased::memo;
use crate::toasts::is_long;

/// The element of the successes stays in the page, so that a screen reader announces what
/// changes in it; an error is an alert of its own.
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
        let (class, role, content) = if toast.is_error {
            ("toast toast-error", Some("alert"), failure(&toast.text))
        } else {
            let class = if is_long(&toast.text) { "toast toast-long" } else { "toast" };
            let content = view! { {icon(Icon::Check)} <p>{toast.text}</p> };
            (class, None, content.into_any())
        };
        view! {
            <div class=class role=role>
                {content}
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
