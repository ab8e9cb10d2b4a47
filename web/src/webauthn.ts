/** WebAuthn's options and answers between the server's JSON and the browser's buffers. Pure but for the types. */

import { decode, encode } from "./base64url";

type Json = Record<string, unknown>;

/** The options of `navigator.credentials.create` from the server's JSON. */
export function creationOptions(json: Json): PublicKeyCredentialCreationOptions {
  const user = json["user"] as Json;
  return {
    ...json,
    challenge: decode(String(json["challenge"])),
    user: { ...user, id: decode(String(user["id"])) },
    excludeCredentials: descriptors(json["excludeCredentials"]),
  } as unknown as PublicKeyCredentialCreationOptions;
}

/** The options of `navigator.credentials.get` from the server's JSON. */
export function requestOptions(json: Json): PublicKeyCredentialRequestOptions {
  return {
    ...json,
    challenge: decode(String(json["challenge"])),
    allowCredentials: descriptors(json["allowCredentials"]),
  } as unknown as PublicKeyCredentialRequestOptions;
}

/** The server's JSON of a credential that the browser has made or used. */
export function credentialJson(credential: PublicKeyCredential): Json {
  const { response } = credential;
  const answer: Json = { clientDataJSON: encode(response.clientDataJSON) };
  if ("attestationObject" in response) {
    const made = response as AuthenticatorAttestationResponse;
    answer["attestationObject"] = encode(made.attestationObject);
    answer["transports"] = made.getTransports?.() ?? [];
  } else {
    const used = response as AuthenticatorAssertionResponse;
    answer["authenticatorData"] = encode(used.authenticatorData);
    answer["signature"] = encode(used.signature);
    answer["userHandle"] = used.userHandle ? encode(used.userHandle) : null;
  }
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    response: answer,
    extensions: credential.getClientExtensionResults(),
  };
}

function descriptors(list: unknown): Json[] {
  if (!Array.isArray(list)) return [];
  return list.map((item: Json) => ({ ...item, id: decode(String(item["id"])) }));
}
