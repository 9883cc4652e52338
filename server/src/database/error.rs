//! Why a store cannot be opened, as a sentence for the person who started the program.

use std::io;
use std::path::{Path, PathBuf};

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("DATABASE_URL {0}")]
    Address(String),
    #[error(
        "there is no database {0}: a command makes none; correct DATABASE_URL, or run \
         `keyward migrate` first"
    )]
    Missing(String),
    #[error("the database {0} cannot be used: {1}")]
    File(PathBuf, String),
    #[error("PostgreSQL at {place} cannot be reached: {reason}")]
    Unreachable { place: String, reason: String },
    #[error("PostgreSQL at {place} refused: {reason}")]
    Refused { place: String, reason: String },
    #[error(
        "PostgreSQL at {place} is not trusted: {reason}. Name the authority that signed its \
         certificate in DATABASE_URL with sslrootcert=FILE, or say there how much less will do: \
         sslmode=require encrypts and believes anybody, sslmode=disable does not encrypt"
    )]
    Tls { place: String, reason: String },
    #[error(
        "the database was made by a newer Keyward: it has the migration {0}, which this one does \
         not know. Start that version or a later one"
    )]
    Newer(String),
    #[error("the database in DATABASE_URL cannot be used: {0}")]
    Database(#[from] DbErr),
}

impl OpenError {
    /// What a first connection to PostgreSQL failed of.
    pub(super) fn of_server(options: &PgConnectOptions, error: sqlx::Error) -> Self {
        let place = place(options);
        match error {
            // How the driver passes on what rustls found wrong.
            sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                Self::Tls { place, reason: error.to_string() }
            }
            sqlx::Error::Io(error) => Self::Unreachable { place, reason: sentence(&error) },
            sqlx::Error::Tls(error) => Self::Tls { place, reason: error.to_string() },
            sqlx::Error::Database(error) => {
                let code = error.code().map(|code| format!(" ({code})")).unwrap_or_default();
                Self::Refused { place, reason: format!("{}{code}", error.message()) }
            }
            other => Self::Refused { place, reason: other.to_string() },
        }
    }

    /// What the first connection to a file failed of.
    pub(super) fn of_file(path: &Path, error: sqlx::Error) -> Self {
        /// `SQLITE_NOTADB`.
        const NO_DATABASE: &str = "26";
        let reason = match error {
            sqlx::Error::Database(error) if error.code().as_deref() == Some(NO_DATABASE) => {
                "it is no SQLite database".to_owned()
            }
            sqlx::Error::Database(error) => error.message().to_owned(),
            other => other.to_string(),
        };
        Self::File(path.to_owned(), reason)
    }

    /// Whether the server may answer in a while: it is being started, or has no room now.
    pub(super) fn may_pass(error: &sqlx::Error) -> bool {
        const TRANSIENT: [&str; 3] = ["53300", "57P01", "57P03"];
        match error {
            sqlx::Error::Io(error) => error.kind() != io::ErrorKind::InvalidData,
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| TRANSIENT.contains(&&*code))
            }
            _ => false,
        }
    }
}

pub(super) fn place(options: &PgConnectOptions) -> String {
    let (host, port) = (options.get_host(), options.get_port());
    match options.get_socket() {
        Some(socket) => format!("{} port {port}", socket.display()),
        None if host.contains(':') => format!("[{host}]:{port}"),
        None => format!("{host}:{port}"),
    }
}

/// An error of the operating system without its number.
pub(super) fn sentence(error: &io::Error) -> String {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::NotFound => "there is no such file or folder",
        _ => return error.to_string(),
    };
    text.to_owned()
}

/// What the driver says about a connection outside the pool.
pub fn of_driver(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_errors_of_files_and_sockets_have_words_of_their_own() {
        for (kind, expected) in [
            (io::ErrorKind::ReadOnlyFilesystem, "the file system is read-only"),
            (io::ErrorKind::PermissionDenied, "permission denied"),
            (io::ErrorKind::ConnectionRefused, "connection refused"),
            (io::ErrorKind::NotFound, "there is no such file or folder"),
        ] {
            assert_eq!(sentence(&io::Error::from(kind)), expected);
        }
    }

    #[test]
    fn only_what_may_pass_is_waited_for() {
        let io = |kind| sqlx::Error::Io(io::Error::from(kind));
        assert!(OpenError::may_pass(&io(io::ErrorKind::ConnectionRefused)));
        assert!(OpenError::may_pass(&io(io::ErrorKind::TimedOut)));
        // A certificate.
        assert!(!OpenError::may_pass(&io(io::ErrorKind::InvalidData)));
        assert!(!OpenError::may_pass(&sqlx::Error::Tls("no TLS".into())));
    }
}
