//! Where a timeline is drawn: a scale for the time, and a place for every bar and tick.
//!
//! The scale is not linear. A case is bursts of milliseconds between waits of seconds, so a gap between two
//! neighbouring moments is as wide as the logarithm of its length. Order and overlap are kept exactly; labels along the
//! axis tell the times.

use crate::text;
use crate::timeline::{Item, Lane, MARK, Time, Timeline};
use serde::Serialize;

/// The least and the greatest width of a drawing, in pixels.
const WIDTH: (f64, f64) = (620.0, 6000.0);
/// The height of a bar and of the row that it stands in.
const BAR: f64 = 15.0;
const ROW: f64 = 19.0;
/// Space above and below the rows of a lane.
const PAD: f64 = 5.0;
/// The height of the axis.
const AXIS: f64 = 22.0;
/// Widths of a character in bars and of a digit at ticks.
const CHARACTER: f64 = 6.1;
const DIGIT: f64 = 6.4;
/// The width of the sign of a mark.
const MARK_WIDTH: f64 = 6.0;

/// A drawing, in pixels.
#[derive(Debug, Serialize)]
pub(crate) struct Drawing {
    width: f64,
    height: f64,
    axis: f64,
    grid: Vec<Line>,
    faults: Vec<Placed>,
    lanes: Vec<PlacedLane>,
}

#[derive(Debug, Serialize)]
struct Line {
    x: f64,
    label: String,
}

#[derive(Debug, Serialize)]
struct PlacedLane {
    group: &'static str,
    name: String,
    y: f64,
    height: f64,
    items: Vec<Placed>,
}

#[derive(Debug, Serialize)]
struct Placed {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    label: Option<String>,
    item: Item,
}

/// Maps times to pixels, piecewise linear between the moments that occur.
struct Scale {
    moments: Vec<(Time, f64)>,
}

impl Scale {
    fn of(mut times: Vec<Time>) -> Self {
        times.sort_unstable();
        times.dedup();
        let mut moments = Vec::with_capacity(times.len());
        let (mut x, mut before) = (0.0, None);
        for time in times {
            if let Some(before) = before.replace(time) {
                let gap_ms = time.saturating_sub(before) as f64 / 1e6;
                x += 1.0 + 5.0 * gap_ms.ln_1p();
            }
            moments.push((time, x));
        }
        if x > 0.0 {
            let factor = x.clamp(WIDTH.0, WIDTH.1) / x;
            moments.iter_mut().for_each(|moment| moment.1 *= factor);
        }
        Self { moments }
    }

    fn width(&self) -> f64 {
        self.moments.last().map_or(0.0, |last| last.1).max(WIDTH.0)
    }

    fn x(&self, time: Time) -> f64 {
        let after = self.moments.partition_point(|moment| moment.0 < time);
        match (after.checked_sub(1).map(|index| self.moments[index]), self.moments.get(after)) {
            (_, Some((moment, x))) if *moment == time => *x,
            (Some((t0, x0)), Some((t1, x1))) => x0 + (x1 - x0) * (time - t0) as f64 / (t1 - t0) as f64,
            (Some((_, x)), None) => x,
            (None, Some((_, x))) => *x,
            (None, None) => 0.0,
        }
    }
}

impl Drawing {
    pub(crate) fn of(timeline: &Timeline) -> Self {
        let items = timeline.lanes.iter().flat_map(|lane| &lane.items);
        let scale = Scale::of(items.flat_map(|item| [Some(item.from), item.to]).flatten().collect());
        let mut y = AXIS;
        let lanes: Vec<PlacedLane> = timeline
            .lanes
            .iter()
            .map(|lane| {
                let placed = place(lane, &scale, y);
                y += placed.height;
                placed
            })
            .collect();
        let fault = |item: &Item| {
            let (from, to) = (scale.x(item.from), scale.x(item.to.unwrap_or(item.from)));
            // Faults of plans are named in the lanes of those who suffer them.
            let label = (item.class == "fault").then(|| item.label.clone());
            Placed {
                x: round(from),
                y: AXIS,
                width: round((to - from).max(2.0)),
                height: y - AXIS,
                label,
                item: item.clone(),
            }
        };
        // What lies in wait for the next calls is nothing that lasts: it has its bar, but no band behind all lanes.
        let lasts = |item: &&Item| !matches!(item.class, "spoil" | "calls");
        let faults = timeline.faults.iter().filter(lasts).map(fault).collect();
        Self { width: round(scale.width() + 24.0), height: y + 2.0, axis: AXIS, grid: grid(&scale), faults, lanes }
    }
}

/// A line at every moment that leaves enough room for the label of the one before.
fn grid(scale: &Scale) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (time, x) in &scale.moments {
        if lines.last().is_none_or(|last| x - last.x >= 84.0) && *x < scale.width() - 50.0 {
            lines.push(Line { x: round(*x), label: text::at(*time) });
        }
    }
    lines
}

/// In which rows of a lane its items may stand: as many as they need; or, for ticks and marks, which come in crowds, at
/// most this many with a label, all others without one in the first.
const ROWS_OF_TICKS: usize = 3;

