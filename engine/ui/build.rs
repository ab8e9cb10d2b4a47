//! Embeds `web/dist` (the script, styles, fonts and icons that `make web` builds) as a table of bytes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    println!("cargo::rerun-if-changed={}", dist.join("manifest.tsv").display());
    let manifest = fs::read_to_string(dist.join("manifest.tsv")).unwrap_or_else(|error| {
        eprintln!(
            "web/dist/manifest.tsv cannot be read ({error}). The pages' script and styles are not built yet: \
             run `make web` (or `npm ci && npm run build`) in the top folder, then build again."
        );
        process::exit(1);
    });
    let mut table = String::from("pub(super) static ASSETS: &[Asset] = &[\n");
    for line in manifest.lines() {
        let Some((logical, file)) = line.split_once('\t') else { continue };
        write_asset(&mut table, &dist, logical, file);
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("assets.rs");
    fs::write(out, table).expect("OUT_DIR can be written");
}

fn write_asset(table: &mut String, dist: &Path, logical: &str, file: &str) {
    let path = fs::canonicalize(dist.join(file)).expect("every file of the manifest lies in web/dist");
    let path = path.display();
    let twin = |end: &str| match dist.join(format!("{file}.{end}")).exists() {
        true => format!("Some(include_bytes!({:?}))", format!("{path}.{end}")),
        false => "None".to_owned(),
    };
    writeln!(
        table,
        "Asset {{ logical: {logical:?}, file: {file:?}, media_type: {:?}, bytes: include_bytes!({:?}), brotli: {}, gzip: {} }},",
        media_type(file),
        path.to_string(),
        twin("br"),
        twin("gz"),
    )
    .expect("writing to a String cannot fail");
}

fn media_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
