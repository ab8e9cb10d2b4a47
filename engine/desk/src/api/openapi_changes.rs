//! The changes of a ledger and the messages of webhooks, as the OpenAPI document describes them.

use serde_json::{Map, Value as Json, json};

/// Adds the addresses under which a ledger's changes are read.
pub fn add_paths(paths: &mut Map<String, Json>, key: &str, title: &str) {
    let problem = json!({ "$ref": "#/components/responses/problem" });
    // A change of this ledger, with this ledger's record in it.
    let change = json!({ "allOf": [
        { "$ref": "#/components/schemas/change" },
        { "type": "object", "properties": { "record": { "oneOf": [
            { "$ref": format!("#/components/schemas/{key}") }, { "type": "null" },
        ] } } },
    ] });
    let page = json!({ "type": "object", "required": ["changes", "next", "more"], "properties": {
        "changes": { "type": "array", "items": change },
        "next": { "type": "string", "description": "続きの位置。変更がないときも返る（次の since に渡す）" },
        "more": { "type": "boolean", "description": "もう続きがあるか。空のページでも true のことがある" },
    } });
    let name = key.replace('-', "_");
    paths.insert(
        format!("/api/v1/ledgers/{key}/changes"),
        json!({ "get": {
            "tags": [key], "operationId": format!("changes_{name}"), "summary": format!("{title}で変わったこと"),
            "description": "確定した順に、抜けなく並ぶ。書き込みから並ぶまで十数秒かかることがある。",
            "parameters": parameters(),
            "responses": {
                "200": { "description": "変更の1ページ", "content": { "application/json": { "schema": page } } },
                "default": problem,
            },
        } }),
    );
    let mut of_stream = parameters();
    if let Some(all) = of_stream.as_array_mut() {
        all.push(json!({ "name": "Last-Event-ID", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "最後に受け取った変更の id。切れたところから続ける" }));
    }
    paths.insert(
        format!("/api/v1/ledgers/{key}/changes/stream"),
        json!({ "get": {
            "tags": [key], "operationId": format!("stream_{name}"), "summary": format!("{title}の変更の通知"),
            "description": "server-sent events。event は change、id は続きの位置、data は変更（JSON）。since を付けなければ今から。",
            "parameters": of_stream,
            "responses": {
                "200": { "description": "変更の流れ", "content": { "text/event-stream": { "schema": { "type": "string" } } } },
                "default": problem,
            },
        } }),
    );
}

fn parameters() -> Json {
    let text = |name: &str, about: &str| json!({ "name": name, "in": "query", "required": false, "description": about, "schema": { "type": "string" } });
    json!([
        text("since", "この位置より後。now は今から、空は最初から"),
        text("filter", "条件（OGC CQL2）。当てはまらなくなった記録は gone になる"),
        text("fields", "返す項目。コンマ区切り"),
        text("kinds", "create, update, delete, restore のうち知りたいもの。コンマ区切り"),
        { "name": "limit", "in": "query", "required": false,
          "schema": { "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 } },
    ])
}

/// One change.
pub fn change_schema() -> Json {
    json!({ "type": "object", "required": ["cursor", "id", "revision", "kind", "at"], "properties": {
        "cursor": { "type": "string", "description": "この変更の次から読むための位置" },
        "id": { "type": "string", "format": "uuid" },
        "revision": { "type": "integer", "description": "この変更でできた版。記録ごとに増える" },
        "kind": { "type": "string", "enum": ["create", "update", "delete", "restore", "gone"],
            "description": "gone は、見られなくなったか、条件に当てはまらなくなった" },
        "at": { "type": "string", "format": "date-time" },
        "record": { "type": ["object", "null"], "description": "今の記録。消えたものは null" },
    } })
}

/// What the program sends to others.
pub fn webhooks() -> Json {
    let header = |name: &str, about: &str| json!({ "name": name, "in": "header", "required": true, "description": about, "schema": { "type": "string" } });
    json!({ "ledgerChanged": { "post": {
        "summary": "台帳の変更の通知",
        "description": "管理者が決めた送り先へ送る（Standard Webhooks）。2xx で受け取ったことになる。届くまで送り直すので、\
                        同じ webhook-id が二度届くことがある。一つのWebhookの通知は順に届く。",
        "parameters": [
            header("webhook-id", "通知の番号。送り直しても変わらない"),
            header("webhook-timestamp", "送った時刻（UNIX秒）"),
            header("webhook-signature", "v1, に続く HMAC-SHA256（base64）。秘密の作り直しのあとは空白区切りで二つ"),
        ],
        "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "type": "object", "required": ["type", "timestamp", "data"], "properties": {
                "type": { "type": "string", "enum": ["ledger.changed", "ledger.test"] },
                "timestamp": { "type": "string", "format": "date-time" },
                "data": { "type": "object", "required": ["city", "ledger", "webhook", "changes"], "properties": {
                    "city": { "type": "string", "description": "団体コード" },
                    "ledger": { "type": "string" },
                    "webhook": { "type": "string", "format": "uuid" },
                    "changes": { "type": "array", "maxItems": 50, "items": { "$ref": "#/components/schemas/change" } },
                } },
            },
        } } } },
        "responses": {
            "204": { "description": "受け取った（2xx ならどれでもよい）" },
            "410": { "description": "もう送らないでほしい。Webhookはすぐに止まる" },
        },
    } } })
}
