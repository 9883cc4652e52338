//! A hundred people with a hundred sessions each.

use keyward_api::roles::Role;
use serde_json::json;

use crate::support::{App, Backend, EMAIL, on_both_databases};

on_both_databases!(with_ten_thousand_sessions_requests_and_sign_ins_go_on);

async fn with_ten_thousand_sessions_requests_and_sign_ins_go_on(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    app.execute(
        "INSERT INTO users (id, email, password_hash, created_at, role) \
         WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 199) \
         SELECT '00000000-0000-7000-8000-000000000' || CAST(i AS VARCHAR), \
         'p' || CAST(i AS VARCHAR) || '@example.com', u.password_hash, u.created_at, 'viewer' \
         FROM n, users u",
    )
    .await;
    app.execute(
        "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at) \
         WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 199) \
         SELECT CAST(i AS VARCHAR) || u.id, u.id, s.created_at, s.last_seen_at, s.expires_at \
         FROM n, users u, sessions s WHERE u.role = 'viewer'",
    )
    .await;
    app.accept().await;
    assert_eq!(admin.user("p123@example.com").await["sessions"], 100);
    let bob = app.person("bob@example.com", Role::Editor).await;
    bob.add_secret("A", "v").await;
    // The hundred and first session of a person ends the one that was used least lately.
    let client = app.anonymous();
    client.sign_in_as("p123@example.com").await.expect(200);
    client.get("/api/session").await.expect(200);
    assert_eq!(admin.user("p123@example.com").await["sessions"], 100);
    let path = admin.user_path("p150@example.com").await;
    let out = admin.patch(&path, &json!({ "disabled": true })).await.expect(200).data();
    assert_eq!(out["sessions"], 0);
    let sibling = app.sibling().await;
    sibling.anonymous().sign_in_as(EMAIL).await.expect(200);
    admin.get("/api/session").await.expect(200);
}
