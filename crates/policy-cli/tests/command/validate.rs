//! `policy validate`: every mistake, each where it is.

use crate::running::{Ran, command, file, fixture, run};

#[test]
fn twenty_mistakes_are_shown_each_in_its_place() {
    let ran = run(["validate", &fixture("twenty-mistakes.json")]);
    assert_eq!(ran.status, 1);
    // Where each is, of what kind, and the source line that is shown with it.
    let expected = [
        (2, 14, "unknown_value", "\"version\": \"2\""),
        (3, 14, "unknown_value", "\"default\": \"block\""),
        (4, 3, "unknown_field", "\"hidden\": "),
        (7, 5, "invalid_value", "\"\","),
        (8, 5, "duplicate_name", "\"delete-pod\""),
        (11, 47, "unknown_value", "\"fortnight\""),
        (12, 5, "unknown_field", "\"limit\": []"),
        (19, 22, "invalid_path", "\"body.imageName\""),
        (20, 46, "unknown_value", "\"matches\""),
        (21, 64, "invalid_pattern", "\"(?=runpod)\""),
        (22, 61, "wrong_type", "\"args.gpuCount\""),
        (23, 61, "wrong_type", "\"SECURE\""),
        (24, 13, "missing_field", "\"args.ports\""),
        (27, 19, "unknown_value", "\"observe\""),
        (31, 65, "unknown_value", "\"galaxy\""),
        (32, 55, "invalid_value", "1.5"),
        (34, 9, "duplicate_limit", "\"stops\""),
        (37, 28, "unknown_value", "\"maybe\""),
        (38, 54, "invalid_value", "\"rate_limit\""),
        (39, 5, "duplicate_key", "\"stop-pod\": {}"),
    ];
    let shown: Vec<&str> = ran.stdout.split("error[").skip(1).collect();
    assert_eq!(shown.len(), expected.len(), "{}", ran.stdout);
    for (shown, (line, column, code, source)) in shown.iter().zip(expected) {
        assert!(shown.starts_with(&format!("{code}]")), "{shown}");
        assert!(shown.contains(&format!("twenty-mistakes.json:{line}:{column}\n")), "{shown}");
        let mut text = shown.lines().skip_while(|text| !text.starts_with(&format!("{line} |")));
        let (source_line, marks) = (text.next().expect(shown), text.next().expect(shown));
        assert!(source_line.contains(source), "{shown}");
        // The carets stand under the place: as far in as the column says.
        let gutter = source_line.find('|').unwrap() + 1;
        assert_eq!(marks.find('^').unwrap(), gutter + column, "{shown}");
    }
    assert!(ran.stdout.contains("twenty-mistakes.json: 20 mistakes\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("did you mean `hide`?"), "{}", ran.stdout);
}

#[test]
fn a_good_policy_is_summed_up_in_a_line() {
    let ran = run(["validate", &fixture("pods.json")]);
    assert_eq!(ran.status, 0);
    let said = "pods.json: 2 tools, 1 hidden, 1 argument rule, 1 limit, other tools denied\n";
    assert!(ran.stdout.starts_with("ok ") && ran.stdout.ends_with(said), "{}", ran.stdout);
    assert_eq!(ran.lines().len(), 1);
}

#[test]
fn every_file_is_looked_at_though_one_is_no_policy() {
    let files =
        [fixture("not-there.json"), fixture("twenty-mistakes.json"), fixture(""), fixture("pods.json")];
    let ran = run(["validate".to_owned()].into_iter().chain(files));
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("not-there.json"), "{}", ran.stdout);
    assert!(ran.stdout.contains("20 mistakes"), "{}", ran.stdout);
    assert!(ran.stdout.contains("is a directory"), "{}", ran.stdout);
    assert!(ran.stdout.contains("pods.json: 2 tools"), "{}", ran.stdout);
}

#[test]
fn text_that_is_not_json_is_shown_where_it_stops_being_it() {
    for (name, text, place) in [
        ("empty.json", &b""[..], ":1:1"),
        ("unfinished.json", b"{\n  \"version\": \"1\",\n", ":3:1"),
        ("binary.json", b"{\n\x00\xff\xfe\x1b[31m\x9b", ":2:2"),
        ("order-mark.json", b"\xef\xbb\xbf{}", ":1:1"),
    ] {
        let ran = run(["validate", &file(name, text)]);
        assert_eq!(ran.status, 1, "{name}");
        assert!(ran.stdout.contains("error[invalid_json]"), "{}", ran.stdout);
        assert!(ran.stdout.contains(&format!("{name}{place}\n")), "{}", ran.stdout);
        assert!(!ran.stdout.contains(['\u{1b}', '\u{0}', '\u{9b}']), "{:?}", ran.stdout);
    }
}

#[test]
fn a_policy_of_one_long_line_is_shown_in_part() {
    let tools: Vec<String> = (0..20_000).map(|number| format!("\"tool-{number}\":{{}}")).collect();
    let text = format!(
        "{{\"version\":\"1\",\"default\":\"deny\",\"tools\":{{{},\"last\":{{\"x\":1}}}}}}",
        tools.join(",")
    );
    let ran = run(["validate", &file("long-line.json", &text)]);
    assert!(ran.stdout.len() < 2_000, "{}", ran.stdout.len());
    let column = text.find("\"x\"").unwrap() + 1;
    assert!(ran.stdout.contains(&format!("long-line.json:1:{column}\n")), "{}", ran.stdout);
    assert!(ran.stdout.contains("^^^ /tools/last/x"), "{}", ran.stdout);
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    for (name, status) in [("pods.json", 0), ("twenty-mistakes.json", 1)] {
        let mut child = command().args(["validate", &fixture(name)]).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.status, ran.stderr.as_str()), (status, ""));
    }
}
