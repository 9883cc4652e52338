//! What is known of the provider: its metadata and keys (OpenID Connect Discovery 1.0), fetched
//! when they are needed and kept for an hour.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{CoreAuthenticationFlow, CoreClientAuthMethod};
use openidconnect::{
    AuthType, Client, ClientId, ClientSecret, CsrfToken, DiscoveryError, IssuerUrl, LogoutRequest,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, Scope,
};
use tokio::sync::Mutex;
use url::Url;

use super::flow::Flow;
use super::http::{HttpClient, HttpError, TIMEOUT};
use super::protocol::{Metadata, OidcClient};
use super::refusal::SsoRefusal;
use crate::clock::Clock;
use crate::config::OidcConfig;

/// Metadata and keys are fetched again after this time.
const KEPT: Duration = Duration::from_hours(1);
/// Keys that are not known are looked for this often at most, whatever tokens name them.
const BETWEEN_FETCHES: Duration = Duration::from_secs(10);
/// After a failure, nobody waits for the provider for so long.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The provider. Cheap to clone; `Debug` shows no secret.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    config: OidcConfig,
    http: HttpClient,
    clock: Clock,
    issuer: IssuerUrl,
    /// Where it sends the browser back to.
    callback: RedirectUrl,
    /// Where it sends the browser after signing out.
    signed_out: PostLogoutRedirectUrl,
    /// Locked while it is fetched: those who come meanwhile share what one of them gets.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// With the moment when it was fetched, by the monotonic clock.
    metadata: Option<(Arc<Metadata>, Duration)>,
    failure: Option<(SsoRefusal, Duration)>,
}

/// The configuration cannot be used; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("single sign-on cannot be used: {0}")]
pub struct UnusableConfig(String);

