//! `/`: what a person sees first.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | the answer of the server, fetched again each minute |
//! | [`page`] | what is on the page |
//! | [`attention`] | what needs a person, each with its one action |
//! | [`find`] | the key behind a text |
//! | [`chart`] | the verifications of a day |
//! | [`recent`] | the last changes |

mod attention;
mod chart;
mod find;
pub mod page;
mod recent;
mod store;
