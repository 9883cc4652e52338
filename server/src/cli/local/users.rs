//! `keyward users`.

use std::io::{IsTerminal, Read, stdin};

use clap::Subcommand;
use keyward_api::Sensitive;
use keyward_api::page::MAX_LIMIT;
use keyward_api::roles::Role;
use keyward_api::session::{Email, NewPassword};
use keyward_api::users::{Invitation, Invite, UpdateUser, User};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;
use zeroize::Zeroizing;

use crate::audit::Actor;
use crate::cli::output::{CliError, NotPrinted, failed, print, print_once, to_json};
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::database::DatabaseConnection;
use crate::database::names::Names;
use crate::encryption::unlock::Unlocked;
use crate::log::say;
use crate::numbers::counted;
use crate::printable;
use crate::session::password::{Lane, Passwords};
use crate::session::people::People;
use crate::session::store::has_user;
use crate::users::Users;
use crate::users::invitations::link;

/// Longest input that holds a password, in bytes: 200 characters and a line end.
const MAX_INPUT: u64 = 1024;

/// What can be done with people.
#[derive(Subcommand)]
pub enum UsersCommand {
    /// List people by their address
    List {
        /// As JSON, in the form of `data` of `GET /api/users`
        #[arg(long)]
        json: bool,
    },
    /// Invite somebody and print the link, once; it is good for 72 hours
    Invite {
        /// Address of the new account
        #[arg(value_parser = |text: &str| Email::new(text.to_owned()))]
        email: Email,
        /// viewer, editor or admin
        #[arg(long, value_parser = |word: &str| Role::try_from(word))]
        role: Role,
    },
    /// Change the role of a person; less than before ends all sessions
    SetRole {
        /// Address of the account
        #[arg(value_parser = email)]
        email: Email,
        /// viewer, editor or admin
        #[arg(value_parser = |word: &str| Role::try_from(word))]
        role: Role,
    },
    /// Keep a person out and end all sessions
    Disable {
        /// Address of the account
        #[arg(value_parser = email)]
        email: Email,
    },
    /// Let a person in again
    Enable {
        /// Address of the account
        #[arg(value_parser = email)]
        email: Email,
    },
    /// Give an account the password that stands on standard input, and end all sessions
    SetPassword {
        /// Address of the account
        #[arg(value_parser = email)]
        email: Email,
        /// Let the person in again if the account is disabled
        #[arg(long)]
        enable: bool,
    },
    /// Ask an account for no more codes beside the password
    ResetTotp {
        /// Address of the account
        #[arg(value_parser = email)]
        email: Email,
    },
    /// End all sessions of a person
    EndSessions {
        /// Address of the account
        #[arg(value_parser = email)]
        email: Email,
    },
    /// Delete an account; what the person made stays
    Delete {
        /// Address of the account
        #[arg(value_parser = email)]
        email: Email,
    },
}

fn email(text: &str) -> Result<Email, keyward_api::session::EmailError> {
    Email::try_from(text.to_owned())
}

/// The accounts of an open store.
pub struct UsersStore {
    db: DatabaseConnection,
    users: Users,
}

impl UsersStore {
    /// Those in `db`.
    pub fn new(db: DatabaseConnection, store: Unlocked) -> Self {
        let Unlocked { keyring, audit, rows } = store;
        let people = People::new(db.clone(), rows);
        Self { db, users: Users::new(people, keyring, audit, Clock::System) }
    }
}

impl UsersCommand {
    /// Whether it changes what is stored.
    pub fn is_change(&self) -> bool {
        !matches!(self, Self::List { .. })
    }

    /// Does it.
    pub async fn execute(
        self,
        store: &UsersStore,
        config: Result<Config, ConfigError>,
    ) -> Result<(), CliError> {
        let (users, actor) = (&store.users, Actor::command_line());
        match self {
            Self::List { json } => list(users, json).await?,
            Self::Invite { email, role } => invite(store, &config?, Invite { email, role }).await?,
            Self::SetRole { email, role } => {
                let change = UpdateUser { role: Some(role), ..UpdateUser::default() };
                update(users, &email, change).await?;
                say(&format!("\"{}\" is {role} now.", email.as_str()));
            }
            Self::Disable { email } => {
                let change = UpdateUser { disabled: Some(true), ..UpdateUser::default() };
                update(users, &email, change).await?;
                say(&format!("\"{}\" is kept out.", email.as_str()));
            }
            Self::Enable { email } => {
                let change = UpdateUser { disabled: Some(false), ..UpdateUser::default() };
                update(users, &email, change).await?;
                say(&format!("\"{}\" may sign in.", email.as_str()));
            }
            Self::SetPassword { email, enable } => {
                let id = users.find(&email).await.map_err(failed)?;
                let place =
                    Passwords::new().and_then(|it| it.enter(Lane::Known)).map_err(failed)?;
                let hash = place.hash(read_password(&email)?).await.map_err(failed)?;
                let set = users.set_password(&actor, id, hash, enable).await;
                let ended = counted(set.map_err(failed)?, "session", "sessions");
                say(&format!("\"{}\" has a new password; {ended} ended.", email.as_str()));
                if config.is_ok_and(|config| !matches!(config.admin, Ok(None))) {
                    say(
                        "KEYWARD_ADMIN_PASSWORD is set and ignored: it counts only while there is \
                         no user.",
                    );
                }
            }
            Self::ResetTotp { email } => {
                let id = users.find(&email).await.map_err(failed)?;
                let had = users.reset_totp(&actor, id).await.map_err(failed)?;
                let asked = if had { "is asked for no more codes." } else { "has no two-factor." };
                say(&format!("\"{}\" {asked}", email.as_str()));
            }
            Self::EndSessions { email } => {
                let id = users.find(&email).await.map_err(failed)?;
                let ended = users.end_sessions(&actor, id).await.map_err(failed)?;
                say(&format!("{} ended.", counted(ended, "session", "sessions")));
            }
            Self::Delete { email } => {
                let id = users.find(&email).await.map_err(failed)?;
                users.delete(&actor, id).await.map_err(failed)?;
                say(&format!("Deleted \"{}\".", email.as_str()));
            }
        }
        Ok(())
    }
}

