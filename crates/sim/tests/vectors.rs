//! The vectors that are kept are the ones that the maker makes.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zeta_sim::vector::texts;

fn kept(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            kept(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            found.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn kept_vectors_are_made_anew_to_the_byte() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let mut found = BTreeMap::new();
    kept(&root, &root, &mut found);
    for (name, made) in texts().unwrap() {
        let text = found.remove(&name);
        let text = text.unwrap_or_else(|| panic!("`{name}` is missing: run make_vectors"));
        assert_eq!(made, text, "`{name}` is stale: run make_vectors");
    }
    assert!(found.is_empty(), "nobody makes these: {:?}", found.keys());
}
