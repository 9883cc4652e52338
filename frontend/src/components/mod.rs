//! Parts of pages that know no noun.

pub mod copy;
pub mod dialog;
pub mod each;
pub mod field;
pub mod heir;
pub mod icon;
pub mod problem;
pub mod skeleton;
pub mod solo;
pub mod theme;
pub mod time;
pub mod title;
pub mod toast;
