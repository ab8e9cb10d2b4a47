//! Writes all components in all languages to `target/gallery`, with the embedded files beside them, so that they can be
//! looked at and checked by a browser: `cargo run -p kawasemi-ui --example gallery`.

mod pages;

use std::path::Path;
use std::{fs, io};

use kawasemi_kernel::Lang;
use kawasemi_ui::assets;

/// What lies under the maps of the gallery, which has no server.
const MAP_STYLE: &str = r##"{
  "version": 8,
  "metadata": { "kawasemi": { "title": "市の略図", "bounds": [139.4, 35.4, 139.46, 35.47], "bases": [] } },
  "sources": {},
  "layers": [{ "id": "ground", "type": "background", "paint": { "background-color": "#f4f2ec" } }]
}"##;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/gallery");
    for asset in assets::all() {
        write(&root.join("assets").join(asset.file), asset.bytes)?;
    }
    let mut count = 0;
    for lang in Lang::ALL {
        let prefix = if lang == Lang::Ja { String::new() } else { format!("{lang}/") };
        write(&root.join(format!("{prefix}map/style.json")), MAP_STYLE.as_bytes())?;
        for (name, html) in pages::all(lang) {
            write(&root.join(lang.key()).join(format!("{name}.html")), html.as_bytes())?;
            count += 1;
        }
    }
    println!("{count} pages in {}", root.display());
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}
