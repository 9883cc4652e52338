//! The document as it is checked in, and what clients and their generators rely on.

use std::collections::BTreeSet;
use std::{env, fs};

use serde_json::Value;

use crate::http::router;

/// The checked in document, as it is served over https.
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

fn document() -> Value {
    let (_, document) = router::described("__Host-keyward_session");
    serde_json::to_value(&document).unwrap()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let mut all = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            all.push((format!("{method} {path}"), operation));
        }
    }
    all
}

fn visit<'a>(value: &'a Value, found: &mut impl FnMut(&'a str, &'a Value)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                found(name, member);
                visit(member, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, found)),
        _ => (),
    }
}

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    let made = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if env::var_os("KEYWARD_WRITE_OPENAPI").is_some() {
        fs::write(PATH, &made).unwrap();
    }
    let kept = fs::read_to_string(PATH).unwrap_or_default();
    assert!(kept == made, "server/openapi.json is not up to date: make openapi");
}

#[test]
fn every_reference_leads_to_a_component() {
    let document = document();
    let mut references = BTreeSet::new();
    visit(&document, &mut |name, value| {
        if name == "$ref" {
            references.insert(value.as_str().unwrap());
        }
    });
    assert!(references.len() > 50, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn operation_ids_are_unique_and_links_lead_to_them() {
    let document = document();
    let operations = operations(&document);
    let id =
        |(_, operation): &(String, &Value)| operation["operationId"].as_str().unwrap().to_owned();
    let ids: BTreeSet<_> = operations.iter().map(id).collect();
    assert_eq!(ids.len(), operations.len(), "{ids:?}");
    let mut links = 0;
    for (_, operation) in &operations {
        visit(&operation["responses"], &mut |name, value| {
            if name == "operationId" {
                links += 1;
                assert!(ids.contains(value.as_str().unwrap()), "{value}");
            }
        });
    }
    assert!(links > 20, "{links}");
}

#[test]
fn every_refusal_is_a_problem_and_every_answer_is_described() {
    let document = document();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("4XX") && responses.contains_key("5XX"), "{name}");
        for (status, response) in responses {
            let reference = response["$ref"].as_str();
            let response = match reference {
                Some(reference) => document.pointer(&reference[1..]).unwrap(),
                None => response,
            };
            assert!(!response["description"].as_str().unwrap().is_empty(), "{name} {status}");
            let Some(content) = response["content"].as_object() else {
                assert_eq!(status, "303", "{name}");
                continue;
            };
            if status != "200" {
                let schema = &content["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
                assert_eq!(content.len(), 1, "{name} {status}");
            }
        }
    }
}

/// But those of forward auth, which are the proxy's and as long as HTTP has them.
#[test]
fn every_parameter_has_limits() {
    let document = document();
    let of_routes = |(name, _): &(String, &Value)| !name.contains("/api/verify");
    for (name, operation) in operations(&document).into_iter().filter(of_routes) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = &parameter["schema"];
            let schema = match schema["$ref"].as_str() {
                Some(reference) => document.pointer(&reference[1..]).unwrap(),
                None => schema,
            };
            let limits = ["maxLength", "maximum", "enum", "pattern", "format", "anyOf"];
            let is_limited = limits.iter().any(|limit| schema.get(limit).is_some());
            assert!(is_limited || schema["type"] == "boolean", "{name} {parameter}");
        }
    }
}
