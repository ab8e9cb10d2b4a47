import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "../src/base64url";
import { KeySequence } from "../src/keys";
import { sameOrigin } from "../src/passkey";
import { rowHtml } from "../src/rows";
import { between, overall } from "../src/selection";
import { fill } from "../src/texts";
import { creationOptions, requestOptions } from "../src/webauthn";

test("base64url goes both ways without padding", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.deepEqual(decode(encode(bytes)), bytes);
  assert.equal(encode(Uint8Array.of(251, 255)), "-_8");
  assert.throws(() => decode("***"));
});

test("WebAuthn options become buffers", () => {
  const made = creationOptions({ challenge: "AQI", user: { id: "Aw", name: "hanako" }, excludeCredentials: [{ id: "BA" }] });
  assert.deepEqual(made.challenge, Uint8Array.of(1, 2));
  assert.deepEqual(made.user.id, Uint8Array.of(3));
  assert.deepEqual(made.excludeCredentials?.[0]?.id, Uint8Array.of(4));
  assert.deepEqual(requestOptions({ challenge: "AQI" }).allowCredentials, []);
});

test("shortcuts are read as single keys and as sequences", () => {
  const known = ["/", "g h", "g l"];
  const sequence = new KeySequence();
  assert.equal(sequence.press("g", 0, known), null);
  assert.equal(sequence.press("h", 100, known), "g h");
  assert.equal(sequence.press("h", 200, known), null);
  assert.equal(sequence.press("g", 300, known), null);
  assert.equal(sequence.press("h", 5000, known), null);
  assert.equal(sequence.press("g", 5100, known), null);
  assert.equal(sequence.press("/", 5200, known), "/");
  assert.equal(sequence.press("g", 5300, known), null);
  assert.equal(sequence.press("g", 5400, known), null);
  assert.equal(sequence.press("l", 5500, known), "g l");
});

test("ranges run both ways, and the box above shows all, some or none", () => {
  assert.deepEqual(between(2, 4), [2, 3, 4]);
  assert.deepEqual(between(4, 2), [2, 3, 4]);
  assert.equal(overall([true, true]), "all");
  assert.equal(overall([true, false]), "some");
  assert.equal(overall([]), "none");
});

test("a redirect stays on this site", () => {
  assert.equal(sameOrigin("/desk?x=1"), "/desk?x=1");
  for (const other of ["https://example.com/", "//example.com", "/\\example.com", "javascript:alert(1)"]) {
    assert.equal(sameOrigin(other), "/");
  }
});

test("rows and sentences are filled in", () => {
  assert.equal(rowHtml('<input name="items.__row__.name" id="f-items.__row__.name">', 3), '<input name="items.3.name" id="f-items.3.name">');
  assert.equal(fill("{count}件を選択中 {other}", { count: "3" }), "3件を選択中 {other}");
});
