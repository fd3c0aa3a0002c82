//! The end of a case of which the plan says that something grows: the same calls are made beside a few of a crowd and beside all of
//! it, and what they cost is counted where the store is reached.
//!
//! No worker polls by then, and nothing is wrong any more while calls are counted. While a crowd is made the faults of the plan
//! may happen once more; where they do not, calls that fail are recorded. All of it is in a namespace of its own, of which no
//! rule on single runs knows. Whether a cost has grown, or a call may fail, is the judge's business.

use super::crowd::CrowdPlace;
use super::database::Database;
use super::schedule::Schedule;
use crate::session::Session;
use crate::target::line;
use resurgam_formats::cost::{Cost, Costs};
use resurgam_formats::plan::{Fault, Growth};
use resurgam_formats::recording::What;
use resurgam_simulation::{Nemesis, Node};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tonic::Status;

/// Calls that are counted together: what happens beside them now and then has little weight.
const CALLS: u32 = 20;
/// How many of a crowd there are when calls are counted first.
const FEW: u16 = 20;
/// The store is at rest if nothing is written for so long.
const REST: Duration = Duration::from_millis(1500);
/// How long it may take until it is.
const PATIENCE: Duration = Duration::from_secs(30);

/// A case whose crowds grow.
pub(super) struct Grown<'a> {
    pub(super) session: &'a Arc<Session>,
    pub(super) node: &'a Node,
    pub(super) nemesis: &'a Nemesis,
    pub(super) schedule: &'a Schedule,
    pub(super) database: &'a Database,
}

impl Grown<'_> {
    /// Counts beside each crowd of the plan, one after the other.
    pub(super) async fn pass(&self) {
        for (number, growth) in self.session.plan.growths.iter().enumerate() {
            let mut costs = Costs { crowd: growth.of, calls: CALLS, ..Costs::default() };
            costs.undecided = self.count(number, growth, &mut costs).await.err();
            self.session.recorder.record(What::Costs(Box::new(costs)));
        }
    }

    /// Counts beside few and beside many; else says why not.
    async fn count(&self, number: usize, growth: &Growth, costs: &mut Costs) -> Result<(), String> {
        let place = CrowdPlace::new(self.session, number);
        let said = |status: Status| format!("a call failed: {}", line(&status));
        place.start(&place.fixed(), "queue").await.map_err(said)?;
        let mut there = 0;
        for (size, cost) in [(FEW.min(growth.to), &mut costs.few), (growth.to, &mut costs.many)] {
            // Owners may be elected while the few are made, and whatever happens under faults is not the cluster's doing.
            let is_calm = there > 0 && !growth.faults;
            if there > 0 && growth.faults {
                self.schedule.begin(self.node.elapsed());
            }
            place.failed();
            place.fill(growth.of, there..size).await.map_err(said)?;
            there = size;
            if is_calm {
                costs.failed = place.failed();
            }
            if growth.faults {
                self.heal().await;
                place.is_answered(growth.of, CALLS).await.map_err(said)?;
            }
            place.failed();
            // What a node does once, as reading the namespaces anew, falls into one of two counts.
            let first = self.calls(&place, growth, size).await?;
            *cost = first.least(&self.calls(&place, growth, size).await?);
            if !place.failed().is_empty() {
                return Err("a call was made twice while calls were counted".to_owned());
            }
        }
        Ok(())
    }

    /// What the calls cost beside so many.
    async fn calls(&self, place: &CrowdPlace, growth: &Growth, beside: u16) -> Result<Cost, String> {
        let before = self.at_rest().await?;
        for _ in 0..CALLS {
            place.call(growth.of).await.map_err(|status| format!("a call failed: {}", line(&status)))?;
        }
        Ok(self.at_rest().await?.since(&before, beside.into()))
    }

    /// Waits until the faults are over, and ends what lies in wait.
    async fn heal(&self) {
        let lasts = self.session.plan.faults.iter().map(Fault::end_ms).max().unwrap_or(0);
        sleep(Duration::from_millis(lasts)).await;
        self.schedule.forget();
        self.nemesis.heal();
        while !self.nemesis.is_quiet() {
            sleep(Duration::from_millis(5)).await;
        }
        self.database.calm(self.node.elapsed());
    }

    /// All that was asked, once nothing more is written. Who owns something looks at it from time to time.
    async fn at_rest(&self) -> Result<Cost, String> {
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            let before = self.database.asked();
            sleep(REST).await;
            waited += REST;
            let now = self.database.asked();
            if (before.commits, before.appends) == (now.commits, now.appends) {
                return Ok(now);
            }
        }
        Err(format!("the store is not left alone within {} s though nobody calls", PATIENCE.as_secs()))
    }
}
