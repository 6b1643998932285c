/** The library for passkeys, the host for which they are valid, and the form in which they are stored. */
import type { AuthenticatorTransport } from "@simplewebauthn/server";
import { PosthornError } from "../../lib/errors.ts";
import type { Services } from "../context.ts";

/** The library is loaded with the first passkey. */
export const loadLibrary = async () => import("@simplewebauthn/server");

/** Host and origin for which passkeys of this server are valid. */
interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/** Throws `passkeys_unavailable` if the server has no host name, for which browsers offer passkeys. */
export function relyingParty({ rules }: Pick<Services, "rules">): RelyingParty {
  const { hostname, origin, protocol } = new URL(rules.publicUrl());
  const isDomain = /[a-z]/i.test(hostname) && !hostname.startsWith("[");
  if (isDomain && (protocol === "https:" || hostname === "localhost")) return { id: hostname, origin };
  throw new PosthornError(
    "passkeys_unavailable",
    `Browsers offer passkeys for host names with https only, and this server is at ${origin}. Set POSTHORN_PUBLIC_URL.`,
  );
}

export function transportsOf(json: string): AuthenticatorTransport[] {
  return JSON.parse(json) as AuthenticatorTransport[];
}
