/**
 * Passkeys: `form[data-passkey="login|register"]`. The form's fields go to `/auth/passkey/KIND/start`, whose answer
 * `{"publicKey": …}` the browser turns into a credential; that goes to `…/finish`, which answers `{"redirect": "/…"}`.
 * A refusal is an RFC 9457 problem whose `detail` is shown. Where the browser has no passkeys the form stays hidden.
 */

import { notice } from "./live";
import { text } from "./texts";
import { creationOptions, credentialJson, requestOptions } from "./webauthn";

type Kind = "login" | "register";

/** Starts every passkey form under `root`. */
export function start(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
    if (!("PublicKeyCredential" in window)) continue;
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void run(form, form.dataset["passkey"] === "register" ? "register" : "login");
    });
  }
}

async function run(form: HTMLFormElement, kind: Kind): Promise<void> {
  form.parentElement?.querySelectorAll(":scope > .notice-error").forEach((old) => old.remove());
  try {
    const entered = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    const started = await post(`/auth/passkey/${kind}/start`, entered);
    const options = started["publicKey"] as Record<string, unknown>;
    const credential =
      kind === "register"
        ? await navigator.credentials.create({ publicKey: creationOptions(options) })
        : await navigator.credentials.get({ publicKey: requestOptions(options) });
    if (!(credential instanceof PublicKeyCredential)) throw new Error(text("passkey-cancelled"));
    const body = { ...entered, credential: credentialJson(credential) };
    const finished = await post(`/auth/passkey/${kind}/finish`, body);
    location.assign(sameOrigin(String(finished["redirect"] ?? location.pathname)));
  } catch (error) {
    // The browser says NotAllowedError both when the person cancels and when no passkey fits.
    const cancelled = error instanceof DOMException && ["NotAllowedError", "AbortError"].includes(error.name);
    const message = cancelled || !(error instanceof Error) ? text("passkey-cancelled") : error.message;
    notice(form, "error", message);
    form.classList.remove("is-sending");
  }
}

async function post(address: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const json = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  if (!answer.ok) throw new Error(String(json["detail"] ?? text("request-failed")));
  return json;
}

/** An address of this site; anything else leads to the start page. */
export function sameOrigin(address: string): string {
  return /^\/(?![/\\])/.test(address) ? address : "/";
}
