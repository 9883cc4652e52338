//! Reactive parts behind a box, so that they are compiled once. Leptos compiles its own
//! again for each closure, and all of it is downloaded.

use leptos::prelude::*;

/// Computes again when what it read has changed.
pub fn memo<T: Send + Sync + PartialEq + 'static>(
    compute: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    fn boxed<T: Send + Sync + PartialEq + 'static>(
        compute: Box<dyn Fn() -> T + Send + Sync>,
    ) -> Memo<T> {
        Memo::new(move |_| compute())
    }
    boxed(Box::new(compute))
}

/// Runs once, and again when what it read has changed.
pub fn effect(run: impl FnMut() + 'static) {
    fn boxed(mut run: Box<dyn FnMut()>) {
        Effect::new(move |_| run());
    }
    boxed(Box::new(run));
}

/// Shows a view while a condition holds.
pub fn when(
    condition: impl Fn() -> bool + Send + Sync + 'static,
    show: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    // A memo, so that the view stays while the condition does.
    let holds = memo(condition);
    either(holds, show, || ().into_any())
}

pub fn either(
    condition: Memo<bool>,
    yes: impl Fn() -> AnyView + Send + 'static,
    no: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    live(move || if condition.get() { yes() } else { no() })
}

/// A view that is drawn again when what it read has changed.
pub fn live(draw: impl Fn() -> AnyView + Send + 'static) -> AnyView {
    fn boxed(draw: Box<dyn Fn() -> AnyView + Send>) -> AnyView {
        view! { {move || draw()} }.into_any()
    }
    boxed(Box::new(draw))
}
