//! The database away: verification goes on, everything else says 503 and never 401.

use http::Method;
use serde_json::json;

use crate::support::{App, Backend, EMAIL, PASSWORD, on_both_databases};

on_both_databases!(verification_goes_on_and_writes_answer_503_while_the_database_is_away);

async fn verification_goes_on_and_writes_answer_503_while_the_database_is_away(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    app.state.db.close_by_ref().await.unwrap();

    app.verify(&key).await.expect(200);
    app.verify("unknown").await.expect(401);
    let sign_in = json!({ "email": EMAIL, "password": PASSWORD });
    let key_path = format!("/api/keys/{id}");
    let (rotate_path, overlap_path) = (format!("{key_path}/rotate"), format!("{key_path}/overlap"));
    for (method, path, body) in [
        (Method::GET, "/api/keys", None),
        (Method::POST, "/api/keys", Some(json!({ "name": "m" }))),
        (Method::PATCH, key_path.as_str(), Some(json!({ "enabled": false }))),
        (Method::DELETE, key_path.as_str(), None),
        (Method::POST, rotate_path.as_str(), Some(json!({ "graceSeconds": 60 }))),
        (Method::DELETE, overlap_path.as_str(), None),
        (Method::GET, "/api/session", None),
        (Method::POST, "/api/session", Some(sign_in)),
        (Method::DELETE, "/api/session", None),
        (Method::GET, "/api/setup", None),
        (Method::GET, "/api/secrets", None),
        (Method::GET, "/api/secrets/A", None),
        (Method::PUT, "/api/secrets/A", Some(json!({ "value": "v" }))),
        (Method::DELETE, "/api/secrets/A", None),
        (Method::GET, "/api/admin/encryption", None),
        (Method::POST, "/api/admin/encryption/rotate", None),
        (Method::GET, "/api/admin/audit", None),
        (Method::GET, "/api/admin/audit/verify", None),
        (Method::GET, "/readyz", None),
    ] {
        let answer = match body {
            Some(body) => admin.json(method, path, &body).await,
            None => admin.send(method, path, &[], None).await,
        };
        answer.expect_problem(
            503,
            "store_unavailable",
            "The database did not answer, so nothing was changed. Try again.",
        );
    }
    app.verify(&key).await.expect(200);
    app.anonymous().get("/livez").await.expect(200);
}
