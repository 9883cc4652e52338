//! People with roles: what each may do, who is kept out, two-factor, single sign-on, what a session
//! began with, and invitations. Everybody of before is an administrator, as they were.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, blob, blob_null, boolean, string_len, string_len_null, string_len_uniq,
    text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Role,
    IsDisabled,
    IsEmailVerified,
    LastSignInAt,
    TotpId,
    TotpStep,
    RecoveryCodes,
    SsoIssuer,
    SsoSubject,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    Device,
    Address,
    SignedInBy,
}

#[derive(DeriveIden)]
enum Invitations {
    Table,
    Id,
    TokenHash,
    Email,
    Role,
    CreatedBy,
    CreatedAt,
    ExpiresAt,
    Mac,
}

#[derive(DeriveIden)]
enum TotpSecrets {
    Table,
    Id,
    UserId,
    EncryptedValue,
    KeyId,
    CreatedAt,
}

/// Who it is at the identity provider: nobody is two accounts.
const SSO: &str = "users_sso";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One at a time: SQLite adds one column with a statement.
        for column in [
            string_len(Users::Role, 16).default("admin").take(),
            boolean(Users::IsDisabled).default(false).take(),
            boolean(Users::IsEmailVerified).default(false).take(),
            timestamp_with_time_zone_null(Users::LastSignInAt),
            string_len_null(Users::TotpId, 36),
            big_integer_null(Users::TotpStep),
            text_null(Users::RecoveryCodes),
            string_len_null(Users::SsoIssuer, 255),
            string_len_null(Users::SsoSubject, 255),
        ] {
            let add = Table::alter().table(Users::Table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        let sso = Index::create()
            .name(SSO)
            .table(Users::Table)
            .col(Users::SsoIssuer)
            .col(Users::SsoSubject)
            .unique()
            .to_owned();
        manager.create_index(sso).await?;
        for column in [
            text_null(Sessions::Device),
            string_len_null(Sessions::Address, 64),
            string_len_null(Sessions::SignedInBy, 16),
        ] {
            let add = Table::alter().table(Sessions::Table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table(Invitations::Table)
                    .col(string_len(Invitations::Id, 36).primary_key())
                    .col(string_len_uniq(Invitations::TokenHash, 64))
                    .col(string_len_uniq(Invitations::Email, 254))
                    .col(string_len(Invitations::Role, 16))
                    .col(string_len(Invitations::CreatedBy, 254))
                    .col(timestamp_with_time_zone(Invitations::CreatedAt))
                    .col(timestamp_with_time_zone(Invitations::ExpiresAt))
                    .col(blob_null(Invitations::Mac))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(TotpSecrets::Table)
                    .col(string_len(TotpSecrets::Id, 36).primary_key())
                    .col(string_len_uniq(TotpSecrets::UserId, 36))
                    .col(blob(TotpSecrets::EncryptedValue))
                    .col(string_len(TotpSecrets::KeyId, 36))
                    .col(timestamp_with_time_zone(TotpSecrets::CreatedAt))
                    .foreign_key(
                        ForeignKey::create()
                            .name("totp_secrets_user_id")
                            .from(TotpSecrets::Table, TotpSecrets::UserId)
                            .to(Users::Table, Users::Id)
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        let by_key = Index::create()
            .name("totp_secrets_key_id")
            .table(TotpSecrets::Table)
            .col(TotpSecrets::KeyId)
            .to_owned();
        manager.create_index(by_key).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The version before knows administrators with a password, and nobody else: who is less
        // must not become one.
        let less = "DELETE FROM users WHERE role <> 'admin' OR is_disabled OR password_hash = '' \
                    OR totp_id IS NOT NULL";
        manager.get_connection().execute_unprepared(less).await?;
        manager.drop_table(Table::drop().table(TotpSecrets::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Invitations::Table).to_owned()).await?;
        for column in [Sessions::SignedInBy, Sessions::Address, Sessions::Device] {
            let drop = Table::alter().table(Sessions::Table).drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        let sso = Index::drop().name(SSO).table(Users::Table).to_owned();
        manager.drop_index(sso).await?;
        for column in [
            Users::SsoSubject,
            Users::SsoIssuer,
            Users::RecoveryCodes,
            Users::TotpStep,
            Users::TotpId,
            Users::LastSignInAt,
            Users::IsEmailVerified,
            Users::IsDisabled,
            Users::Role,
        ] {
            let drop = Table::alter().table(Users::Table).drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
