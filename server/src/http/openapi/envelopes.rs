//! utoipa writes what a generic envelope holds into the envelope. A reference to its schema
//! gives a generated client one type for each noun instead of one for each answer.

use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::{OpenApi, Ref, RefOr};

/// Lets `Data_X` and `Page_X` refer to `X`.
pub fn refer(document: &mut OpenApi) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    let names: Vec<String> = schemas.keys().cloned().collect();
    for envelope in &names {
        let held = envelope.split_once('_').map(|(_, held)| held.to_owned());
        let Some(held) = held.filter(|held| names.contains(held)) else { continue };
        if let Some(RefOr::T(Schema::Object(object))) = schemas.get_mut(envelope)
            && let Some(data) = object.properties.get_mut("data")
        {
            point(data, &held);
        }
    }
}

fn point(data: &mut RefOr<Schema>, held: &str) {
    let reference = RefOr::Ref(Ref::from_schema_name(held));
    match data {
        RefOr::T(Schema::Array(list)) => {
            list.items = ArrayItems::RefOrSchema(Box::new(reference));
        }
        _ => *data = reference,
    }
}
