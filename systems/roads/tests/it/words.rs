//! The residents' words are the same set in every language, and each is used.

use std::path::Path;

#[test]
fn words_are_complete_and_used() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = [folder.join("src")];
    let sources: Vec<&Path> = sources.iter().map(|path| path.as_path()).collect();
    let faults = kawasemi_platform::ui::text::audit(&folder.join("text"), &sources).expect("the folders can be read");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
