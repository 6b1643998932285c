import { decodeBase64, decodeUtf8, equalText } from "../../encoding.ts";
import { WebhookError, type WebhookErrorDetails } from "../../errors.ts";
import { requireSecrets } from "../require.ts";
import { scalar, type Selector, walk } from "../select.ts";
import type { Scheme, SchemeContext } from "../types.ts";

/** A fixed value that the provider repeats with every request. */
export interface CredentialOptions {
  readonly name?: string;
  /** Headers that may hold it; the first that is there counts. */
  readonly header?: string | readonly string[];
  /** Or: path of a string in the body. */
  readonly body?: string;
  /** Users choose the header themselves: `config.header` overrides the name. */
  readonly configurable?: boolean;
}

/** A {@link CredentialOptions} scheme. */
export interface CredentialScheme extends Scheme {
  readonly kind: "credential";
  readonly options: CredentialOptions;
}

/** A static credential in a header or in the body. It says who sent the request, and nothing about the body. */
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
        "The credential in the request is not the configured one.",
        details,
      );
    },
  };
}

/** Options of {@link basic}. */
export interface BasicOptions {
  readonly name?: string;
}

/** A scheme for HTTP Basic authentication. */
export interface BasicScheme extends Scheme {
  readonly kind: "basic";
}

/**
 * HTTP Basic authentication (RFC 7617). Secrets are `user:password` texts, or exactly two: the user, then the password.
 * A user name cannot hold a colon, so the two forms cannot be mixed up.
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
      throw new WebhookError("credential_mismatch", "User or password is not the configured one.", details);
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

/** What an Authorization header says without its scheme, which users rarely paste along. */
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