impl Provider {
    /// The provider of people who use this server at `public_url`. Nothing is fetched yet.
    pub fn new(config: OidcConfig, public_url: &Url, clock: Clock) -> Result<Self, UnusableConfig> {
        let unusable = |error: &dyn fmt::Display| UnusableConfig(error.to_string());
        let http = HttpClient::new(&config.authorities, config.is_plain(), TIMEOUT);
        let http = http.map_err(|error| unusable(&error))?;
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|error| unusable(&error))?;
        let at = |path: &str| {
            let mut url = public_url.clone();
            url.set_path(path);
            url
        };
        let callback = RedirectUrl::from_url(at(keyward_api::paths::OIDC_CALLBACK));
        let signed_out = PostLogoutRedirectUrl::from_url(at("/login"));
        let known = Mutex::default();
        Ok(Self(Arc::new(Inner { config, http, clock, issuer, callback, signed_out, known })))
    }

    pub fn config(&self) -> &OidcConfig {
        &self.0.config
    }

    pub(super) fn http(&self) -> &HttpClient {
        &self.0.http
    }

    /// The address at the provider where the person of this flow signs in.
    pub async fn authorization_url(&self, flow: &Flow) -> Result<Url, SsoRefusal> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata);
        let [state, nonce] = [&flow.state, &flow.nonce].map(|text| text.expose().to_owned());
        let verifier = PkceCodeVerifier::new(flow.verifier.expose().to_owned());
        let request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(self.scopes(&metadata));
        let (url, ..) = request.url();
        // The browser goes there, whatever it is.
        if url.scheme() == "https" || self.config().is_plain() && url.scheme() == "http" {
            Ok(url)
        } else {
            Err(SsoRefusal::unavailable("its authorization endpoint is no https address"))
        }
    }

    fn scopes(&self, metadata: &Metadata) -> Vec<Scope> {
        let supported = |name: &str| {
            let scopes = metadata.scopes_supported();
            scopes.is_some_and(|scopes| scopes.iter().any(|scope| scope.as_str() == name))
        };
        let groups = self.config().groups.is_configured() && supported("groups");
        let wanted = [("email", true), ("profile", true), ("groups", groups)];
        let wanted = wanted.into_iter().filter(|(_, wanted)| *wanted);
        wanted.map(|(name, _)| Scope::new(name.to_owned())).collect()
    }

    /// Where the browser goes to sign out there too, if the provider has such a place.
    pub async fn sign_out_url(&self) -> Option<String> {
        let metadata = self.metadata().await.ok()?;
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone()?;
        let is_safe = endpoint.url().scheme() == "https"
            || self.config().is_plain() && endpoint.url().scheme() == "http";
        let request = LogoutRequest::from(endpoint)
            .set_client_id(ClientId::new(self.config().client_id.clone()))
            .set_post_logout_redirect_uri(self.0.signed_out.clone());
        is_safe.then(|| request.http_get_url().into())
    }

    /// Refuses an answer of another provider (RFC 9207), which may have been begun there to be
    /// completed here.
    pub(super) fn check_issuer(
        &self,
        metadata: &Metadata,
        parameter: Option<&str>,
    ) -> Result<(), SsoRefusal> {
        let is_sent = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match parameter {
            Some(issuer) if issuer == self.config().issuer => Ok(()),
            Some(_) => Err(SsoRefusal::provider("the answer names another issuer")),
            None if is_sent => Err(SsoRefusal::provider("the answer does not name its issuer")),
            None => Ok(()),
        }
    }

    /// The client with the keys that are known.
    pub(super) fn client(&self, metadata: &Metadata) -> OidcClient {
        let Inner { config, callback, .. } = &*self.0;
        let secret = config.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let id = ClientId::new(config.client_id.clone());
        let client = Client::from_provider_metadata(metadata.clone(), id, secret);
        client.set_redirect_uri(callback.clone()).set_auth_type(auth_type(metadata))
    }

    /// What is known, fetched if it is not.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, SsoRefusal> {
        let mut known = self.0.known.lock().await;
        let now = self.0.clock.monotonic();
        if let Some((metadata, at)) = &known.metadata
            && now.saturating_sub(*at) < KEPT
        {
            return Ok(metadata.clone());
        }
        self.fetch(&mut known).await
    }

    /// What is known now, if `used` turned out to be of an earlier day: fetched again, unless that
    /// was done a moment ago.
    pub(super) async fn newer_than(
        &self,
        used: &Arc<Metadata>,
    ) -> Result<Arc<Metadata>, SsoRefusal> {
        let mut known = self.0.known.lock().await;
        let now = self.0.clock.monotonic();
        if let Some((metadata, at)) = &known.metadata
            && (!Arc::ptr_eq(metadata, used) || now.saturating_sub(*at) < BETWEEN_FETCHES)
        {
            return Ok(metadata.clone());
        }
        self.fetch(&mut known).await
    }

    async fn fetch(&self, known: &mut Known) -> Result<Arc<Metadata>, SsoRefusal> {
        let now = self.0.clock.monotonic();
        if let Some((failure, at)) = &known.failure
            && now.saturating_sub(*at) < AFTER_FAILURE
        {
            return Err(failure.clone());
        }
        let fetched = Metadata::discover_async(self.0.issuer.clone(), &self.0.http).await;
        match fetched {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known { metadata: Some((metadata.clone(), now)), failure: None };
                Ok(metadata)
            }
            Err(error) => {
                let failure = not_discovered(error);
                tracing::error!(detail = %failure.detail, "the identity provider cannot be used");
                known.failure = Some((failure.clone(), now));
                Err(failure)
            }
        }
    }
}

/// In which way the provider takes the client's secret. `client_secret_basic` where nothing is said
/// (Discovery 1.0, section 3).
fn auth_type(metadata: &Metadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let takes = |method| methods.is_some_and(|methods| methods.contains(&method));
    let by_post = takes(CoreClientAuthMethod::ClientSecretPost)
        && !takes(CoreClientAuthMethod::ClientSecretBasic);
    if by_post { AuthType::RequestBody } else { AuthType::BasicAuth }
}

/// Without any text of the provider.
fn not_discovered(error: DiscoveryError<HttpError>) -> SsoRefusal {
    SsoRefusal::unavailable(match error {
        DiscoveryError::Request(error) => format!("metadata or keys: {error}"),
        DiscoveryError::Response(status, ..) => {
            format!("metadata or keys: it answered {} with no such JSON", status.as_u16())
        }
        DiscoveryError::Validation(_) => "its metadata name another issuer than \
             KEYWARD_OIDC_ISSUER (a slash at the end counts)"
            .to_owned(),
        _ => "its metadata or keys are not what OpenID Connect Discovery asks for".to_owned(),
    })
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.config().issuer).finish_non_exhaustive()
    }
}
