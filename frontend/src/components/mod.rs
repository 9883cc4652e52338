//! Parts of pages that know no noun.

pub mod action;
pub mod copy;
pub mod delete_question;
pub mod dialog;
pub mod each;
pub mod field;
pub mod form_dialog;
pub mod heir;
pub mod icon;
pub mod problem;
pub mod quote;
pub mod select;
pub mod skeleton;
pub mod solo;
pub mod theme;
pub mod time;
pub mod title;
pub mod toast;
pub mod value_field;
