//! One connection of a driver: its requests on their way to Cassandra, and the answers on their way back.

use super::error;
use super::frame::Frame;
use super::shared::Shared;
use super::statement::{Statement, Statements};
use resurgam_formats::plan::{StoreCall, StoreOutcome};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Numbers of requests that are sent in a driver's place: those that a driver takes last.
const OWN: std::ops::RangeInclusive<i16> = 30_000..=i16::MAX;

/// See the module.
#[derive(Debug)]
pub(super) struct Connection {
    shared: Arc<Shared>,
    to_cassandra: UnboundedSender<Frame>,
    to_driver: UnboundedSender<Frame>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What is to be done with the answer to a request; by default it is passed on.
    answers: HashMap<i16, OnAnswer>,
    own: i16,
}

/// What is to be done with an answer.
#[derive(Debug)]
enum OnAnswer {
    /// It is lost.
    Lose,
    /// The driver gets this instead, or nothing.
    Replace(Option<Frame>),
    /// This is sent now: the second copy, whose answer is the one that counts.
    SendAgain(Frame),
    /// A statement is prepared under the id in it.
    Prepared(String),
    /// A commit is decided: what waited for one is sent.
    Decided(Statement),
}

/// Carries frames in both directions, to `contact`, HOST:PORT, and back, until one end is gone.
pub(super) async fn carry(shared: Arc<Shared>, driver: TcpStream, contact: String) -> io::Result<()> {
    let cassandra = TcpStream::connect(&contact).await?;
    driver.set_nodelay(true)?;
    cassandra.set_nodelay(true)?;
    let ((mut from_driver, driver), (mut from_cassandra, cassandra)) = (driver.into_split(), cassandra.into_split());
    let ((to_driver, for_driver), (to_cassandra, for_cassandra)) = (unbounded_channel(), unbounded_channel());
    let state = State { answers: HashMap::new(), own: *OWN.end() }.into();
    let connection = Arc::new(Connection { shared, to_cassandra, to_driver, state });
    let requests = async {
        while let Some(frame) = Frame::read(&mut from_driver).await? {
            connection.request(frame);
        }
        Ok(())
    };
    let answers = async {
        while let Some(frame) = Frame::read(&mut from_cassandra).await? {
            connection.answer(frame);
        }
        Ok(())
    };
    // The first that ends ends all.
    tokio::select! {
        ended = requests => ended,
        ended = answers => ended,
        ended = write(for_driver, driver) => ended,
        ended = write(for_cassandra, cassandra) => ended,
    }
}

async fn write(mut frames: UnboundedReceiver<Frame>, mut to: OwnedWriteHalf) -> io::Result<()> {
    while let Some(frame) = frames.recv().await {
        to.write_all(&frame.bytes()).await?;
    }
    Ok(())
}

impl Connection {
    fn request(self: &Arc<Self>, frame: Frame) {
        if self.shared.is_cut_off() {
            return;
        }
        let statement = self.shared.statements().of(&frame);
        if let Some(statement) = statement
            && let Some((outcome, silent)) = self.shared.spoiled(statement)
        {
            return self.spoil(frame, statement, outcome, silent);
        }
        if let Some(text) = Statements::text(&frame) {
            self.state().answers.insert(frame.stream, OnAnswer::Prepared(text));
        } else if let Some(statement) = statement.filter(|statement| statement.call == StoreCall::Commit) {
            self.state().answers.insert(frame.stream, OnAnswer::Decided(statement));
        }
        self.send(frame);
    }

    /// Ends a request as a fault asks for it. Whoever sent it hears nothing, or of a timeout.
    fn spoil(self: &Arc<Self>, frame: Frame, statement: Statement, outcome: StoreOutcome, silent: bool) {
        let doubt = (!silent).then(|| error::timeout(frame.stream, statement.call));
        match outcome {
            StoreOutcome::CommitReplyLost | StoreOutcome::AppendReplyLost => {
                // Only then: a driver that has heard may use the number for something else.
                self.send_as(frame.stream, OnAnswer::Replace(doubt));
                self.send(frame);
            }
            StoreOutcome::CommitLost | StoreOutcome::AppendLost => self.tell(doubt),
            StoreOutcome::CommitLate(by) | StoreOutcome::AppendLate(by) => {
                self.tell(doubt);
                let connection = Arc::clone(self);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(by.into())).await;
                    connection.send_in_its_place(&frame);
                });
            }
            StoreOutcome::CommitAfterFence => {
                self.tell(doubt);
                let connection = Arc::clone(self);
                self.shared.after_a_commit(statement.partition, move || connection.send_in_its_place(&frame));
            }
            StoreOutcome::CommitResent => {
                let first = frame.on(self.own());
                self.send_as(first.stream, OnAnswer::SendAgain(frame));
                self.send(first);
            }
            StoreOutcome::CommitOverloaded => {
                self.send_as(frame.stream, OnAnswer::Replace(Some(error::overloaded(frame.stream))));
                self.send(frame);
            }
            StoreOutcome::CommitUnavailable => self.tell(Some(error::unavailable(frame.stream))),
            StoreOutcome::ReadFails => self.tell(Some(error::timeout(frame.stream, StoreCall::Read))),
            // Nothing on the way can do these: see `is_possible`.
            StoreOutcome::CommitLimbo | StoreOutcome::AppendPartial => self.send(frame),
        }
    }

    fn answer(&self, frame: Frame) {
        let then = self.state().answers.remove(&frame.stream);
        if self.shared.is_cut_off() {
            return;
        }
        match then {
            None => self.tell(Some(frame)),
            Some(OnAnswer::Lose) => {}
            Some(OnAnswer::Replace(other)) => self.tell(other),
            Some(OnAnswer::SendAgain(second)) => self.send(second),
            Some(OnAnswer::Prepared(text)) => {
                self.shared.statements().prepared(&text, &frame);
                self.tell(Some(frame));
            }
            Some(OnAnswer::Decided(statement)) => {
                self.tell(Some(frame));
                self.shared.decided(statement.partition);
            }
        }
    }

    /// Sends a request of which the driver has heard already: under another number, and the answer is for nobody.
    fn send_in_its_place(&self, frame: &Frame) {
        let own = frame.on(self.own());
        self.send_as(own.stream, OnAnswer::Lose);
        self.send(own);
    }

    fn send(&self, frame: Frame) {
        // Whoever reads them may be gone, and with it all requests.
        let _ = self.to_cassandra.send(frame);
    }

    fn send_as(&self, stream: i16, then: OnAnswer) {
        self.state().answers.insert(stream, then);
    }

    fn tell(&self, frame: Option<Frame>) {
        if let Some(frame) = frame {
            let _ = self.to_driver.send(frame);
        }
    }

    fn own(&self) -> i16 {
        let mut state = self.state();
        state.own = if state.own == *OWN.start() { *OWN.end() } else { state.own - 1 };
        state.own
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
