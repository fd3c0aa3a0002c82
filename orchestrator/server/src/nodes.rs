//! Which nodes there are, and which of them this process runs: all of them, or one whose others run in processes of their own.

use crate::error::Error;
use clap::Args;
use resurgam_released::cluster::Member;
use std::io;
use std::net::TcpListener;

/// Options about which nodes there are, and which of them this process runs.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Options {
    /// How many nodes, all in this process.
    #[arg(long, default_value_t = 1)]
    nodes: u16,
    /// The one node that this process runs, of those named by --member.
    #[arg(long, value_name = "NAME", requires = "members", conflicts_with = "nodes")]
    node: Option<String>,
    /// A node of the server, and where the others call it; once for each node, this one included, the same on all of them.
    #[arg(long = "member", id = "members", value_name = "NAME=HOST:PORT", value_parser = member, requires = "node")]
    members: Vec<Member>,
}

/// The nodes of a server.
pub(crate) struct Nodes {
    /// All of them.
    pub(crate) all: Vec<Member>,
    /// Those that this process runs.
    pub(crate) here: Vec<Member>,
}

impl Options {
    /// Which nodes the options mean.
    pub(crate) fn nodes(&self) -> Result<Nodes, Error> {
        let Some(name) = &self.node else {
            if self.nodes == 0 {
                return Err(Error::Nodes);
            }
            let all = within(self.nodes).map_err(Error::Runtime)?;
            return Ok(Nodes { here: all.clone(), all });
        };
        let mut all = self.members.clone();
        all.sort();
        if let Some(pair) = all.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(Error::Twice(pair[0].name.clone()));
        }
        let here: Vec<Member> = all.iter().filter(|member| member.name == *name).cloned().collect();
        if here.is_empty() { Err(Error::Stranger(name.clone())) } else { Ok(Nodes { all, here }) }
    }

    /// Whether there are nodes in other processes.
    pub(crate) fn is_spread(&self) -> bool {
        self.members.len() > 1
    }
}

/// Reads a node as it is named on the command line, `NAME=HOST:PORT`.
fn member(text: &str) -> Result<Member, String> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let good = |address: &str| {
        let parts = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        parts.is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0))
    };
    match parts {
        Some((name, address)) if good(address) => Ok(Member { name: name.to_owned(), address: address.to_owned() }),
        _ => Err("expected NAME=HOST:PORT".to_owned()),
    }
}

/// Nodes of one process, with ports of their own for what they say to each other.
fn within(count: u16) -> io::Result<Vec<Member>> {
    // All are held until the last is found, so that no two get the same.
    let ports = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<io::Result<Vec<_>>>()?;
    let address = |listener: &TcpListener| listener.local_addr().map(|address| address.to_string());
    let named = |(number, listener)| Ok(Member { name: format!("node-{number}"), address: address(listener)? });
    ports.iter().enumerate().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(node: &str, members: &[&str]) -> Options {
        let members = members.iter().map(|text| member(text).unwrap_or_else(|problem| panic!("{text}: {problem}")));
        Options { nodes: 1, node: Some(node.to_owned()), members: members.collect() }
    }

    #[test]
    fn one_of_the_members_is_here() {
        let of = |members: &[&str]| options("b", members).nodes().map(|nodes| (nodes.all.len(), nodes.here.len()));
        assert_eq!(of(&["a=127.0.0.1:1", "b=[::1]:2"]).ok(), Some((2, 1)));
        assert!(matches!(of(&["a=127.0.0.1:1"]), Err(Error::Stranger(name)) if name == "b"));
        assert!(matches!(of(&["b=h:1", "a=h:2", "b=h:3"]), Err(Error::Twice(name)) if name == "b"));
    }

    #[test]
    fn a_member_has_a_name_and_an_address() {
        for wrong in ["a", "=h:1", "a=", "a=h", "a=:1", "a=h:0", "a=h:70000"] {
            assert!(member(wrong).is_err(), "{wrong}");
        }
    }
}
