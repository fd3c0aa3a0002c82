//! Links between processes: every node calls every other one, and clients and workers call each of them, through a port of ours
//! that carries bytes, and holds them or takes its time where a fault asks for it.
//!
//! What a real network loses TCP sends again, so a connection that was cut for a while goes on where it was; that is what is
//! done here. Bytes are never lost, changed or put into another order, and nothing is known of what they mean.

mod direction;
mod link;
mod network;

pub(crate) use network::{Begun, Host, LinkFault, Links};
