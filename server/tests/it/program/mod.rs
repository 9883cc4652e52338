//! The program as an operator has it: commands, streams, signals, a database that is away.

mod broken_streams;
mod commands;
mod doctor;
mod outage;
mod shutdown;
