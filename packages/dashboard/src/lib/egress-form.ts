/** Form fields for the credentials and TLS settings of an endpoint. They are write-only, so fields start empty. */
import type { components } from "../api/schema.ts";
import type { FormValues } from "../components/form.tsx";

export type EgressIn = components["schemas"]["EndpointEgressIn"];
type Auth = NonNullable<EgressIn["auth"]>;
export type AuthType = Auth["type"];

type AuthName =
  | ("user" | "password" | "token" | "name" | "value")
  | ("header" | "secret" | "algorithm" | "encoding" | "template" | "signed" | "timestampHeader")
  | ("tokenUrl" | "clientId" | "clientSecret" | "scope" | "audience" | "credentials");

export interface AuthField {
  readonly name: AuthName;
  /** Rendered as a password field. */
  readonly secret?: true;
  readonly required?: true;
  readonly choices?: readonly string[];
}

/** Fields of each type of credentials, in the order of the form. */
export const AUTH_FIELDS: Readonly<Record<AuthType, readonly AuthField[]>> = {
  basic: [
    { name: "user", required: true },
    { name: "password", secret: true, required: true },
  ],
  bearer: [{ name: "token", secret: true, required: true }],
  header: [
    { name: "name", required: true },
    { name: "value", secret: true, required: true },
  ],
  hmac: [
    { name: "header", required: true },
    { name: "secret", secret: true, required: true },
    { name: "algorithm", choices: ["sha256", "sha1", "sha384", "sha512"] },
    { name: "encoding", choices: ["hex", "base64"] },
    { name: "template" },
    { name: "signed" },
    { name: "timestampHeader" },
  ],
  oauth2: [
    { name: "tokenUrl", required: true },
    { name: "clientId", required: true },
    { name: "clientSecret", secret: true, required: true },
    { name: "scope" },
    { name: "audience" },
    { name: "credentials", choices: ["header", "form"] },
  ],
};

export const AUTH_TYPES = Object.keys(AUTH_FIELDS) as readonly AuthType[];

/** Builds the request body. Empty fields are omitted, so that the server's defaults apply. */
export function authFromForm(type: AuthType, values: FormValues): Auth {
  const given = AUTH_FIELDS[type].map(({ name }) => [name, (values[name] ?? "").trim()] as const);
  return { type, ...Object.fromEntries(given.filter(([, value]) => value !== "")) };
}

const TLS_TEXTS = ["ca", "cert", "key", "passphrase"] as const;

export function tlsFromForm(values: FormValues): NonNullable<EgressIn["tls"]> {
  const given = TLS_TEXTS.map((name) => [name, (values[name] ?? "").trim()] as const);
  const pins = (values["pins"] ?? "").split(/[\s,]+/).filter((pin) => pin !== "");
  return {
    ...Object.fromEntries(given.filter(([, value]) => value !== "")),
    ...(pins.length === 0 ? {} : { pins }),
  };
}
