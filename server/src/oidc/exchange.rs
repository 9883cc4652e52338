//! A code becomes an identity: OpenID Connect Core 1.0, sections 3.1.3 and 5.3. The library checks
//! signature, issuer, audience and nonce; the rest is here:
//!
//! 1. Only asymmetric signatures count: with the public key, or a secret that several know, anybody
//!    could sign.
//! 2. Clocks may differ by 60 s, both ways.
//! 3. `azp`, if it is there, is this client.
//! 4. `at_hash`, if it is there, is that of the access token.
//! 5. A key that is not known may be a new one: the keys are fetched again, once.
//! 6. What the ID token does not say is asked of the userinfo endpoint, about the same subject.

use std::sync::Arc;
use std::time::SystemTime;

use openidconnect::core::{CoreGenderClaim, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClaimsVerificationError, ClientId,
    ErrorResponse, IdTokenVerifier, Nonce, OAuth2TokenResponse, PkceCodeVerifier,
    RequestTokenError, SignatureVerificationError, SubjectIdentifier, TokenResponse as _,
    UserInfoClaims, UserInfoError,
};
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use super::claims::{self, Identity, OtherClaims};
use super::flow::Flow;
use super::http::HttpError;
use super::protocol::{Metadata, TokenResponse};
use super::provider::Provider;
use super::refusal::SsoRefusal;

/// Rule 2.
const SKEW: Duration = Duration::seconds(60);

const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

impl Provider {
    /// Who signed in, by the code that the browser brought in this flow.
    pub async fn identify(
        &self,
        code: &str,
        issuer: Option<&str>,
        flow: &Flow,
        now: OffsetDateTime,
    ) -> Result<Identity, SsoRefusal> {
        let metadata = self.metadata().await?;
        self.check_issuer(&metadata, issuer)?;
        let tokens = self.exchange(&metadata, code, flow).await?;
        let (metadata, mut claims) = match self.verified(&metadata, &tokens, flow, now) {
            Err(Unverified::UnknownKey) => {
                let newer = self.newer_than(&metadata).await?;
                let claims = self.verified(&newer, &tokens, flow, now)?;
                (newer, claims)
            }
            other => (metadata, other?),
        };
        let groups = &self.config().groups;
        if !claims::are_complete(&claims, groups) && metadata.userinfo_endpoint().is_some() {
            let more = self.userinfo(&metadata, tokens.access_token(), &claims).await?;
            claims::add_missing(&mut claims, more);
        }
        let identity = Identity::of(&self.config().issuer, &claims, groups);
        identity.ok_or_else(|| SsoRefusal::provider("the ID token names no usable subject"))
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        flow: &Flow,
    ) -> Result<TokenResponse, SsoRefusal> {
        let client = self.client(metadata);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| SsoRefusal::unavailable("its metadata name no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.expose().to_owned()));
        request.request_async(self.http()).await.map_err(not_exchanged)
    }

    /// The claims of the ID token, if all of it holds.
    fn verified(
        &self,
        metadata: &Arc<Metadata>,
        tokens: &TokenResponse,
        flow: &Flow,
        now: OffsetDateTime,
    ) -> Result<Map<String, Value>, Unverified> {
        let token = tokens.id_token().ok_or(Unverified::Wrong("there is no ID token"))?;
        let client_id = ClientId::new(self.config().client_id.clone());
        let (issuer, keys) = (metadata.issuer().clone(), metadata.jwks().clone());
        let earliest = SystemTime::from(now - SKEW);
        let latest = (now + SKEW).unix_timestamp();
        // That of a public client takes no secret for a key, whether or not there is one.
        let verifier: IdTokenVerifier<'_, CoreJsonWebKey> =
            IdTokenVerifier::new_public_client(client_id.clone(), issuer, keys)
                .set_allowed_algs(ALGORITHMS)
                .set_time_fn(move || earliest.into())
                .set_issue_time_verifier_fn(move |issued| {
                    let is_past = issued.timestamp() <= latest;
                    if is_past { Ok(()) } else { Err("issued in the future".to_owned()) }
                });
        let nonce = Nonce::new(flow.nonce.expose().to_owned());
        let claims = token.claims(&verifier, &nonce)?;
        if claims.authorized_party().is_some_and(|party| *party != client_id) {
            return Err(Unverified::Wrong("the ID token is for another party (azp)"));
        }
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|_| Unverified::UNSIGNED)?;
            let key = token.signing_key(&verifier).map_err(|_| Unverified::UNSIGNED)?;
            let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            if hash.ok().as_ref() != Some(expected) {
                return Err(Unverified::Wrong("the access token is another one (at_hash)"));
            }
        }
        match serde_json::to_value(claims) {
            Ok(Value::Object(claims)) => Ok(claims),
            _ => Err(Unverified::Wrong("the ID token holds no claims")),
        }
    }

    async fn userinfo(
        &self,
        metadata: &Metadata,
        token: &AccessToken,
        claims: &Map<String, Value>,
    ) -> Result<Map<String, Value>, SsoRefusal> {
        // The library puts it into a header as it is.
        if !token.secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SsoRefusal::provider("the access token is none"));
        }
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let client = self.client(metadata);
        let request = client
            .user_info(token.clone(), Some(SubjectIdentifier::new(subject)))
            .map_err(|_| SsoRefusal::unavailable("its metadata name no userinfo endpoint"))?;
        let answered = request.request_async(self.http()).await;
        let more: UserInfoClaims<OtherClaims, CoreGenderClaim> = answered.map_err(not_informed)?;
        match serde_json::to_value(more) {
            Ok(Value::Object(more)) => Ok(more),
            _ => Err(SsoRefusal::provider("the userinfo endpoint answers no claims")),
        }
    }
}

