//! Where an answer leads: what it names can be asked for, changed and deleted. A reader sees
//! what belongs together, and a tester follows the links.

use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::{OpenApi, RefOr};

use super::operations::operations;

/// Parameters, and where their values stand in the answer or the request.
type Parameters = &'static [(&'static str, &'static str)];

/// The operations that follow on one of them.
struct Following {
    on: &'static str,
    with: Parameters,
    operations: &'static [&'static str],
}

const FOLLOWING: [Following; 9] = [
    Following {
        on: "createKey",
        with: KEY,
        operations: &["getKey", "updateKey", "rotateKey", "deleteKey"],
    },
    Following { on: "rotateKey", with: KEY, operations: &["endKeyOverlap", "getKey", "deleteKey"] },
    Following {
        on: "createSecret",
        with: SECRET,
        operations: &["getSecret", "getSecretAccess", "updateSecret", "deleteSecret"],
    },
    Following { on: "updateSecret", with: SECRET, operations: &["getSecret", "deleteSecret"] },
    Following {
        on: "setProvider",
        with: PROVIDER,
        operations: &["updateProvider", "setModel", "resolveCredential", "deleteProvider"],
    },
    Following { on: "updateProvider", with: PROVIDER, operations: &["setModel", "deleteProvider"] },
    Following { on: "setModel", with: MODEL, operations: &["resolveCredential", "deleteModel"] },
    Following { on: "createInvitation", with: INVITATION, operations: &["deleteInvitation"] },
    Following { on: "listUsers", with: FIRST_USER, operations: &["updateUser", "deleteUser"] },
];

const KEY: Parameters = &[("id", "$response.body#/data/id")];
const SECRET: Parameters = &[("key", "$response.body#/data/key")];
const PROVIDER: Parameters = &[("provider", "$response.body#/data/provider")];
const MODEL: Parameters =
    &[("provider", "$request.path.provider"), ("model", "$response.body#/data/model")];
const INVITATION: Parameters = &[("id", "$response.body#/data/id")];
const FIRST_USER: Parameters = &[("id", "$response.body#/data/0/id")];

const LISTS: [&str; 7] = [
    "listKeys",
    "listSecrets",
    "listProviders",
    "listUsers",
    "listInvitations",
    "listSessions",
    "listAuditEntries",
];
const NEXT: Parameters = &[("cursor", "$response.body#/nextCursor")];

/// Adds the links to the answers with status 200.
pub fn add(document: &mut OpenApi) {
    let items = document.paths.paths.values_mut();
    for (_, operation) in items.flat_map(operations) {
        let Some(from) = operation.operation_id.as_deref() else { continue };
        let following = FOLLOWING.iter().filter(|following| following.on == from);
        let named = following.flat_map(|Following { with, operations, .. }| {
            operations.iter().map(move |to| (*to, *with))
        });
        let next = LISTS.iter().filter(|id| **id == from).map(|id| (*id, NEXT));
        let links: Vec<_> = named.chain(next).collect();
        let Some(RefOr::T(done)) = operation.responses.responses.get_mut("200") else { continue };
        for (to, with) in links {
            done.links.insert(to.to_owned(), RefOr::T(link(to, with)));
        }
    }
}

fn link(to: &str, with: &[(&str, &str)]) -> Link {
    let link = LinkBuilder::new().operation_id(to);
    with.iter().fold(link, |link, (name, value)| link.parameter(*name, *value)).build()
}
