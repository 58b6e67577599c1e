//! Hostile inputs that nobody here wrote. They stand beside a clone, not in it: a clone alone does without them, continuous
//! integration does not.

use std::path::{Path, PathBuf};

/// A folder of them. `None` where it is not there, which is said.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/hostile");
    let folder = shared.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let missing = format!("shared/data/hostile/{name} is not beside the clone");
    assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "{missing}");
    println!("skipped: {missing}");
    None
}
