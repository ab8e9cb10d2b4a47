import assert from "node:assert/strict";
import { test } from "node:test";

import { common } from "../src/postcode";

test("what several towns begin with alike is filled in", () => {
  assert.equal(common([]), "");
  assert.equal(common(["神奈川県綾瀬市早川"]), "神奈川県綾瀬市早川");
  assert.equal(common(["神奈川県綾瀬市深谷上", "神奈川県綾瀬市深谷中"]), "神奈川県綾瀬市深谷");
  assert.equal(common(["東京都千代田区", "神奈川県綾瀬市"]), "");
  assert.equal(common(["北海道", "北海道"]), "北海道");
});
