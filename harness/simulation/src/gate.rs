//! The gate of a host: what runs there passes it each time it is polled, and while the host stands still nothing does.
//!
//! Turmoil polls every host at every step and cannot pass one over. So all that a host's software has from this crate stops here:
//! its main future, the tasks that it spawns by its [`Environment`](resurgam_api::environment::Environment), its channels and connections, and
//! whatever others lead through [`Node::unless_paused`](crate::Node::unless_paused). Timers go off meanwhile, as time goes on; who
//! waits for them learns of it late. A server that is not from here may have tasks of its own on the host, those of HTTP/2 and of the
//! calls in it: they run on, but nothing gets from them to the network, to a store or to the tasks that stand still.

use hyper::rt::Executor;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many faults keep it closed.
    closed: u32,
    /// Who came while it was closed, in the order of their coming.
    waiting: Vec<Waker>,
    /// How many have come while it was closed, ever.
    kept_waiting: u64,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody passes until it has been opened as often as closed.
    pub(crate) fn close(&self) {
        self.state().closed += 1;
    }

    /// Takes one closing back. If it was the last, whoever waits is woken.
    pub(crate) fn open(&self) {
        let mut state = self.state();
        state.closed = state.closed.checked_sub(1).expect("a gate is opened as often as it was closed");
        let awake = if state.closed == 0 { mem::take(&mut state.waiting) } else { Vec::new() };
        drop(state);
        awake.into_iter().for_each(Waker::wake);
    }

    /// How often something was to run and did not.
    pub(crate) fn kept_waiting(&self) -> u64 {
        self.state().kept_waiting
    }

    /// Polls if it is open.
    pub(crate) fn poll<T>(&self, context: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        let mut state = self.state();
        if state.closed > 0 {
            state.kept_waiting += 1;
            state.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        drop(state);
        poll(context)
    }

    /// Does the work, while it is open.
    pub(crate) async fn pass<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| self.poll(context, |context| work.as_mut().poll(context))).await
    }
}

/// Runs the tasks of channels behind a gate.
pub(crate) struct Gated(pub(crate) Arc<Gate>);

impl<F> Executor<F> for Gated
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        let gate = Arc::clone(&self.0);
        tokio::spawn(async move { gate.pass(task).await });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Woken(AtomicU32);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn nobody_passes_before_all_who_closed_it_have_opened_it() {
        let (gate, woken) = (Gate::default(), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut pass = || gate.poll(&mut context, |_| Poll::Ready(7));
        assert_eq!(pass(), Poll::Ready(7));
        gate.close();
        gate.close();
        assert_eq!(pass(), Poll::Pending);
        gate.open();
        assert_eq!(pass(), Poll::Pending);
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        gate.open();
        assert_eq!((woken.0.load(Ordering::Relaxed), gate.kept_waiting()), (2, 2));
        assert_eq!(pass(), Poll::Ready(7));
    }
}
