//! One case on two servers, and what differs.

use crate::case::Case;
use crate::looks::Looks;
use crate::outcome::Outcome;
use crate::server::Server;
use crate::side::Side;

/// Two servers, of which the first is the one that is tried and the second the one that it is held against.
#[derive(Clone, Debug)]
pub struct Pair {
    servers: [Server; 2],
    namespaces: [String; 2],
}

impl Pair {
    /// Asks both what their namespaces are called inside.
    ///
    /// # Errors
    /// A server is gone, or does not know its namespace.
    pub async fn new(servers: [Server; 2]) -> Result<Self, String> {
        let namespaces = [servers[0].namespace_id().await?, servers[1].namespace_id().await?];
        Ok(Self { servers, namespaces })
    }

    /// The names of the two.
    #[must_use]
    pub fn names(&self) -> [&str; 2] {
        [&self.servers[0].name, &self.servers[1].name]
    }

    /// Executes a case on both at the same time.
    ///
    /// # Errors
    /// A server is gone, or neither of them gets into the situation.
    pub(crate) async fn execute(&self, id: &str, case: &Case) -> Result<Outcome, String> {
        let [mut left, mut right] = [0, 1].map(|at| Side::new(&self.servers[at], &self.namespaces[at], id));
        tokio::try_join!(left.perform(case, async || ()), right.perform(case, async || ()))?;
        if let (Some(why), Some(_)) = (&left.broken, &right.broken) {
            return Err(format!("no server gets into the situation: {why}"));
        }
        if left.broken.is_some() || right.broken.is_some() {
            return Ok(Outcome::stuck(left.broken.as_deref(), right.broken.as_deref()));
        }
        let mut looks = Looks::default();
        loop {
            let (seen_left, seen_right) = tokio::try_join!(left.look(), right.look())?;
            let outcome = Outcome::of(case, seen_left, seen_right, false);
            if !looks.go_on(outcome.is_explained()).await {
                return Ok(outcome);
            }
            tokio::try_join!(left.ask_again(case), right.ask_again(case))?;
        }
    }
}
