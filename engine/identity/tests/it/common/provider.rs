//! A real identity provider (`oidc-provider` from npm) and a browser that goes there and back.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use openidconnect::reqwest::{self, Response, redirect};
use serde_json::{Value, json};
use url::Url;

/// Where the provider sends the browser back to.
pub const REDIRECT: &str = "http://localhost:8080/desk/sign-in/provider";

/// A provider, ended with the test.
pub struct RunningProvider {
    pub issuer: Url,
    process: Child,
    /// Kept open: the provider would end when it can't write.
    _output: BufReader<ChildStdout>,
}

impl RunningProvider {
    /// Starts a provider that knows `tanaka`, whose mail is verified, and `sato`, whose mail is not. `client` says how the
    /// client `kawasemi` proves itself.
    pub fn start(client: Value) -> Self {
        let mut client = client;
        client["client_id"] = json!("kawasemi");
        client["redirect_uris"] = json!([REDIRECT]);
        let people = json!({
            "tanaka": { "mail": "Tanaka@city.example.jp", "groups": ["parks", "tea-club"] },
            "sato": { "mail": "sato@city.example.jp", "mailVerified": false },
        });
        let config = json!({ "clients": [client], "people": people }).to_string();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut process = Command::new("node")
            .args(["dev/oidc-provider/start.mjs", &config])
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is installed");
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).expect("the provider starts; run `npm ci` first");
        Self { issuer: told["issuer"].as_str().unwrap().parse().unwrap(), process, _output: output }
    }
}

impl Drop for RunningProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A fresh RSA key: in PEM for the client, and as a key set for the provider. Its id is `test-key`.
pub fn client_key() -> (String, Value) {
    let script = "const { generateKeyPairSync } = require('node:crypto');
        const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const pem = privateKey.export({ type: 'pkcs1', format: 'pem' });
        const key = { ...publicKey.export({ format: 'jwk' }), kid: 'test-key', use: 'sig', alg: 'RS256' };
        console.log(JSON.stringify({ pem, keys: { keys: [key] } }))";
    let output = Command::new("node").args(["-e", script]).output().expect("node is installed");
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    (made["pem"].as_str().unwrap().to_owned(), made["keys"].clone())
}

/// A browser with its cookies.
#[derive(Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Goes to the provider, signs in there, and answers the address to which it is sent back.
    pub async fn sign_in(&mut self, departure: &Url, login: &str) -> Url {
        let client = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        let mut url = departure.clone();
        for _ in 0..10 {
            let mut request = client.get(url.clone());
            if url.path().starts_with("/sign-in/") {
                let form = format!("login={login}");
                request =
                    client.post(url.clone()).header("content-type", "application/x-www-form-urlencoded").body(form);
            }
            let response = request.header("cookie", self.header()).send().await.unwrap();
            self.keep(&response);
            let status = response.status();
            let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
            let Some(location) = location else { panic!("{url}: {status} {}", response.text().await.unwrap()) };
            url = url.join(&location).unwrap();
            if url.as_str().starts_with(REDIRECT) {
                return url;
            }
        }
        panic!("the provider never sends the browser back");
    }

    fn header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, response: &Response) {
        for cookie in response.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
