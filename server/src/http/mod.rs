//! What knows HTTP and no noun.
//!
//! | module | what |
//! |---|---|
//! | [`connections`] | accepts connections, limits how long they wait and how many there are |
//! | [`service`] | where the requests of a connection come in |
//! | [`router`] | the one route table and the one layer stack |
//! | [`extract`], [`paging`] | what handlers take out of a request; what all lists share |
//! | [`client_address`] | from which address a request comes |
//! | [`error`], `answer` | what can go wrong, and the one place that turns it into an answer |
//! | [`methods`], [`query_parameters`], [`whole_body`] | refuse what no route would take |
//! | [`openapi`], [`page`] | the document, the page |
//! | [`health`], [`metrics_page`] | `/livez` and `/readyz`, `/metrics` |
//! | [`exposure`] | warns when the address people use is not safe |

mod answer;
pub mod client_address;
pub mod connections;
pub mod error;
pub mod exposure;
pub mod extract;
pub mod health;
pub mod methods;
pub mod metrics_page;
pub mod openapi;
pub mod page;
pub mod paging;
pub mod query_parameters;
pub mod router;
pub mod service;
pub mod whole_body;
