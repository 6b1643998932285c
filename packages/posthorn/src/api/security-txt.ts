/** `/.well-known/security.txt` (RFC 9116): where to report vulnerabilities of this server. */
import type { FastifyInstance } from "fastify";
import { INERT } from "./inert.ts";

export const SECURITY_TXT_PATH = "/.well-known/security.txt";

const DAY_MS = 86_400_000;
/** RFC 9116, section 2.5.5, recommends less than a year. Clients that keep the file must fetch it again by then. */
const VALID_DAYS = 180;

export interface SecurityTxtOptions {
  /** URIs such as `mailto:security@example.com`, the preferred one first. Empty: there is no such file. */
  readonly contacts: readonly string[];
  readonly publicUrl: () => string;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Serves the file, unless the operator has not set a contact: then the path is unknown. */
export function registerSecurityTxt(app: FastifyInstance, { contacts, publicUrl, now }: SecurityTxtOptions): void {
  if (contacts.length === 0) return;
  app.get(SECURITY_TXT_PATH, (_request, response) => {
    // The same for a whole day, so that copies can be compared.
    const today = Math.floor(now() / DAY_MS) * DAY_MS;
    const lines = [
      ...contacts.map((contact) => `Contact: ${contact}`),
      `Expires: ${new Date(today + VALID_DAYS * DAY_MS).toISOString().replace(".000Z", "Z")}`,
      `Canonical: ${publicUrl()}${SECURITY_TXT_PATH}`,
    ];
    return response
      .headers({ ...INERT, "content-type": "text/plain; charset=utf-8", "cache-control": "max-age=86400" })
      .send(`${lines.join("\n")}\n`);
  });
}
