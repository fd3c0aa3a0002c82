//! One file per command.

pub(crate) mod bugs;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod explore;
pub(crate) mod mutants;
pub(crate) mod new;
pub(crate) mod planted_server;
pub(crate) mod programs;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod scenarios;
pub(crate) mod schema;
pub(crate) mod server;
pub(crate) mod setup;
pub(crate) mod show;
pub(crate) mod shrink;
