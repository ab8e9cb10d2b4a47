//! Holds the direction of dependencies between crates, as ARCHITECTURE.md draws them.

use std::fs;
use std::path::{Path, PathBuf};

/// The engines from the lowest to the highest; a crate may depend only on those before it.
const ENGINES: &[&str] = &[
    "kernel",
    "sanitize",
    "schema",
    "store",
    "filter",
    "identity",
    "sheets",
    "geo",
    "tiles",
    "ledger",
    "registry",
    "parties",
    "oversight",
    "webhook",
    "courier",
    "exchange",
    "print",
    "checkup",
    "ui",
    "desk",
    "platform",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The internal dependencies that a manifest names under `[dependencies]`.
fn internal_dependencies(manifest: &Path) -> Vec<String> {
    let text = fs::read_to_string(manifest).expect("the manifest is there");
    let section = text.split("[dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    section
        .lines()
        .filter_map(|line| line.trim().strip_prefix("kawasemi-"))
        .map(|rest| rest.split(['.', ' ', '=']).next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn engines_depend_only_on_engines_below_them() {
    let present: Vec<String> = fs::read_dir(root().join("engine"))
        .expect("engine/ is there")
        .map(|entry| entry.expect("is readable").file_name().to_string_lossy().into_owned())
        .collect();
    for engine in &present {
        let height = ENGINES.iter().position(|name| name == engine);
        let height = height.unwrap_or_else(|| panic!("engine/{engine} has no place in the order of engines"));
        for dependency in internal_dependencies(&root().join("engine").join(engine).join("Cargo.toml")) {
            let below = ENGINES[..height].contains(&dependency.as_str());
            assert!(below, "engine/{engine} depends on {dependency}, which is not below it");
        }
    }
}

#[test]
fn systems_depend_on_the_platform_alone() {
    for entry in fs::read_dir(root().join("systems")).expect("systems/ is there") {
        let folder = entry.expect("is readable").path();
        let manifest = folder.join("Cargo.toml");
        if manifest.is_file() {
            let dependencies = internal_dependencies(&manifest);
            assert_eq!(
                dependencies,
                ["platform"],
                "{} may use the platform and nothing else of ours",
                folder.display()
            );
        }
    }
}

#[test]
fn every_system_says_what_it_is() {
    for entry in fs::read_dir(root().join("systems")).expect("systems/ is there") {
        let folder = entry.expect("is readable").path();
        assert!(folder.join("system.toml").is_file(), "{} has no system.toml", folder.display());
    }
}
