//! A back end that asks Keyward who calls; what `server/docs/back-ends.md` shows of it is above `main`.

use axum::{Extension, Router, routing::get};
use keyward_tower::{Caller, ConfigError, KeywardLayer};

/// Lets keys with the scope `orders:read` in, and nobody else.
pub fn app(url: &str, key: &str) -> Result<Router, ConfigError> {
    let keyward = KeywardLayer::new(url, key)?.with_scope("orders:read")?;
    Ok(Router::new().route("/orders", get(orders)).layer(keyward))
}

async fn orders(Extension(caller): Extension<Caller>) -> String {
    format!("Hello, {}", caller.name)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = app(&std::env::var("KEYWARD_URL")?, &std::env::var("KEYWARD_KEY")?)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
