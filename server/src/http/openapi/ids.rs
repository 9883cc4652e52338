//! Operation ids that are unique: generators of clients name functions after them.

use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

use super::operations::operations;

/// One handler answers every method of forward auth under one id: each method but GET is added
/// to it.
pub fn distinguish(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let operations = operations(item);
        let ids: Vec<_> = operations.iter().map(|(_, o)| o.operation_id.clone()).collect();
        let is_shared = |id: &Option<String>| ids.iter().filter(|other| *other == id).count() > 1;
        for (method, operation) in operations {
            if method != "GET" && is_shared(&operation.operation_id) {
                add(method, operation);
            }
        }
    }
}

/// `verifyCaller` -> `verifyCallerByPost`.
fn add(method: &str, operation: &mut Operation) {
    let (first, rest) = method.split_at(1);
    let id = operation.operation_id.take().unwrap_or_default();
    operation.operation_id = Some(format!("{id}By{first}{}", rest.to_lowercase()));
}
