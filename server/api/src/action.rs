//! Everything that the audit log records, by the words in which it is stored, listed and
//! looked for.

use serde::{Deserialize, Serialize};

/// One line for each action, so that its name, its word and its place in [`Action::ALL`] cannot
/// drift apart.
macro_rules! actions {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal,)*) => {
        /// What was done. The noun before the dot is what it was done to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Action {
            $($(#[doc = $doc])* #[serde(rename = $word)] $name,)*
        }

        impl Action {
            /// All of them, those of one noun side by side.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word for it, e.g. `secret.read`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

actions! {
    /// Somebody knows of a break of the log.
    AuditAcknowledge = "audit.acknowledge",
    /// The log was found changed; the entry stays as the sign of it.
    AuditBroken = "audit.broken",
    /// Old entries were closed, and are no longer stored.
    AuditCheckpoint = "audit.checkpoint",
    /// The log was handed out as a file.
    AuditExport = "audit.export",
    /// The log was read.
    AuditRead = "audit.read",
    /// Somebody said that a copy of the root key is kept in a safe place.
    EncryptionKeep = "encryption.keep",
    /// The first key was made.
    EncryptionMint = "encryption.mint",
    /// The stored keys were rewrapped under another root key, and a new audit key took over.
    EncryptionRewrap = "encryption.rewrap",
    /// A new data key took over, and all values were sealed under it.
    EncryptionRotate = "encryption.rotate",
    /// Somebody was invited.
    InvitationCreate = "invitation.create",
    /// An invitation was taken back.
    InvitationDelete = "invitation.delete",
    /// An API key was made.
    KeyCreate = "key.create",
    /// An API key was deleted.
    KeyDelete = "key.delete",
    /// An old API key was ended that still worked beside the one that replaced it.
    KeyRetire = "key.retire",
    /// An API key was replaced by another.
    KeyRotate = "key.rotate",
    /// An API key was renamed, or its scopes, expiry or state changed.
    KeyUpdate = "key.update",
    /// Somebody asked whether a key is good.
    KeyVerify = "key.verify",
    /// A provider or a model was deleted with its key.
    ProviderDelete = "provider.delete",
    /// The key of a provider or model was given out.
    ProviderResolve = "provider.resolve",
    /// The key of a provider or model was entered or replaced.
    ProviderSet = "provider.set",
    /// The base URL or the note of a provider was changed.
    ProviderUpdate = "provider.update",
    /// A secret was added.
    SecretCreate = "secret.create",
    /// A secret was deleted.
    SecretDelete = "secret.delete",
    /// The value of a secret was read.
    SecretRead = "secret.read",
    /// The value or description of a secret was changed.
    SecretUpdate = "secret.update",
    /// A person signed in, or tried to.
    SessionCreate = "session.create",
    /// A person signed out, or sessions were ended.
    SessionDelete = "session.delete",
    /// What is stored was accepted as it is, by a person at the command line.
    StoreAccept = "store.accept",
    /// Rows were found that were changed outside of Keyward.
    StoreAltered = "store.altered",
    /// Everything that is stored was written to a file.
    StoreBackup = "store.backup",
    /// A backup was restored into an empty store.
    StoreRestore = "store.restore",
    /// The rows of a store of an older version were signed, once.
    StoreSign = "store.sign",
    /// A person was added.
    UserCreate = "user.create",
    /// A person was removed.
    UserDelete = "user.delete",
    /// An account was connected with single sign-on.
    UserLink = "user.link",
    /// The password of an account was changed.
    UserPassword = "user.password",
    /// Two-factor was switched on or off, or got new recovery codes.
    UserTotp = "user.totp",
    /// The role of a person was changed, or the person was kept out or let in again.
    UserUpdate = "user.update",
}

impl Action {
    /// What it was done to, e.g. `secret`.
    pub fn noun(self) -> &'static str {
        let word = self.as_str();
        word.split_once('.').map_or(word, |(noun, _)| noun)
    }

    /// Whether something is another than before: what was only read or found, who came and
    /// went, is no change.
    pub fn is_change(self) -> bool {
        match self {
            Self::AuditBroken
            | Self::AuditExport
            | Self::AuditRead
            | Self::KeyVerify
            | Self::ProviderResolve
            | Self::SecretRead
            | Self::SessionCreate
            | Self::SessionDelete
            | Self::StoreAltered
            | Self::StoreBackup => false,
            Self::AuditAcknowledge
            | Self::AuditCheckpoint
            | Self::EncryptionKeep
            | Self::EncryptionMint
            | Self::EncryptionRewrap
            | Self::EncryptionRotate
            | Self::InvitationCreate
            | Self::InvitationDelete
            | Self::KeyCreate
            | Self::KeyDelete
            | Self::KeyRetire
            | Self::KeyRotate
            | Self::KeyUpdate
            | Self::ProviderDelete
            | Self::ProviderSet
            | Self::ProviderUpdate
            | Self::SecretCreate
            | Self::SecretDelete
            | Self::SecretUpdate
            | Self::StoreAccept
            | Self::StoreRestore
            | Self::StoreSign
            | Self::UserCreate
            | Self::UserDelete
            | Self::UserLink
            | Self::UserPassword
            | Self::UserTotp
            | Self::UserUpdate => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_action_has_a_word_of_its_own_with_a_noun_and_a_verb() {
        let words: HashSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(words.len(), Action::ALL.len());
        for word in words {
            assert_eq!(word.split('.').filter(|part| !part.is_empty()).count(), 2, "{word}");
        }
    }

    #[test]
    fn actions_of_one_noun_are_side_by_side() {
        let mut nouns: Vec<_> = Action::ALL.iter().map(|action| action.noun()).collect();
        nouns.dedup();
        let distinct: HashSet<_> = nouns.iter().collect();
        assert_eq!(distinct.len(), nouns.len(), "{nouns:?}");
    }

    #[test]
    fn the_word_is_that_of_the_json() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
    }
}
