//! Every path of the API, for the server that answers it and for those who ask. `{id}` stands for
//! one segment.

/// The state of the first start, and the first administrator.
pub const SETUP: &str = "/api/setup";
/// Sign in, sign out, who am I.
pub const SESSION: &str = "/api/session";

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

/// The audit log.
pub const AUDIT: &str = "/api/admin/audit";
/// Whether all of it is as it was written.
pub const AUDIT_VERIFY: &str = "/api/admin/audit/verify";
/// How far that check is.
pub const AUDIT_VERIFY_PROGRESS: &str = "/api/admin/audit/verify/progress";
/// All of it as a file.
pub const AUDIT_EXPORT: &str = "/api/admin/audit/export";
