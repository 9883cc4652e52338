//! Parts of pages that know no noun.

pub mod action;
pub mod breakable;
pub mod card_page;
pub mod confirm_delete;
pub mod copy;
pub mod dialog;
pub mod each;
pub mod field;
pub mod form_dialog;
pub mod icon;
pub mod problem;
pub mod section_head;
pub mod select;
pub mod skeleton;
pub mod table;
pub mod theme;
pub mod time;
pub mod title;
pub mod toasts_view;
pub mod value_field;
