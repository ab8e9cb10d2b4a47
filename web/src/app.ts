/**
 * The script of every page. All of it is comfort: each page works without it. A module offers `start(root)`, which
 * looks for its own `data-` attributes under `root`; it runs once for the page and again for what htmx brings in later.
 */

import * as bulk from "./bulk";
import * as columns from "./columns";
import * as confirm from "./confirm";
import * as counter from "./counter";
import * as dates from "./dates";
import * as draft from "./draft";
import * as htmx from "./htmx";
import * as ime from "./ime";
import * as locate from "./locate";
import * as maps from "./maps";
import * as menus from "./menus";
import * as passkey from "./passkey";
import * as password from "./password";
import * as postcode from "./postcode";
import * as print from "./print";
import * as reference from "./reference";
import * as rows from "./rows";
import * as shortcuts from "./shortcuts";
import * as submit from "./submit";

// Drafts come after the rows and references that the others have started, maps after what drafts have put into fields.
const fragments = [bulk, columns, dates, locate, passkey, password, postcode, print, reference, rows, draft, maps];

function startFragment(root: ParentNode): void {
  for (const module of fragments) {
    try {
      module.start(root);
    } catch (error) {
      // One broken comfort must not take the others with it; the page still works without any.
      console.error(error);
    }
  }
}

function startPage(): void {
  document.documentElement.classList.add("has-script");
  ime.start(document);
  confirm.start(document);
  submit.start(document);
  menus.start(document);
  shortcuts.start(document);
  counter.start(document, startFragment);
  htmx.start(document, startFragment);
  startFragment(document);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startPage);
else startPage();
