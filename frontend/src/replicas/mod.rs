//! The servers of the store.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | the servers, asked for again while the page is in view |
//! | [`standing`], [`words`] | pure: what the silence of a server means, and sentences |
//! | [`page`], [`row`] | what is on the page |

pub mod page;
pub mod row;
pub mod standing;
pub mod store;
pub mod words;
