//! People with roles.

use keyward_api::roles::Role;
use serde_json::{Value, json};

use super::{Answer, App, Client, PASSWORD};

impl Client {
    /// Invites somebody; the token of the link.
    pub async fn invite(&self, email: &str, role: Role) -> String {
        let body = json!({ "email": email, "role": role });
        let data = self.post("/api/users/invitations", &body).await.expect(200).data();
        token(data["link"].as_str().unwrap()).to_owned()
    }

    pub async fn accept_invitation(&self, token: &str) -> Answer {
        let body = json!({ "token": token, "password": PASSWORD });
        self.post("/api/invitation", &body).await
    }

    /// With the password that everybody has here.
    pub async fn sign_in_as(&self, email: &str) -> Answer {
        self.post("/api/session", &json!({ "email": email, "password": PASSWORD })).await
    }

    /// Everybody as the list shows them.
    pub async fn users(&self) -> Vec<Value> {
        self.get("/api/users").await.expect(200).data().as_array().unwrap().clone()
    }

    /// The person with this address as the list shows them.
    pub async fn user(&self, email: &str) -> Value {
        let users = self.users().await;
        users.into_iter().find(|user| user["email"] == email).expect(email)
    }

    /// The path of the person with this address.
    pub async fn user_path(&self, email: &str) -> String {
        format!("/api/users/{}", self.user(email).await["id"].as_str().unwrap())
    }
}

impl App {
    /// A client that is signed in as a new person of this role.
    pub async fn person(&self, email: &str, role: Role) -> Client {
        let token = self.admin().await.invite(email, role).await;
        let client = self.anonymous();
        client.accept_invitation(&token).await.expect(200);
        client
    }
}

/// The token in the link of an invitation.
pub fn token(link: &str) -> &str {
    link.trim().split_once("/invitation#token=").expect(link).1
}
