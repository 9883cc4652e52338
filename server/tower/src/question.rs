//! What Keyward is asked about a request.

use std::net::IpAddr;

use http::request::Parts;
use keyward_api::scopes::Scope;
use keyward_api::verification::{Verdict, VerifyKey};
use keyward_client::{Client, ClientError};

/// Finds the address of the client in a request.
pub type ClientAddress = fn(&Parts) -> Option<IpAddr>;

/// What is asked, the same for every request of a layer.
#[derive(Clone, Debug)]
pub struct Question {
    pub client: Client,
    pub scope: Option<Scope>,
    pub address: Option<ClientAddress>,
}

impl Question {
    /// Asks about the key that came with a request.
    pub fn ask(
        &self,
        key: &str,
        parts: &Parts,
    ) -> impl Future<Output = Result<Verdict, ClientError>> + Send + use<> {
        // A socket for both families shows IPv4 callers as ::ffff:192.0.2.1, which no IPv4
        // network has.
        let address = self.address.and_then(|find| find(parts)).as_ref().map(IpAddr::to_canonical);
        let (key, scope) = (key.to_owned().into(), self.scope.clone());
        self.client.verify(&VerifyKey { key, scope, address })
    }
}
