//! The greatest lower bounds of all points.

use super::bound::{Bound, Point, later};
use super::line::Line;
use rustc_hash::FxHashMap;

/// Greatest lower bounds by run.
#[derive(Debug, Default)]
pub(crate) struct Lowest {
    pub(super) runs: FxHashMap<usize, Marks>,
}

impl Lowest {
    /// The greatest lower bound of a point.
    pub(crate) fn at(&self, line: &Line<'_>, run: usize, point: Point) -> Option<Bound> {
        let marks = self.runs.get(&run)?;
        let written = |number: usize| marks.written.get(number.min(line.len() + 1)).copied().flatten();
        match point {
            Point::Written(number) => written(number),
            Point::Accepted(number) if line.floor(number) < number => {
                let alike = line.class(number).and_then(|class| marks.accepted[class].get(number).copied().flatten());
                later(written(line.floor(number)), alike)
            }
            Point::Accepted(number) => written(number),
        }
    }
}

/// Greatest lower bounds of the points of one run, by event number (0: before the run).
#[derive(Debug)]
pub(super) struct Marks {
    pub(super) written: Vec<Option<Bound>>,
    /// Of events that may wait in the buffer and keep their order there: ends of activities and children, and others.
    accepted: [Vec<Option<Bound>>; 2],
}

impl Marks {
    pub(super) fn new(line: &Line<'_>, own: &[Bound], carried: Option<Bound>) -> Self {
        let size = line.len() + 2;
        let mut written = vec![None; size];
        let mut accepted = [vec![None; size], vec![None; size]];
        written[0] = carried;
        for bound in own {
            let (Point::Accepted(number) | Point::Written(number)) = bound.point;
            let Some(place) = written.get_mut(number) else { continue };
            *place = later(*place, Some(*bound));
            if let (Point::Accepted(_), Some(class)) = (bound.point, line.class(number)) {
                accepted[class][number] = later(accepted[class][number], Some(*bound));
            }
        }
        let [others, ends] = &mut accepted;
        for marks in [&mut written, others, ends] {
            for number in 1..size {
                marks[number] = later(marks[number - 1], marks[number]);
            }
        }
        Self { written, accepted }
    }
}
