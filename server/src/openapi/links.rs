//! Where an answer leads: what it names can be asked for, changed and deleted. A reader sees
//! what belongs together, and a tester follows the links.

use serde_json::{Value, json};
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::{OpenApi, RefOr};

use super::operations::operations;

/// From an operation to others, with the parameter that both have in common.
const LINKS: [(&str, &str, &str, &[&str]); 7] = [
    ("createKey", "id", "$response.body#/data/id", KEY),
    ("rotateKey", "id", "$response.body#/data/id", KEY),
    ("createSecret", "key", "$response.body#/data/key", SECRET),
    ("updateSecret", "key", "$response.body#/data/key", SECRET),
    ("setProvider", "provider", "$response.body#/data/provider", PROVIDER),
    ("setModel", "provider", "$request.path.provider", PROVIDER),
    ("updateProvider", "provider", "$response.body#/data/provider", PROVIDER),
];

const KEY: &[&str] = &["getKey", "updateKey", "rotateKey", "endKeyOverlap", "deleteKey"];
const SECRET: &[&str] = &["getSecret", "updateSecret", "deleteSecret"];
const PROVIDER: &[&str] =
    &["updateProvider", "setModel", "deleteModel", "resolveCredential", "deleteProvider"];

/// Lists lead to their next part.
const LISTS: [&str; 4] = ["listKeys", "listSecrets", "listProviders", "listAuditEntries"];

/// Adds the links to the answers with status 200.
pub fn add(document: &mut OpenApi) {
    let items = document.paths.paths.values_mut();
    for (_, operation) in items.flat_map(operations) {
        let Some(from) = operation.operation_id.as_deref() else { continue };
        let linked = LINKS.iter().filter(|(id, ..)| *id == from);
        let named = linked
            .flat_map(|(_, name, value, to)| to.iter().map(move |to| (*to, *name, json!(value))));
        let next = LISTS.iter().filter(|id| **id == from);
        let next = next.map(|id| (*id, "cursor", json!("$response.body#/nextCursor")));
        let links: Vec<_> = named.chain(next).collect();
        let Some(RefOr::T(done)) = operation.responses.responses.get_mut("200") else { continue };
        for (to, name, value) in links {
            done.links.insert(to.to_owned(), RefOr::T(link(to, name, value)));
        }
    }
}

fn link(to: &str, name: &str, value: Value) -> utoipa::openapi::link::Link {
    LinkBuilder::new().operation_id(to).parameter(name, value).build()
}
