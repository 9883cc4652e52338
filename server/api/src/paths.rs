//! Every path of the API, for the server that answers it and for those who ask. `{id}` stands for
//! one segment.

/// The state of the first start, and the first administrator.
pub const SETUP: &str = "/api/setup";
/// Sign in, sign out, who am I.
pub const SESSION: &str = "/api/session";
/// The password of the person who is signed in.
pub const SESSION_PASSWORD: &str = "/api/session/password";
/// Two-factor of the person who is signed in.
pub const TOTP: &str = "/api/session/totp";
/// No more codes are asked for.
pub const TOTP_DISABLE: &str = "/api/session/totp/disable";
/// New recovery codes in place of those before.
pub const TOTP_RECOVERY_CODES: &str = "/api/session/totp/recovery-codes";
/// The sessions of the person who is signed in.
pub const SESSIONS: &str = "/api/sessions";
/// One of them.
pub const SESSION_BY_ID: &str = "/api/sessions/{id}";

/// Where single sign-on begins.
pub const OIDC_START: &str = "/api/oidc/start";
/// Where the identity provider sends the browser.
pub const OIDC_CALLBACK: &str = "/api/oidc/callback";

/// People.
pub const USERS: &str = "/api/users";
/// One of them.
pub const USER: &str = "/api/users/{id}";
/// Invitations.
pub const INVITATIONS: &str = "/api/users/invitations";
/// One of them.
pub const INVITATION_BY_ID: &str = "/api/users/invitations/{id}";
/// Accepts one.
pub const INVITATION: &str = "/api/invitation";
/// What one is for.
pub const INVITATION_CHECK: &str = "/api/invitation/check";

/// What a person sees first.
pub const OVERVIEW: &str = "/api/overview";
/// Somebody keeps a copy of the root key.
pub const ROOT_KEY_KEPT: &str = "/api/overview/root-key-kept";

/// Named API keys.
pub const KEYS: &str = "/api/keys";
/// One of them.
pub const KEY: &str = "/api/keys/{id}";
/// Replaces it.
pub const KEY_ROTATE: &str = "/api/keys/{id}/rotate";
/// The replaced key that still works beside it.
pub const KEY_OVERLAP: &str = "/api/keys/{id}/overlap";
/// Whether the key of another caller is good.
pub const KEYS_VERIFY: &str = "/api/keys/verify";
/// Forward auth, any method.
pub const VERIFY: &str = "/api/verify";
/// The same for Envoy, which puts the path of its client behind it.
pub const VERIFY_ENVOY: &str = "/api/verify/envoy";

/// Secrets.
pub const SECRETS: &str = "/api/secrets";
/// One of them.
pub const SECRET: &str = "/api/secrets/{key}";
/// Who can read it, and who last did.
pub const SECRET_ACCESS: &str = "/api/secrets/{key}/access";

/// Providers and their models.
pub const PROVIDERS: &str = "/api/providers";
/// One of them.
pub const PROVIDER: &str = "/api/providers/{provider}";
/// A model of it.
pub const MODEL: &str = "/api/providers/{provider}/models/{model}";
/// Which credential is to be used.
pub const RESOLVE: &str = "/api/resolve";

/// Data keys.
pub const ENCRYPTION: &str = "/api/admin/encryption";
/// A new one takes over.
pub const ENCRYPTION_ROTATE: &str = "/api/admin/encryption/rotate";

/// The servers of this store.
pub const REPLICAS: &str = "/api/admin/replicas";
/// The audit log.
pub const AUDIT: &str = "/api/admin/audit";
/// Whether all of it is as it was written.
pub const AUDIT_VERIFY: &str = "/api/admin/audit/verify";
/// How far that check is.
pub const AUDIT_VERIFY_PROGRESS: &str = "/api/admin/audit/verify/progress";
/// All of it as a file.
pub const AUDIT_EXPORT: &str = "/api/admin/audit/export";
