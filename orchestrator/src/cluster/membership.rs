//! Who is there, as this node sees it, and who therefore ought to own what: a fixed list of nodes, of which those count
//! that answer pings, and rendezvous hashing over them.
//!
//! Views of nodes differ, and a node may be taken for dead while it works. That costs time only: whoever works on a
//! partition holds the tenure of its log, and loses it to the next one who fences.

use super::config::{Config, Member};
use crate::planted::{Bug, planted};
use resurgam_api::environment::Environment;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use xxhash_rust::xxh3::xxh3_64;

/// This node's view of all nodes.
#[derive(Debug)]
pub struct Membership {
    name: String,
    members: Vec<Member>,
    alive: watch::Sender<BTreeSet<String>>,
}

impl Membership {
    /// Everybody is taken to be there at first.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let all = config.members.iter().map(|member| member.name.clone()).collect();
        Self { name: config.name.clone(), members: config.members.clone(), alive: watch::Sender::new(all) }
    }

    /// The name of this node.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All members, alive or not.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Who ought to own the thing of this name: the live member with the highest hash of both names.
    #[must_use]
    pub fn owner(&self, thing: &str) -> Option<&Member> {
        let alive = self.alive.borrow();
        let live = self.members.iter().filter(|member| alive.contains(&member.name));
        live.max_by_key(|member| xxh3_64(format!("{}\n{thing}", member.name).as_bytes()))
    }

    /// Whether this node ought to own the thing of this name.
    #[must_use]
    pub(crate) fn is_mine(&self, thing: &str) -> bool {
        self.owner(thing).is_some_and(|member| member.name == self.name)
    }

    /// Tells when the view has changed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<BTreeSet<String>> {
        self.alive.subscribe()
    }

    fn mark(&self, name: &str, here: bool) {
        self.alive.send_if_modified(|alive| {
            let changed = if here { alive.insert(name.to_owned()) } else { alive.remove(name) };
            if changed {
                tracing::info!(node = %self.name, member = name, here, "membership changed");
            }
            changed
        });
    }

    /// Begins to ask the other members whether they are there.
    pub fn start(self: &Arc<Self>, environment: &Arc<dyn Environment>, config: &Config, stop: &CancellationToken) {
        for member in self.members.iter().filter(|member| member.name != self.name) {
            let Ok(channel) = environment.channel(&member.address) else {
                tracing::error!(member = member.name, address = member.address, "this is not an address");
                self.mark(&member.name, false);
                continue;
            };
            let (view, stop, name) = (Arc::clone(self), stop.clone(), member.name.clone());
            let (ping, misses) = (config.ping, config.misses);
            environment.spawn(Box::pin(async move {
                let watching = view.watch_over(&name, HealthClient::new(channel), ping, misses);
                tokio::select! { () = stop.cancelled() => {}, () = watching => {} }
            }));
        }
    }

    async fn watch_over(
        &self,
        name: &str,
        mut client: HealthClient<tonic::transport::Channel>,
        ping: Duration,
        misses: u32,
    ) {
        let mut missed = 0;
        loop {
            let mut request = Request::new(HealthCheckRequest::default());
            request.set_timeout(ping);
            let answer = tokio::time::timeout(ping, client.check(request)).await;
            if matches!(answer, Ok(Ok(_))) {
                missed = 0;
                self.mark(name, true);
            } else {
                missed += 1;
                if missed >= misses && !planted(Bug::GoneNotMissed) {
                    self.mark(name, false);
                }
            }
            tokio::time::sleep(ping).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::TokenKeys;

    fn three() -> Membership {
        let member = |n| Member { name: format!("node-{n}"), address: format!("127.0.0.1:{n}") };
        Membership::new(&Config::of(
            &member(0),
            "f",
            "i",
            (0..3).map(member).collect(),
            TokenKeys::new([0; 32], Vec::new()),
        ))
    }

    #[test]
    fn everyone_owns_a_share_and_only_the_dead_lose_theirs() {
        let view = three();
        let owners = |view: &Membership| -> Vec<String> {
            (0..300).map(|n| view.owner(&format!("shard/{n}")).unwrap().name.clone()).collect()
        };
        let before = owners(&view);
        for n in 0..3 {
            let share = before.iter().filter(|owner| **owner == format!("node-{n}")).count();
            assert!((60..140).contains(&share), "node-{n} owns {share} of 300");
        }
        view.mark("node-1", false);
        for (before, after) in before.iter().zip(owners(&view)) {
            assert!(if before == "node-1" { after != "node-1" } else { *before == after });
        }
        view.mark("node-1", true);
        assert_eq!(owners(&view), before);
    }
}
