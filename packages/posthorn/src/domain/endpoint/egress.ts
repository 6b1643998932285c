/** Egress settings of an endpoint: credentials, TLS and proxy. Stored sealed and never returned. */

/** Credentials of an endpoint, in the form that the HTTP client uses. */
export type EndpointAuth =
  | { readonly type: "basic"; readonly user: string; readonly password: string }
  | { readonly type: "bearer"; readonly token: string }
  | { readonly type: "header"; readonly name: string; readonly value: string }
  | HmacAuth
  | OAuth2Auth;

interface HmacAuth {
  readonly type: "hmac";
  readonly header: string;
  readonly secret: string;
  readonly algorithm?: "sha1" | "sha256" | "sha384" | "sha512";
  readonly encoding?: "hex" | "base64";
  readonly template?: string;
  readonly signed?: string;
  readonly timestampHeader?: string;
}

interface OAuth2Auth {
  readonly type: "oauth2";
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  readonly audience?: string;
  readonly credentials?: "header" | "form";
}

export interface EndpointTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly pins?: readonly string[];
}

export interface EndpointProxy {
  readonly url: string;
  readonly target?: "address" | "name";
}

/** Sealed content of `egress_sealed`. */
export interface EndpointEgress {
  readonly auth?: EndpointAuth;
  readonly tls?: EndpointTls;
  readonly proxy?: EndpointProxy;
}

/** Lower-case names of the headers that credentials set. They override custom headers of the same name. */
export function authHeaderNames(auth: EndpointAuth | undefined): readonly string[] {
  if (auth === undefined) return [];
  if (auth.type === "header") return [auth.name.toLowerCase()];
  if (auth.type !== "hmac") return ["authorization"];
  return [auth.header, ...(auth.timestampHeader === undefined ? [] : [auth.timestampHeader])].map((name) =>
    name.toLowerCase(),
  );
}
