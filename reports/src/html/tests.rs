use super::*;
use crate::sample::{PASSING, VIOLATING, judged, mixed, simulated};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::verdict::Finding;
use resurgam_judge::rules::abouts;
use resurgam_testing::notation::parse;

fn page_of(texts: &[&str]) -> String {
    let judged: Vec<_> = texts.iter().map(|text| judged(text)).collect();
    let cases: Vec<CaseView<'_>> = (7..)
        .zip(&judged)
        .map(|(seed, (evidence, verdict))| CaseView { seed, evidence, verdict, shrunk: None })
        .collect();
    render(&Page { summary: &mixed(), directory: "resurgam-runs/r", rules: &abouts(), cases: &cases }).unwrap()
}

/// The values of all attributes that make a browser load or go somewhere.
fn targets(page: &str) -> Vec<&str> {
    let names = [" href=\"", " src=\"", " srcset=\"", " action=\"", " data=\"", " poster=\"", " xlink:href=\""];
    let of = |name: &'static str| page.split(name).skip(1).filter_map(|rest| rest.split('"').next());
    names.into_iter().flat_map(of).collect()
}

#[test]
fn the_page_loads_nothing() {
    let page = page_of(&[VIOLATING, PASSING]);
    let targets = targets(&page);
    assert!(targets.len() > 50 && targets.iter().all(|target| target.starts_with('#')), "{targets:?}");
    for way in ["<link", "<img", "<iframe", "<object", "<embed", "@import", "url(", "fetch(", "XMLHttpRequest", "://"] {
        assert!(!page.contains(way), "{way}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_link_leads_somewhere_and_ids_are_unique() {
    let page = page_of(&[VIOLATING, PASSING]);
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    for target in targets(&page) {
        assert!(unique.contains(&target[1..]), "{target}");
    }
}

#[test]
fn violations_come_first_and_are_marked() {
    let page = page_of(&[PASSING, VIOLATING]);
    let [violating, passing] = ["id=\"case-8\"", "id=\"case-7\""].map(|id| page.find(id).unwrap());
    assert!(violating < passing);
    let case = &page[violating..passing];
    assert!(case.contains("stands inside the started workflow task 9"));
    assert!(
        case.contains("class=\"tick activity bad\"") && case.contains("<tr id=\"c0w0r0e10\" class=\"activity bad\">")
    );
    assert!(case.contains("resurgam run --target temporal --seed 8 --cases 1"));
    assert!(case.replace("&#x2f;", "/").contains("resurgam check resurgam-runs/r/cases/8"));
    assert!(!page[passing..].contains("class=\"tick activity bad\""));
}

#[test]
fn hostile_text_stays_text() {
    let evil = "</script><script>alert(1)</script><b>\"'onload=x";
    let quoted = serde_json::to_string(evil).unwrap();
    let mut evidence = parse(PASSING).unwrap();
    for line in [
        format!(
            r#"{{"at":1,"type":"invoke","operation":90,"attempt":1,"by":{quoted},"call":{{"of":"client","workflow_id":{quoted},"request_id":{quoted},"action":{{"call":"signal","name":{quoted},"value":1}}}}}}"#
        ),
        format!(
            r#"{{"at":9,"type":"return","operation":90,"attempt":1,"answer":{{"answer":"info","error":{quoted}}}}}"#
        ),
        format!(
            r#"{{"at":9,"type":"task","task":91,"worker":{quoted},"kind":"workflow","workflow_id":{quoted},"run_id":{quoted},"attempt":1,"started":3,"updates":[{quoted}]}}"#
        ),
        format!(r#"{{"at":9,"type":"fault","fault":{quoted},"active":true}}"#),
    ] {
        evidence.add(serde_json::from_str(&line).unwrap()).unwrap();
    }
    let words = |text: &str| text.replace(' ', "");
    let bare = format!("run x/y\n1 {} a={} @1", words(evil).replace('=', ""), words(evil));
    evidence.runs.extend(parse(&bare).unwrap().runs.into_iter().map(|mut run| {
        (run.workflow_id, run.run_id) = (evil.to_owned(), evil.to_owned());
        run
    }));
    let (_, mut verdict) = judged(PASSING);
    verdict.notes.push(evil.into());
    verdict.rules[0].rule = evil.into();
    verdict.rules[0].outcome = Outcome::Violated;
    verdict.rules[0].findings = vec![Finding {
        workflow_id: evil.into(),
        run_id: evil.into(),
        events: vec![1],
        message: evil.into(),
        ..Finding::default()
    }];
    let mut summary = mixed();
    for text in [
        &mut summary.origin.command,
        &mut summary.origin.target,
        &mut summary.origin.target_version,
        &mut summary.cases[0].recording_hash,
    ] {
        *text = evil.into();
    }
    summary.rules[0].rule = evil.into();
    summary.cases[0].path = Some(evil.into());
    summary.coverage.merge(&resurgam_campaign::coverage::Coverage::of(&evidence));
    let page = render(&Page {
        summary: &summary,
        directory: "r",
        rules: &abouts(),
        cases: &[CaseView { seed: 7, evidence: &evidence, verdict: &verdict, shrunk: None }],
    })
    .unwrap();
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(!page.contains("<b>\"'onload") && !page.contains("\"'onload"));
    assert!(page.matches("&lt;script&gt;alert").count() > 10);
}

#[test]
fn an_empty_run_is_a_page_too() {
    let summary = Summary::new(resurgam_campaign::origin::Origin::default());
    let page = render(&Page { summary: &summary, directory: "r", rules: &abouts(), cases: &[] }).unwrap();
    assert!(page.contains("Nothing was judged") && page.contains("No case was kept"));
}

#[test]
fn faults_and_the_store_stand_in_lanes_of_nodes() {
    let (mut evidence, verdict) = judged(PASSING);
    let page = |evidence: &Evidence| {
        let cases = &[CaseView { seed: 7, evidence, verdict: &verdict, shrunk: None }];
        render(&Page { summary: &simulated(), directory: "r", rules: &abouts(), cases }).unwrap()
    };
    let calm = page(&evidence);
    assert!(
        !calm.contains("class=\"lane nodes\"")
            && !calm.contains("class=\"outcome-mark\"")
            && !calm.contains("key down")
    );
    for line in [
        r#"{"at":20000000,"type":"fault","fault":{"at_ms":20,"for_ms":30,"fault":"kill","node":1},"active":true}"#,
        r#"{"at":22000000,"type":"store","node":2,"partition":"<i>","outcome":"limbo_opened"}"#,
    ] {
        evidence.add(serde_json::from_str(line).unwrap()).unwrap();
    }
    let page = page(&evidence);
    for name in ["node 0", "node 1", "node 2"] {
        assert!(page.contains(&format!("class=\"lane nodes\" role=\"list\" aria-label=\"{name}\"")), "{name}");
    }
    assert!(page.contains("class=\"bar down open\"") && page.contains("<title>fault node 1 killed</title>"));
    assert!(page.contains("limbo opened on &lt;i&gt;, call of node 2") && page.contains("key down"));
}

#[test]
fn a_simulated_run_shows_milestones_pace_and_traces() {
    let (evidence, verdict) = judged(PASSING);
    let cases = &[CaseView { seed: 7, evidence: &evidence, verdict: &verdict, shrunk: None }];
    let page = render(&Page { summary: &simulated(), directory: "r", rules: &abouts(), cases }).unwrap();
    let possible = simulated().simulation.unwrap().possible;
    assert!(page.contains("id=\"milestones\"") && page.contains(&format!("2 of {possible} were reached")));
    assert!(
        page.contains("<code>timer-fired</code></td>")
            && page.contains("<tr class=\"never\"><td><code>fault-partition")
    );
    assert!(page.contains("45.0 s per second") && page.contains("links <code>000000000000abc7</code>"));
    let real = render(&Page { summary: &mixed(), directory: "r", rules: &abouts(), cases }).unwrap();
    assert!(
        !real.contains("id=\"milestones\"") && !real.contains("href=\"#milestones") && !real.contains("links <code>")
    );
}
