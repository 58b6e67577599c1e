//! The code in README.md is the code that runs.

const README: &str = include_str!("../../README.md");
const SOURCES: [&str; 2] = [include_str!("../../src/guard.rs"), include_str!("../../src/main.rs")];

#[test]
fn the_code_in_the_readme_is_the_code_that_runs() {
    let blocks: Vec<_> =
        README.split("```rust\n").skip(1).map(|from| unindented(from.split("```").next().unwrap())).collect();

    assert_eq!(blocks.len(), 4);
    for block in blocks {
        assert!(
            SOURCES.iter().any(|source| unindented(source).contains(&block)),
            "not in the sources:\n{block}"
        );
    }
}

fn unindented(code: &str) -> String {
    code.lines().map(|line| line.trim_start().to_owned() + "\n").collect()
}
