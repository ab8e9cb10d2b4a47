//! 下水道台帳.

use kawasemi_platform::System;
use kawasemi_platform::schema::SystemBundle;

/// The system.
///
/// # Panics
/// When a definition that is built into the program is wrong, which the tests would have shown.
pub fn system() -> System {
    let files = [("system.toml", include_str!("../system.toml"))];
    System::new(SystemBundle::read("systems/sewers", &files).expect("the definitions are read by the tests of this crate"))
}
