/** Parsers of the settings of the mail server that sends emails to users. */
import { SMTP } from "../destinations/kinds/smtp.ts";

/** A mail server, as settings of the destination kind `smtp`. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly security: "starttls" | "tls" | "none";
  readonly username: string | null;
  readonly password: string | null;
}

const FORM = "smtp://user:password@smtp.example.com:587";

/** Parses the URL of a mail server; empty: `null`. Errors never contain the password. */
export function parseMailUrl(text: string): MailServer | null {
  if (text.trim() === "") return null;
  const url = URL.parse(text.trim());
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === "")
    throw new Error(`it must look like ${FORM}`);
  if (!/^\/?$/.test(url.pathname) || url.hash !== "") throw new Error(`it has a path, and must look like ${FORM}`);
  const isTls = url.protocol === "smtps:";
  const [username, password] = [url.username, url.password].map(decoded) as [string, string];
  if ((username === "") !== (password === "")) throw new Error("it has a user name or a password without the other");
  return {
    host: url.hostname,
    port: url.port === "" ? (isTls ? 465 : 587) : Number(url.port),
    security: securityOf(url.searchParams, isTls),
    username: username === "" ? null : username,
    password: password === "" ? null : password,
  };
}

function securityOf(query: URLSearchParams, isTls: boolean): MailServer["security"] {
  const unknown = [...query.keys()].find((name) => name !== "security");
  if (unknown !== undefined) throw new Error(`it has an unknown parameter "${unknown}"; the only one is security`);
  const security = query.get("security");
  if (security === null) return isTls ? "tls" : "starttls";
  if (isTls || (security !== "none" && security !== "starttls")) {
    throw new Error("security is starttls or none, and only for smtp:// URLs");
  }
  return security;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error("a % in the user name or password must be written as %25");
  }
}

const ADDRESS = new RegExp(`^(?:${SMTP.fields.from.pattern})$`);

/** Parses an email address that a mail server can be given; empty: none. */
export function parseMailAddress(text: string): string {
  const address = text.trim();
  if (address === "" || (address.length <= 254 && ADDRESS.test(address))) return address;
  throw new Error(`"${text}" is not an email address such as posthorn@example.com`);
}
