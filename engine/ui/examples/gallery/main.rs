//! Writes all components in all languages to `target/gallery`, with the embedded files beside them, so that they can be
//! looked at and checked by a browser: `cargo run -p kawasemi-ui --example gallery`.

mod pages;

use std::path::Path;
use std::{fs, io};

use kawasemi_kernel::Lang;
use kawasemi_ui::assets;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/gallery");
    for asset in assets::all() {
        write(&root.join("assets").join(asset.file), asset.bytes)?;
    }
    let mut count = 0;
    for lang in Lang::ALL {
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
