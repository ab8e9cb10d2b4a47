/** What a person has entered in a form, as plain data that can be kept and put back. Never passwords, files or tokens. */

/** Name and value of each entry, in the order of the form. */
export type Entries = [string, string][];

/** The parts of a form control that matter here; a DOM control has them. */
export interface Control {
  readonly name: string;
  readonly type: string;
  readonly disabled: boolean;
  value: string;
  checked?: boolean;
}

const NEVER = new Set(["password", "file", "hidden", "submit", "button", "reset", "image", "fieldset", "output"]);

/** Whether a control's content may be kept. */
export function isKept({ name, type, disabled }: Control): boolean {
  return name !== "" && !disabled && !NEVER.has(type) && !name.startsWith("_");
}

/** Reads the entries of a form's controls. */
export function readEntries(controls: Iterable<Control>): Entries {
  const entries: Entries = [];
  for (const control of controls) {
    if (!isKept(control)) continue;
    const choice = control.type === "checkbox" || control.type === "radio";
    if (!choice || control.checked) entries.push([control.name, control.value]);
  }
  return entries;
}

/** Puts entries back and says whether that changed anything. Controls that the entries do not name are left alone. */
export function writeEntries(controls: Iterable<Control>, entries: Entries): boolean {
  const values = grouped(entries);
  const used = new Map<string, number>();
  let changed = false;
  for (const control of controls) {
    if (!isKept(control)) continue;
    const kept = values.get(control.name);
    if (control.type === "checkbox" || control.type === "radio") {
      const checked = kept?.some(([, value]) => value === control.value) ?? false;
      changed ||= control.checked !== checked;
      control.checked = checked;
    } else if (kept) {
      const index = used.get(control.name) ?? 0;
      used.set(control.name, index + 1);
      const value = kept[index]?.[1];
      if (value === undefined) continue;
      changed ||= control.value !== value;
      control.value = value;
    }
  }
  return changed;
}

/** Whether two readings of a form say the same. */
export function sameEntries(one: Entries, other: Entries): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function grouped(entries: Entries): Map<string, Entries> {
  const groups = new Map<string, Entries>();
  for (const entry of entries) {
    const group = groups.get(entry[0]);
    if (group) group.push(entry);
    else groups.set(entry[0], [entry]);
  }
  return groups;
}