/// Why an ID token is not believed.
enum Unverified {
    /// It is signed with a key that is not known.
    UnknownKey,
    Wrong(&'static str),
}

impl Unverified {
    const UNSIGNED: Self = Self::Wrong("the signature of the ID token is wrong");
}

/// Our words: the library's repeat what the token says.
impl From<ClaimsVerificationError> for Unverified {
    fn from(error: ClaimsVerificationError) -> Self {
        use ClaimsVerificationError as Claims;
        use SignatureVerificationError as Signature;
        match error {
            Claims::SignatureVerification(Signature::NoMatchingKey) => Self::UnknownKey,
            Claims::SignatureVerification(Signature::NoSignature) => {
                Self::Wrong("the ID token is not signed")
            }
            Claims::SignatureVerification(
                Signature::DisallowedAlg(_) | Signature::UnsupportedAlg(_),
            ) => Self::Wrong("the ID token is signed in a way that is not accepted"),
            Claims::SignatureVerification(_) => Self::UNSIGNED,
            Claims::Expired(_) => Self::Wrong(
                "the ID token has expired, or was issued in the future: are both clocks right?",
            ),
            Claims::InvalidAudience(_) => Self::Wrong("the ID token is for another audience"),
            Claims::InvalidIssuer(_) => Self::Wrong("the ID token is of another issuer"),
            Claims::InvalidNonce(_) => Self::Wrong("the ID token is of another sign-in (nonce)"),
            _ => Self::Wrong("the ID token cannot be used"),
        }
    }
}

impl From<Unverified> for SsoRefusal {
    fn from(error: Unverified) -> Self {
        Self::provider(match error {
            Unverified::UnknownKey => "the ID token is signed with a key that is not known",
            Unverified::Wrong(detail) => detail,
        })
    }
}

/// Whether a code of the provider may stand in a log: by its form it is one of a specification.
pub fn is_plain_code(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn not_exchanged<E: ErrorResponse>(error: RequestTokenError<HttpError, E>) -> SsoRefusal {
    match error {
        RequestTokenError::Request(error) => {
            SsoRefusal::unavailable(format!("token endpoint: {error}"))
        }
        RequestTokenError::ServerResponse(response) => {
            let code = serde_json::to_value(&response).unwrap_or_default();
            match code.get("error").and_then(Value::as_str).filter(|code| is_plain_code(code)) {
                Some(code) => SsoRefusal::provider(format!("the token endpoint refuses: {code}")),
                None => SsoRefusal::provider("the token endpoint refuses"),
            }
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            SsoRefusal::provider("the token endpoint answers something else than tokens")
        }
    }
}

fn not_informed(error: UserInfoError<HttpError>) -> SsoRefusal {
    match error {
        UserInfoError::Request(error) => {
            SsoRefusal::unavailable(format!("userinfo endpoint: {error}"))
        }
        UserInfoError::ClaimsVerification(_) => {
            SsoRefusal::provider("the userinfo endpoint answers about somebody else")
        }
        _ => SsoRefusal::provider("the userinfo endpoint answers something else than claims"),
    }
}
