//! Commands that systems bring: `kawasemi policy import FILE`.

use std::fmt;

use kawasemi_platform::{Report, System, WorkError};
use kawasemi_schema::error::nearest;
use kawasemi_store::Access;
use serde::{Serialize, Serializer};

use crate::output::UsageError;
use crate::shell::Shell;

/// Runs a system's command. The words are the system's key, the command's name, and its arguments.
///
/// # Errors
/// An unknown command, or what the command refuses.
pub async fn run(shell: &Shell, words: Vec<String>) -> anyhow::Result<()> {
    let mut words = words.into_iter();
    let (key, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let with_commands = || shell.systems.iter().filter(|system| !system.commands.is_empty());
    let Some(system) = with_commands().find(|system| system.key() == key) else {
        return Err(unknown(&key, &name, with_commands()).into());
    };
    let Some(command) = system.command(&name) else {
        let near = nearest(&name, system.commands.iter().map(|command| command.name));
        let hint = near.map(|near| format!("「{near}」のことですか。")).unwrap_or_default();
        let said = if name.is_empty() {
            format!("「{key}」のあとに、することを続けてください。")
        } else {
            format!("「{key} {name}」というコマンドはありません。{hint}")
        };
        return Err(UsageError(format!("{said}使い方:\n{}", usage(system))).into());
    };
    let arguments: Vec<String> = words.collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        shell.output.remark(usage(system));
        return Ok(());
    }
    // What stands in brackets may be left out.
    let required = command.arguments.iter().filter(|argument| !argument.starts_with('[')).count();
    if arguments.len() < required {
        return Err(UsageError(format!("引数が足りません。\n{}", usage(system))).into());
    }
    if let Some(extra) = arguments.get(command.arguments.len()) {
        return Err(UsageError(format!("「{extra}」は余分です。\n{}", usage(system))).into());
    }
    let (store, open) = shell.open(Access::Command).await?;
    let reason = format!("kawasemi {key} {name}");
    let (work, progress) = shell.work(&open, &reason, arguments);
    let outcome = (command.run)(work).await;
    drop(progress);
    store.close().await;
    match outcome {
        Ok(report) => shell.output.answer(&Answer(report)),
        Err(WorkError::Usage(message)) => Err(UsageError(message).into()),
        Err(error) => Err(error.into()),
    }
}

/// What is offered, for the help page.
pub fn offered(systems: &[System]) -> String {
    systems.iter().filter(|system| !system.commands.is_empty()).map(usage).collect::<Vec<_>>().join("\n")
}

fn usage(system: &System) -> String {
    let line = |command: &kawasemi_platform::Command| {
        let words = [system.key(), command.name].into_iter().chain(command.arguments.iter().copied());
        format!("  kawasemi {}\n          {}", words.collect::<Vec<_>>().join(" "), command.about)
    };
    system.commands.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn unknown<'a>(key: &str, name: &str, systems: impl Iterator<Item = &'a System>) -> UsageError {
    let keys: Vec<&str> = systems.map(System::key).collect();
    let verbs = crate::cli::Cli::verbs();
    let known = keys.iter().copied().chain(verbs.iter().map(String::as_str));
    let hint = nearest(key, known).map(|near| format!("「{near}」のことですか。")).unwrap_or_default();
    UsageError(format!(
        "「{}」というコマンドはありません。{hint}使い方は kawasemi --help で確かめてください。",
        format!("{key} {name}").trim()
    ))
}

/// A system's answer, as text or as the JSON that it made.
struct Answer(Report);

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.json.serialize(serializer)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.0.text.trim_end())
    }
}
