//! All rules over synthetic valid histories: linear in the number of events, 10^6 of them below two seconds.
//!
//! `cargo bench -p resurgam-benches --bench judge` prints events per second for each size; equal rates mean linear.

#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use resurgam_benches::history;
use resurgam_formats::event;
use resurgam_formats::wire::read;
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use std::time::Duration;

fn rules(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("judge");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(10));
    for size in [100_000, 1_000_000] {
        let evidence = history::valid(size);
        assert_eq!(judge("synthetic", &evidence, &Profile::default()).violated().count(), 0);
        group.throughput(Throughput::Elements(evidence.runs[0].events.len() as u64));
        group.bench_with_input(BenchmarkId::new("all rules", size), &evidence, |bencher, evidence| {
            bencher.iter(|| judge("synthetic", evidence, &Profile::default()));
        });
    }
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let events: Vec<_> = history::valid(100_000).runs[0].events.iter().map(event::encode).collect();
    let text = serde_json::json!({ "events": events }).to_string();
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function(BenchmarkId::new("history", 100_000), |bencher| {
        bencher.iter(|| read("synthetic", text.as_bytes(), u64::MAX).map(|document| document.evidence.runs.len()));
    });
    group.finish();
}

criterion_group!(all, rules, reading);
criterion_main!(all);
