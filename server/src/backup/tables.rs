//! The tables of a store and what their columns hold. A test fails when the schema has another.

use keyward_core::backup::{Kind, Table};

/// Each table, by which column its rows are sorted, and its columns by what they hold.
macro_rules! tables {
    ($($table:ident by $id:ident { $($kind:ident: $($column:ident)+;)+ })+) => {
        /// The tables of this version, each with the column by which its rows are sorted. In an
        /// order in which no row refers to a later table.
        pub fn all() -> Vec<(&'static str, Table)> {
            vec![$((
                stringify!($id),
                Table {
                    name: stringify!($table).to_owned(),
                    columns: vec![$($((stringify!($column).to_owned(), Kind::$kind),)+)+],
                },
            ),)+]
        }
    };
}

tables! {
    encryption_keys by id {
        Text: id purpose state kek_id created_by;
        Integer: version;
        Bytes: wrapped;
        Time: created_at retired_at;
    }
    generation by id {
        Integer: id n count;
        Bytes: sum mac;
    }
    settings by id {
        Text: id type key value last_used_address;
        Time: created_at updated_at last_used_at former_last_used_at;
        Bytes: mac;
    }
    key_changes by n {
        Integer: n mark;
        Text: key_id;
    }
    key_creations by id {
        Text: id request key_id;
        Time: created_at;
    }
    verification_hours by hour {
        Integer: hour accepted refused;
    }
    users by id {
        Text: id email password_hash role totp_id recovery_codes sso_issuer sso_subject;
        Integer: totp_step;
        Boolean: is_disabled is_email_verified;
        Time: created_at last_sign_in_at;
        Bytes: mac;
    }
    sessions by token_hash {
        Text: token_hash user_id device address signed_in_by;
        Time: created_at last_seen_at expires_at;
        Bytes: mac seen_mac;
    }
    invitations by id {
        Text: id token_hash email role created_by;
        Time: created_at expires_at;
        Bytes: mac;
    }
    totp_secrets by id {
        Text: id user_id key_id;
        Bytes: encrypted_value;
        Time: created_at;
    }
    secrets by id {
        Text: id key key_id description created_by;
        Bytes: encrypted_value iv mac;
        Time: created_at updated_at;
    }
    provider_credentials by id {
        Text: id key_id hint base_url note created_by;
        Bytes: encrypted_value mac;
        Time: created_at updated_at;
    }
    model_credentials by id {
        Text: id provider model key_id hint created_by;
        Bytes: encrypted_value mac;
        Time: created_at updated_at;
    }
    audit_log by seq {
        Integer: seq time;
        Text: actor_kind actor_id actor_name action target outcome detail request_id address;
        Bytes: prev_hash entry_hash mac;
    }
    audit_head by id {
        Integer: id seq;
        Bytes: entry_hash mac sets sets_mac;
    }
}
