//! A picture of operations that have no order: a row per process, a bar per operation, the longest order that was found as a
//! line of numbers, and the operation at which it got stuck. One page that loads nothing.

use resurgam_formats::notes::plain;
use resurgam_formats::objects::{ObjectOperation, OperationEnd, Operations};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Operations of the picture before the one that is stuck; the others would make it too wide to look at.
const MOST: usize = 60;
const STEP: usize = 26;
const ROW: usize = 30;
const LEFT: usize = 90;

/// An operation in words: `write 1`, `read → 2`, `cas [1 2] → fail`.
#[must_use]
pub fn said(operation: &ObjectOperation) -> String {
    let key = operation.key.as_ref().map(|key| format!(" of {key}")).unwrap_or_default();
    let end = match &operation.end {
        OperationEnd::Ok(value) if *value == operation.asked => String::new(),
        OperationEnd::Ok(value) => format!(" → {value}"),
        OperationEnd::Fail => " → fail".to_owned(),
        OperationEnd::Unknown => " → ?".to_owned(),
    };
    let asked = match operation.asked.to_string() {
        nil if nil == "nil" => String::new(),
        asked => format!(" {asked}"),
    };
    plain(&format!("{}{key}{asked}{end}", operation.function), 120)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The page for the longest order that was found, and the operation that could not come next; both as places among the operations.
#[must_use]
pub fn html(name: &str, operations: &Operations, order: &[usize], stuck: usize) -> String {
    let shown: Vec<usize> = order.iter().rev().take(MOST).rev().copied().chain([stuck]).collect();
    // The times that matter, next to each other.
    let mut times: Vec<u64> = Vec::new();
    let end = shown.iter().filter_map(|index| operations.all[*index].until).max().unwrap_or_default() + 1;
    for index in &shown {
        let it = &operations.all[*index];
        times.extend([it.from, it.until.unwrap_or(end)]);
    }
    times.sort_unstable();
    times.dedup();
    let at = |time: u64| LEFT + STEP * times.partition_point(|known| *known < time);
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for index in &shown {
        let next = rows.len();
        rows.entry(&operations.all[*index].process).or_insert(next);
    }
    let (width, height) = (LEFT + STEP * (times.len() + 6), ROW * (rows.len() + 1));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{0}: not linearizable</title>\n<style>\
         body {{ font-family: sans-serif; }} text {{ font-size: 11px; }} .done {{ fill: #9ecae1; }} .stuck {{ fill: #fb6a4a; }}\
         </style></head>\n<body><h1>{0}: not linearizable</h1>\n<p>{1}: it fits nowhere. The numbers are the longest order that \
         was found, its last {2} operations.</p>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">\n",
        escaped(&plain(name, 200)),
        escaped(&said(&operations.all[stuck])),
        shown.len() - 1,
    );
    // Writing to a string cannot fail.
    for (process, row) in &rows {
        let _ = writeln!(out, "<text x=\"4\" y=\"{}\">process {}</text>", row * ROW + 18, escaped(process));
    }
    for (place, index) in shown.iter().enumerate() {
        let it = &operations.all[*index];
        let (x, y) = (at(it.from), rows[it.process.as_str()] * ROW + 4);
        let length = at(it.until.unwrap_or(end)).saturating_sub(x).max(STEP);
        let class = if *index == stuck { "stuck" } else { "done" };
        let number =
            if *index == stuck { "stuck".to_owned() } else { (order.len() + 1 - shown.len() + place + 1).to_string() };
        let words = escaped(&said(it));
        let _ = writeln!(
            out,
            "<g><title>{words}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{length}\" height=\"20\"/>\
             <text x=\"{}\" y=\"{}\">{number}: {words}</text></g>",
            x + 2,
            y + 14
        );
    }
    out.push_str("</svg></body></html>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::objects::read;

    #[test]
    fn the_picture_has_a_row_per_process_and_marks_where_it_got_stuck() {
        let text = "{:process 0 :type :invoke :f :write :value \"<1>\"}{:process 0 :type :ok :f :write :value \"<1>\"}
            {:process 1 :type :invoke :f :read :value nil}{:process 1 :type :ok :f :read :value 2}";
        let operations = read("f", text).unwrap();
        let page = html("<f>", &operations, &[0], 1);
        assert_eq!(page.matches("<rect class=\"done\"").count(), 1);
        assert!(page.contains("stuck: read → 2") && page.contains("1: write &quot;&lt;1&gt;&quot;"), "{page}");
        assert!(page.contains("process 1") && page.contains("&lt;f&gt;") && !page.contains("<f>"), "{page}");
    }
}
