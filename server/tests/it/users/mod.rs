//! People with roles: invited, changed, kept out, deleted; and what no viewer sees.

mod command_line;
mod invitations;
mod many_sessions;
mod midway;
mod roles;
mod viewer;
