/** Redirect URIs: which a client may register, and which it may use (RFC 8252, OAuth 2.1 section 2.3.1). */

/**
 * Schemes without a domain name that MCP clients use for their redirect URIs. All others are refused, because operating systems start programs
 * for many schemes, such as `ms-msdt:` and `smb:`, with arguments from the URI.
 */
const CLIENT_SCHEMES: ReadonlySet<string> = new Set([
  "antigravity:",
  "claude:",
  "code-oss:",
  "cursor:",
  "kiro:",
  "raycast:",
  "vscode:",
  "vscode-insiders:",
  "vscodium:",
  "warp:",
  "windsurf:",
  "zed:",
]);
/** A domain name of the program's maker in reverse, such as `com.example.app:` (RFC 8252, section 7.1). */
const DOMAIN_SCHEME = /^[a-z]{2,}(?:\.[a-z0-9-]+)+:$/;
const MAX_LENGTH = 1000;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** Why a client may not register this URI; `null`: it may. */
export function redirectProblem(uri: string): string | null {
  if (uri.length > MAX_LENGTH) return `A redirect URI has at most ${MAX_LENGTH} characters.`;
  const url = URL.parse(uri);
  // The parser drops control characters and surrounding spaces, with which the text would not be the URI that a browser opens.
  if (url === null || /[\s\p{C}\\]/u.test(uri)) return "A redirect URI must be an absolute URI.";
  if (uri.includes("#")) return "A redirect URI must have no fragment.";
  if (url.username !== "" || url.password !== "") return "A redirect URI must have no credentials.";
  return schemeProblem(url);
}

function schemeProblem({ protocol, hostname, href }: URL): string | null {
  if (protocol === "https:" || DOMAIN_SCHEME.test(protocol)) return null;
  if (protocol === "http:")
    return LOOPBACK.has(hostname)
      ? null
      : "A redirect URI with http must be for this machine: 127.0.0.1, [::1] or localhost. Others need https.";
  // Without a host, `vscode:` and similar schemes run commands.
  if (CLIENT_SCHEMES.has(protocol) && href.startsWith(`${protocol}//`) && hostname !== "") return null;
  return `Redirect URIs with the scheme ${protocol} are refused. Use https, http on this machine, or a scheme with the domain name of your program in reverse, such as com.example.app: (RFC 8252, section 7.1).`;
}

/** Whether the URI leads to a program on the machine of the person: any other program there could claim it. */
export function isLocal(uri: string): boolean {
  const { protocol, hostname } = new URL(uri);
  return protocol !== "https:" || LOOPBACK.has(hostname);
}

/** Where the URI leads, as shown to the person: a host, or the scheme of a program. */
export function destinationOf(uri: string): string {
  const { protocol, host } = new URL(uri);
  return protocol === "https:" || protocol === "http:" ? host : protocol;
}

/** Whether one of the registered URIs is this one. The port of a program on the person's machine is chosen when it starts. */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  if (redirectProblem(uri) !== null) return false;
  return registered.some((one) => one === uri || isSameLoopback(one, uri));
}

const LOOPBACK_URI = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?([/?].*)?$/;

function isSameLoopback(one: string, other: string): boolean {
  const [a, b] = [LOOPBACK_URI.exec(one), LOOPBACK_URI.exec(other)];
  return a !== null && b !== null && a[1] === b[1] && (a[2] ?? "/") === (b[2] ?? "/");
}

/** The URI with the parameters of an authorization response. */
export function withParameters(uri: string, parameters: Readonly<Record<string, string | null>>): string {
  const added = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null) added.set(name, value);
  return `${uri}${uri.includes("?") ? "&" : "?"}${added.toString()}`;
}
