//! All links of a cluster, and the faults of its network.

use super::direction::{Direction, Effect};
use super::link::carry;
use crate::port;
use resurgam_formats::plan::{self, Side};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Somebody on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Host {
    /// A node of the server.
    Node(u8),
    /// Clients and workers.
    Driver,
}

/// What a fault of the plan does to the network: the kinds of its family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkFault {
    /// Nothing passes between a side and all others, in one direction or both, until it is over.
    Cut { side: Side, way: plan::Way },
    /// Everything between a side and all others is so much later.
    Slow { side: Side, by: Duration },
}

/// See the module. Dropping it cuts all connections.
#[derive(Debug)]
pub(crate) struct Links {
    nodes: u8,
    directions: BTreeMap<(Host, Host), Arc<Direction>>,
    ports: BTreeMap<(Host, Host), SocketAddr>,
    _serving: JoinSet<()>,
}

/// A fault in force, with what had been hit before it.
#[derive(Debug)]
pub(crate) struct Begun {
    effects: Vec<(Arc<Direction>, Effect)>,
    hits: u64,
}

impl Links {
    /// Links to nodes that other nodes call at `inside` and clients and workers at `outside`, one of each for every node; at most
    /// 255.
    ///
    /// # Errors
    /// There are no ports.
    pub(crate) fn start(inside: &[SocketAddr], outside: &[SocketAddr]) -> io::Result<Self> {
        let hosts: Vec<Host> = (0..).map(Host::Node).take(inside.len()).chain([Host::Driver]).collect();
        let pairs = hosts.iter().flat_map(|from| hosts.iter().map(move |to| (*from, *to)));
        let directions: BTreeMap<_, _> =
            pairs.filter(|(from, to)| from != to).map(|pair| (pair, Arc::<Direction>::default())).collect();
        let (mut ports, mut serving) = (BTreeMap::new(), JoinSet::new());
        for (from, to) in directions.keys().copied() {
            let Host::Node(number) = to else { continue };
            let addresses = if from == Host::Driver { outside } else { inside };
            let address = addresses[usize::from(number)];
            let (there, back) = (Arc::clone(&directions[&(from, to)]), Arc::clone(&directions[&(to, from)]));
            let port =
                port::open(&mut serving, move |near| carry(near, address, Arc::clone(&there), Arc::clone(&back)))?;
            ports.insert((from, to), port);
        }
        Ok(Self { nodes: u8::try_from(inside.len()).unwrap_or(u8::MAX), directions, ports, _serving: serving })
    }

    /// Where one calls the other.
    pub(crate) fn port(&self, from: Host, to: u8) -> Option<SocketAddr> {
        self.ports.get(&(from, Host::Node(to))).copied()
    }

    /// Begins a fault.
    pub(crate) fn begin(&self, fault: &LinkFault) -> Begun {
        let (side, out, inward, effect) = match fault {
            LinkFault::Cut { side, way } => (side, *way != plan::Way::In, *way != plan::Way::Out, Effect::Cut),
            LinkFault::Slow { side, by } => (side, true, true, Effect::Delay(*by)),
        };
        let within = |host: Host| match host {
            Host::Node(number) => side.nodes.iter().any(|node| node % self.nodes == number),
            Host::Driver => side.driver,
        };
        let crossing = self.directions.iter().filter(|((from, to), _)| match (within(*from), within(*to)) {
            (true, false) => out,
            (false, true) => inward,
            _ => false,
        });
        let effects: Vec<_> = crossing.map(|(_, direction)| (Arc::clone(direction), effect)).collect();
        effects.iter().for_each(|(direction, effect)| direction.begin(*effect));
        let hits = effects.iter().map(|(direction, _)| direction.hits()).sum();
        Begun { effects, hits }
    }
}

impl Begun {
    /// It is over; how many pieces were held or late in the meantime.
    pub(crate) fn end(self) -> u64 {
        self.effects.iter().for_each(|(direction, effect)| direction.end(*effect));
        self.effects.iter().map(|(direction, _)| direction.hits()).sum::<u64>() - self.hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    /// Longer than a byte needs.
    const SOON: Duration = Duration::from_secs(10);
    /// Long enough to see that nothing comes.
    const NEVER: Duration = Duration::from_millis(200);

    /// A node that sends back what it gets, one byte at a time.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    while let Ok(byte) = stream.read_u8().await {
                        stream.write_u8(byte).await.unwrap();
                    }
                });
            }
        });
        address
    }

    async fn returns(stream: &mut TcpStream, byte: u8, limit: Duration) -> bool {
        stream.write_u8(byte).await.unwrap();
        matches!(timeout(limit, stream.read_u8()).await, Ok(Ok(back)) if back == byte)
    }

    #[tokio::test]
    async fn a_cut_holds_what_crosses_it_and_nothing_is_lost() {
        let (one, two) = (echo().await, echo().await);
        let links = Links::start(&[one, two], &[one, two]).unwrap();
        let mut open = TcpStream::connect(links.port(Host::Node(0), 1).unwrap()).await.unwrap();
        assert!(returns(&mut open, 1, SOON).await);
        let side = Side { nodes: vec![2], driver: false };
        for (way, byte) in [(plan::Way::Both, 2), (plan::Way::Out, 3), (plan::Way::In, 4)] {
            // Node 2 of two is node 0.
            let cut = links.begin(&LinkFault::Cut { side: side.clone(), way });
            assert!(!returns(&mut open, byte, NEVER).await, "{way:?}");
            let mut new = TcpStream::connect(links.port(Host::Node(0), 1).unwrap()).await.unwrap();
            assert!(!returns(&mut new, byte, NEVER).await, "{way:?}");
            let mut other = TcpStream::connect(links.port(Host::Driver, 1).unwrap()).await.unwrap();
            assert!(returns(&mut other, byte, SOON).await, "it does not cross the cut");
            assert!(cut.end() > 0);
            for stream in [&mut open, &mut new] {
                assert_eq!(timeout(SOON, stream.read_u8()).await.unwrap().unwrap(), byte, "{way:?}");
            }
        }
        let slow = links.begin(&LinkFault::Slow { side: Side { nodes: Vec::new(), driver: true }, by: NEVER });
        let mut late = TcpStream::connect(links.port(Host::Driver, 0).unwrap()).await.unwrap();
        assert!(!returns(&mut late, 5, NEVER).await);
        assert_eq!(timeout(SOON, late.read_u8()).await.unwrap().unwrap(), 5);
        assert!(slow.end() > 0 && returns(&mut late, 6, SOON).await);
    }
}
