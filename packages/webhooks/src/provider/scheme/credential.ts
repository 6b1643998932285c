import { decodeBase64, decodeUtf8, equalText } from "../../encoding.ts";
import { WebhookError, type WebhookErrorDetails } from "../../errors.ts";
import { requireSecrets } from "../require.ts";
import { scalar, type Selector, walk } from "../select.ts";
import type { Scheme, SchemeContext } from "../types.ts";

/** A fixed value that the provider repeats with every request. */
export interface CredentialOptions {
  /** Name of the scheme. Defaults to `credential`. */
  readonly name?: string;
  /** Headers that may contain the value; the first one present is used. */
  readonly header?: string | readonly string[];
  /** Path of the value in the body, as an alternative to a header. */
  readonly body?: string;
  /** Allows users to choose the header: `config.header` overrides its name. */
  readonly configurable?: boolean;
}

/** Scheme created by {@link credential}. */
export interface CredentialScheme extends Scheme {
  /** Always `credential`. */
  readonly kind: "credential";
  /** The options of the scheme, for tests and documentation. */
  readonly options: CredentialOptions;
}

/**
 * Scheme for a static credential in a header or in the body. It identifies the sender but does not protect the body.
 *
 * @param options Location of the credential.
 * @returns A scheme for a provider definition, with `trust: "shared-secret"`.
 *
 * @example
 *
 * ```ts
 * import { credential, verifyProvider, type ProviderDefinition } from "@posthorn/webhooks/provider";
 *
 * const acme: ProviderDefinition = {
 *   id: "acme",
 *   name: "Acme",
 *   group: "business",
 *   schemes: [credential({ header: "x-acme-token" })],
 * };
 * const headers = { "x-acme-token": "hush" };
 * const request = { method: "POST", url: "https://receiver.example/", headers, body: new Uint8Array() };
 * const { trust } = await verifyProvider(acme, request, { secrets: "hush" });
 * console.log(trust); // shared-secret
 * ```
 */
export function credential(options: CredentialOptions): CredentialScheme {
  const names = [options.header ?? []].flat();
  const mask: Selector = options.body === undefined ? `header:${names[0] ?? ""}` : `body:${options.body}`;
  return {
    kind: "credential",
    name: options.name ?? "credential",
    trust: "shared-secret",
    covers: "nothing",
    needs: "secrets",
    options,
    mask: options.body === undefined ? names.map((name): Selector => `header:${name}`) : [mask],
    claimed: (context) => readCredential(options, context).value !== undefined,
    verify(context) {
      const secrets = requireSecrets(context);
      const { value, details } = readCredential(options, context);
      if (value === undefined || value === "") {
        const code = details.field === undefined ? "missing_header" : "missing_field";
        throw new WebhookError(code, `The request has no ${details.field ?? details.headerName}.`, details);
      }
      const presented = [value, ...authorizationForms(value)];
      const accepted = secretForms(secrets);
      const secretIndex = accepted.findIndex(({ text }) => presented.some((given) => equalText(given, text)));
      if (secretIndex >= 0) return { secretIndex: accepted[secretIndex]!.index };
      throw new WebhookError(
        "credential_mismatch",
        "The credential in the request does not match the configured one.",
        details,
      );
    },
  };
}

/** Options of {@link basic}. */
export interface BasicOptions {
  /** Name of the scheme. Defaults to `basic`. */
  readonly name?: string;
}

/** Scheme created by {@link basic}. */
export interface BasicScheme extends Scheme {
  /** Always `basic`. */
  readonly kind: "basic";
}

/**
 * Scheme for HTTP Basic authentication (RFC 7617). Secrets are texts of the form `user:password`, or exactly two
 * texts: user and password. A user name cannot contain a colon, so the two forms are unambiguous.
 *
 * @param options Name of the scheme.
 * @returns A scheme for a provider definition, with `trust: "shared-secret"`.
 * @see RFC 7617
 *
 * @example
 *
 * ```ts
 * import { basic, verifyProvider, type ProviderDefinition } from "@posthorn/webhooks/provider";
 *
 * const acme: ProviderDefinition = { id: "acme", name: "Acme", group: "business", schemes: [basic()] };
 * const headers = { authorization: `Basic ${btoa("user:password")}` };
 * const request = { method: "POST", url: "https://receiver.example/", headers, body: new Uint8Array() };
 * const { scheme } = await verifyProvider(acme, request, { secrets: ["user", "password"] });
 * console.log(scheme); // basic
 * ```
 */
export function basic(options: BasicOptions = {}): BasicScheme {
  const details = { headerName: "authorization" };
  return {
    kind: "basic",
    name: options.name ?? "basic",
    trust: "shared-secret",
    covers: "nothing",
    needs: "secrets",
    mask: ["header:authorization"],
    claimed: ({ inbound }) => inbound.header("authorization") !== undefined,
    verify(context) {
      const secrets = requireSecrets(context);
      const value = context.inbound.header("authorization") ?? "";
      if (value === "") throw new WebhookError("missing_header", "The request has no authorization header.", details);
      const [presented] = basicForm(value);
      if (presented === undefined) {
        throw new WebhookError("malformed_header", "The authorization header is not Basic authentication.", details);
      }
      const accepted = secretForms(secrets);
      const found = accepted.find(({ text }) => equalText(presented, text));
      if (found !== undefined) return { secretIndex: found.index };
      throw new WebhookError(
        "credential_mismatch",
        "User name or password does not match the configured one.",
        details,
      );
    },
  };
}

function readCredential(
  options: CredentialOptions,
  { inbound, config }: SchemeContext,
): { readonly value: string | undefined; readonly details: WebhookErrorDetails } {
  if (options.body !== undefined) {
    return { value: scalar(walk(inbound.payload(), options.body)), details: { field: options.body } };
  }
  const configured = options.configurable === true ? config["header"]?.toLowerCase() : undefined;
  const names = configured === undefined ? [options.header ?? []].flat() : [configured];
  const headerName = names.find((name) => inbound.header(name) !== undefined) ?? names[0] ?? "";
  return { value: inbound.header(headerName), details: { headerName } };
}

/** Content of an Authorization header without its scheme, which users rarely include in the secret. */
function authorizationForms(value: string): string[] {
  const bearer = /^bearer +(.+)$/i.exec(value)?.[1];
  return bearer === undefined ? basicForm(value) : [bearer];
}

function basicForm(value: string): string[] {
  const encoded = /^basic +(\S+)$/i.exec(value)?.[1];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  const text = bytes && decodeUtf8(bytes);
  // The first colon ends the user name; the password may hold more.
  return text?.includes(":") === true ? [text] : [];
}

function secretForms(secrets: readonly string[]): { readonly text: string; readonly index: number }[] {
  const forms = secrets.map((text, index) => ({ text, index }));
  const [user, password] = secrets;
  const isPair = secrets.length === 2 && !user!.includes(":");
  return isPair ? [...forms, { text: `${user}:${password}`, index: 0 }] : forms;
}
