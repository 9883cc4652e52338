//! The data keys and their rotation.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | the state of encryption, followed while a rotation runs |
//! | [`words`] | pure: numbers and sentences |
//! | [`page`], [`history`], [`rotate`] | what is on the page |

pub mod history;
pub mod page;
pub mod rotate;
pub mod store;
pub mod words;