async fn update(users: &Users, email: &Email, change: UpdateUser) -> Result<(), CliError> {
    let id = users.find(email).await.map_err(failed)?;
    users.update(&Actor::command_line(), id, change).await.map_err(failed).map(drop)
}

async fn invite(store: &UsersStore, config: &Config, invite: Invite) -> Result<(), CliError> {
    if !has_user(&store.db).await.map_err(failed)? {
        return Err(failed("there is no user yet; open the setup link that the server prints"));
    }
    let public_url = public_url(config)?;
    let invited = store.users.invite(&Actor::command_line(), invite).await;
    let (invitation, token) = invited.map_err(failed)?;
    say(&format!("Invited \"{}\". The link is not shown again:", invitation.email));
    match print_once(link(&public_url, &token).expose()) {
        Ok(()) => Ok(()),
        Err(error) => Err(take_back(&store.users, &invitation, error).await),
    }
}

/// The address that people use, as the server knows it.
fn public_url(config: &Config) -> Result<Url, CliError> {
    if let Some(url) = &config.http.public_url {
        return Ok(url.clone());
    }
    match config.http.bind {
        bind if bind.port() == 0 => {
            Err(failed("KEYWARD_PUBLIC_URL is missing: the link begins with it"))
        }
        bind => Url::parse(&format!("http://{bind}")).map_err(failed),
    }
}

/// Deletes an invitation whose link nobody has seen.
async fn take_back(users: &Users, unseen: &Invitation, error: NotPrinted) -> CliError {
    let Invitation { id, email, .. } = unseen;
    failed(match users.take_back(&Actor::command_line(), (*id).into()).await {
        Ok(()) => format!("the link {error}, so the invitation of \"{email}\" was taken back"),
        Err(deletion) => format!(
            "the link {error}, and the invitation of \"{email}\" could not be taken back \
             ({deletion}): take it back"
        ),
    })
}

/// The one line of standard input. A terminal would show it.
fn read_password(email: &Email) -> Result<NewPassword, CliError> {
    if stdin().is_terminal() {
        return Err(failed(format!(
            "a terminal would show the password; send it in, e.g. systemd-ask-password -n | \
             keyward users set-password {}",
            email.as_str()
        )));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_INPUT).unwrap_or(0) + 1));
    stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut bytes).map_err(failed)?;
    let text = str::from_utf8(&bytes).map_err(|_| failed("the password is not UTF-8"))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains('\n') {
        return Err(failed("expected one line, the password"));
    }
    NewPassword::try_from(Sensitive::from(line.to_owned())).map_err(failed)
}

async fn list(users: &Users, json: bool) -> Result<(), CliError> {
    let mut found: Vec<User> = Vec::new();
    let mut names = Names { limit: MAX_LIMIT.into(), ..Names::default() };
    loop {
        let (mut page, _) = users.list(&names).await.map_err(failed)?;
        let has_more = page.len() as u64 > names.limit;
        page.truncate(usize::from(MAX_LIMIT));
        found.extend(page);
        if !has_more {
            break;
        }
        names.after = found.last().map(|user| user.email.clone());
    }
    print(&if json { to_json(&found)? } else { table(&found) })
}

fn table(users: &[User]) -> String {
    let emails: Vec<_> = users.iter().map(|user| printable::line(&user.email)).collect();
    let width = emails.iter().map(|email| email.chars().count()).max().unwrap_or(0).max(5);
    let (email, role, status, last) = ("EMAIL", "ROLE", "STATUS", "LAST SIGN-IN");
    let head =
        format!("{email:<width$}  {role:<6}  {status:<8}  TWO-FACTOR  SSO  SESSIONS  {last}");
    let text = |time: Option<OffsetDateTime>| {
        let text = time.and_then(|time| time.truncate_to_second().format(&Rfc3339).ok());
        text.unwrap_or_else(|| "never".to_owned())
    };
    let yes = |is: bool| if is { "yes" } else { "no" };
    let row = |(user, email): (&User, _)| {
        let status = match user {
            User { altered: true, .. } => "altered",
            User { disabled: true, .. } => "disabled",
            _ => "active",
        };
        let (role, two_factor, sso) = (user.role.as_str(), yes(user.two_factor), yes(user.sso));
        let (sessions, last) = (user.sessions, text(user.last_sign_in_at));
        format!(
            "{email:<width$}  {role:<6}  {status:<8}  {two_factor:<10}  {sso:<3}  {sessions:<8}  {last}"
        )
    };
    std::iter::once(head).chain(users.iter().zip(emails).map(row)).collect::<Vec<_>>().join("\n")
}