fn place(lane: &Lane, scale: &Scale, y: f64) -> PlacedLane {
    let is_mark = |item: &Item| item.class == MARK;
    let mut rows = Rows::default();
    let mut items: Vec<Placed> =
        lane.items.iter().filter(|item| !is_mark(item)).map(|item| rows.put(item, lane.group, scale, y)).collect();
    // A bar whose label does not fit inside may carry it behind, if its row is free there.
    label_behind(&mut items, scale.width());
    // Marks stand below the bars.
    rows.base = rows.free.len();
    items.extend(lane.items.iter().filter(|item| is_mark(item)).map(|item| rows.put(item, lane.group, scale, y)));
    let height = PAD * 2.0 + ROW * rows.free.len().max(1) as f64 - (ROW - BAR);
    PlacedLane { group: lane.group, name: lane.name.clone(), y, height, items }
}

/// The rows of a lane while it is filled.
#[derive(Default)]
struct Rows {
    /// Where each row is free again: for bars, for labels of ticks.
    free: Vec<f64>,
    /// The first row that may be used.
    base: usize,
}

impl Rows {
    fn put(&mut self, item: &Item, group: &str, scale: &Scale, y: f64) -> Placed {
        let x = scale.x(item.from);
        let width = item.to.map_or(0.0, |to| (scale.x(to) - x).max(4.0));
        let label_width = item.label.chars().count() as f64 * if item.to.is_some() { CHARACTER } else { DIGIT } + 5.0;
        let label_width = label_width + if item.class == MARK { MARK_WIDTH } else { 0.0 };
        let taken = if item.to.is_some() { width.max(1.0) } else { label_width };
        let rows = if group == "events" || item.class == MARK { self.base + ROWS_OF_TICKS } else { usize::MAX };
        let row = (self.base..self.free.len()).find(|row| self.free[*row] <= x).unwrap_or(self.free.len());
        let fits = row < rows;
        let row = if fits { row } else { self.base };
        if fits {
            if row == self.free.len() {
                self.free.push(0.0);
            }
            self.free[row] = x + taken + 1.0;
        }
        let label = if item.to.is_some() {
            (label_width <= width).then(|| item.label.clone())
        } else {
            fits.then(|| item.label.clone())
        };
        let top = y + PAD + ROW * row as f64;
        Placed { x: round(x), y: top, width: round(width), height: BAR, label, item: item.clone() }
    }
}

fn label_behind(items: &mut [Placed], width: f64) {
    for index in 0..items.len() {
        let this = &items[index];
        if this.label.is_some() || this.item.to.is_none() {
            continue;
        }
        let from = this.x + this.width;
        let next = items[index + 1..].iter().filter(|other| other.y == this.y).map(|other| other.x).next();
        let room = next.unwrap_or(width) - from;
        let label = this.item.label.clone();
        if label.chars().count() as f64 * CHARACTER + 8.0 <= room {
            items[index].label = Some(label);
        }
    }
}

fn round(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_keeps_order_and_bounds() {
        let times: Vec<Time> = vec![5_000_000_000, 0, 1_000, 1_000_000, 1_000_000, 3_000_000_000];
        let scale = Scale::of(times.clone());
        let mut sorted = times;
        sorted.sort_unstable();
        let places: Vec<f64> = sorted.iter().map(|time| scale.x(*time)).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!((places[0], *places.last().unwrap()), (0.0, WIDTH.0));
        assert!(scale.x(500_000) > scale.x(1_000) && scale.x(500_000) < scale.x(1_000_000));
        assert_eq!((scale.x(-7), scale.x(Time::MAX)), (0.0, WIDTH.0));
        assert!(Scale::of((0..100_000).map(|n| n * 1_000_000).collect()).width() <= WIDTH.1);
        assert_eq!(Scale::of(vec![]).x(3), 0.0);
    }

    #[test]
    fn bars_that_overlap_get_rows_of_their_own() {
        let bar = |from, to| Item { from, to: Some(to), class: "ok", ..Item::default() };
        let items = vec![bar(0, 2_000_000), bar(1_000_000, 3_000_000), bar(2_500_000, 4_000_000)];
        let scale = Scale::of(items.iter().flat_map(|item| [item.from, item.to.unwrap()]).collect());
        let placed = place(&Lane { group: "clients", name: String::new(), items }, &scale, 0.0);
        let rows: Vec<f64> = placed.items.iter().map(|item| item.y).collect();
        assert_eq!(rows, [PAD, PAD + ROW, PAD]);
        assert_eq!(placed.height, PAD * 2.0 + ROW + BAR);
    }

    #[test]
    fn marks_stand_below_the_bars_and_share_three_rows() {
        let bar = Item { to: Some(9_000_000_000_000), class: "down", ..Item::default() };
        let mark = |at| Item { from: at, class: MARK, label: "limbo opened".into(), ..Item::default() };
        let items = vec![bar, mark(1_000_000), mark(1_000_001), mark(1_000_002), mark(1_000_003)];
        let scale = Scale::of(vec![0, 1_000_000, 1_000_001, 1_000_002, 1_000_003, 9_000_000_000_000]);
        let of = |items| {
            let placed = place(&Lane { group: "nodes", name: String::new(), items }, &scale, 0.0);
            let rows = placed.items.iter().map(|item| ((item.y - PAD) / ROW, item.label.is_some())).collect::<Vec<_>>();
            (rows, placed.height)
        };
        let (rows, height) = of(items.clone());
        assert_eq!(rows[1..], [(1.0, true), (2.0, true), (3.0, true), (1.0, false)]);
        assert_eq!(height, PAD * 2.0 + ROW * 3.0 + BAR);
        assert_eq!(of(items[1..2].to_vec()), (vec![(0.0, true)], PAD * 2.0 + BAR));
    }
}
