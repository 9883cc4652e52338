//! Icons, drawn inline on a 16 px grid in the colour of the text beside them.
//! Each stands next to words, so screen readers skip it.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Check,
    Clock,
    Dots,
    Down,
    Key,
    Download,
    Gauge,
    List,
    Lock,
    Menu,
    Pause,
    People,
    Plug,
    Plus,
    Refresh,
    Servers,
    Shield,
    Warning,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Check => "m3.5 8.5 3 3 6-7",
            Self::Clock => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2m0 3v3.2l2 1.3",
            Self::Dots => "M3.2 8h.01M8 8h.01M12.8 8h.01",
            Self::Down => "m4.5 6.5 3.5 3.5 3.5-3.5",
            Self::Key => {
                "M5.8 7.4a2.9 2.9 0 1 0 0 5.8 2.9 2.9 0 0 0 0-5.8m2-.1L13 2.2m-2.2 2.2 2 2"
            }
            Self::Download => "M8 2.5v7.7M5 7.4l3 3 3-3M3 13.5h10",
            Self::Gauge => "M2.5 13.5v-4h2.6v4zM6.7 13.5v-11h2.6v11zM10.9 13.5V6.5h2.6v7z",
            Self::List => "M2.5 4h.01M5.5 4h8m-11 4h.01m2.99 0h8m-11 4h.01m2.99 0h8",
            Self::Lock => "M4 7.2h8v6.3H4zM5.5 7V5.2a2.5 2.5 0 0 1 5 0V7",
            Self::Menu => "M2.5 4.5h11M2.5 8h11m-11 3.5h11",
            Self::Pause => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M6.5 6v4m3-4v4",
            Self::People => {
                "M6 3.2a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4M2 13v-.7a4 4 0 0 1 8 0v.7M10.6 3.5a2.1 2.1 0 0 1 0 4m1.2 2.3A4 4 0 0 1 14 13"
            }
            Self::Plug => "M5.5 2v3.5m5-3.5v3.5M3.5 5.5h9v2.2a4.5 4.5 0 0 1-9 0zM8 12.2V14",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Refresh => "M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3",
            Self::Servers => "M2.5 3h11v4.2h-11zM2.5 8.8h11V13h-11zM5 5.1h.01M5 10.9h.01",
            Self::Shield => "M8 2 13 4v4c0 3-2.2 5.2-5 6-2.8-.8-5-3-5-6V4zM8 6.3v2.9",
            Self::Warning => "M8 2.2 14.2 13H1.8zM8 6.4v3m0 1.7v.01",
        }
    }
}

/// As large as the text around it.
pub fn icon(icon: Icon) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=icon.path()></path>
        </svg>
    }
    .into_any()
}
