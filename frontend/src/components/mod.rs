//! Parts of pages that know no noun.

pub mod copy;
pub mod dialog;
pub mod each;
pub mod field;
pub mod icon;
pub mod problem;
pub mod solo;
pub mod theme;
pub mod time;
pub mod title;
pub mod toast;
