import { request as httpRequest } from "node:http";
import { connect as connectTcp, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type * as Library from "socks";
import type { SocksClient } from "socks";
import { formatAddress } from "../address/bytes.ts";
import type { AddressBytes } from "../address/bytes.ts";
import { EgressConfigError, EgressError } from "../errors.ts";
import type { EgressErrorCode } from "../errors.ts";
import type { EgressProxy } from "../types.ts";
import type { ParsedTarget } from "../url.ts";
import { dial } from "./tcp.ts";
import type { Dialed } from "./tcp.ts";

/** A parsed proxy setting. */
export interface ProxyProfile {
  readonly key: string;
  readonly kind: "http" | "https" | "socks5";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly byName: boolean;
  /** True for the operator's proxy. Any other proxy is dialled only at an address that passed the guard. */
  readonly trusted: boolean;
}

const KINDS = { "http:": ["http", 80], "https:": ["https", 443], "socks5:": ["socks5", 1080] } as const;

/**
 * Parses the operator's proxy.
 *
 * @throws {EgressConfigError} `invalid_proxy`. The message never contains the password.
 */
export function parseProxy(proxy: EgressProxy): ProxyProfile {
  const url = URL.parse(proxy.url);
  const kind = url === null ? undefined : KINDS[url.protocol as keyof typeof KINDS];
  const host = url === null ? null : hostOf(url);
  if (url === null || kind === undefined || host === null) {
    throw new EgressConfigError(
      "invalid_proxy",
      "proxy",
      "The proxy must be an http://, https:// or socks5:// URL with host and port.",
    );
  }
  return {
    key: `${url.href} ${proxy.target ?? "address"}`,
    kind: kind[0],
    host,
    port: url.port === "" ? kind[1] : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    byName: proxy.target === "name",
    trusted: true,
  };
}

/**
 * Parses the proxy of a single request, which a tenant may have chosen. It shares no socket with the operator's.
 *
 * @throws {EgressConfigError} `invalid_proxy`. The message never contains the password.
 */
export function tenantProxy(proxy: EgressProxy): ProxyProfile {
  const profile = parseProxy(proxy);
  return { ...profile, key: `tenant ${profile.key}`, trusted: false };
}

/**
 * The host to dial, without brackets. The URL parser does not normalise hosts of `socks5:` URLs, so the host is
 * parsed again as that of an `http:` URL: `0x7f.1` becomes `127.0.0.1`.
 */
function hostOf(url: URL): string | null {
  const hostname = URL.parse(`http://${url.hostname}/`)?.hostname ?? "";
  return hostname === "" ? null : hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new EgressConfigError("invalid_proxy", "proxy", "In the user name and password of a proxy, write % as %25.");
  }
}

/**
 * Asks a proxy for a tunnel to one of the checked addresses, one after the other until one succeeds.
 *
 * @param at Checked addresses of the proxy; `null` for the operator's, whose host is dialled as it is.
 * @param onPhase Called with `proxy` while connecting to the proxy and with `connect` once it was asked: silence is
 *   our fault in the first phase and the target's in the second.
 * @throws {EgressError} `proxy_failed` (ours), `proxy_denied`, `proxy_target`, `connect_refused` and so on.
 */
export async function throughProxy(
  proxy: ProxyProfile,
  at: readonly AddressBytes[] | null,
  vetted: readonly AddressBytes[],
  target: ParsedTarget,
  signal: AbortSignal,
  onPhase: (phase: "proxy" | "connect") => void,
): Promise<Dialed & { readonly proxyAddress: AddressBytes | null }> {
  const candidates = proxy.byName ? vetted.slice(0, 1) : vetted;
  // Loaded before the socket is open, which nothing would read or guard meanwhile.
  const socks = proxy.kind === "socks5" ? await loadSocks() : null;
  let last: EgressError | null = null;
  for (const address of candidates) {
    const host = proxy.byName && target.literal === null ? target.host : formatAddress(address);
    onPhase("proxy");
    const { wire, proxyAddress } = await dialProxy(proxy, at, signal);
    onPhase("connect");
    try {
      const ask = socks === null ? tunnel : throughSocks(socks);
      return { socket: await ask(proxy, wire, host, target.port, signal), address, proxyAddress };
    } catch (error) {
      wire.destroy();
      if (!(error instanceof EgressError) || error.fault === "ours" || signal.aborted) throw error;
      last = error;
    }
  }
  throw last ?? new EgressError("internal", "no address to ask the proxy for");
}

async function dialProxy(
  proxy: ProxyProfile,
  at: readonly AddressBytes[] | null,
  signal: AbortSignal,
): Promise<{ readonly wire: Socket; readonly proxyAddress: AddressBytes | null }> {
  const { host, port } = proxy;
  if (at === null) return { wire: await wireTo(proxy, connectTcp({ host, port }), signal), proxyAddress: null };
  try {
    const { socket, address } = await dial(at, port, signal);
    return { wire: await wireTo(proxy, socket, signal), proxyAddress: address };
  } catch (error) {
    if (signal.aborted || !(error instanceof EgressError) || error.fault !== "target") throw error;
    throw new EgressError("proxy_failed", `proxy ${host}: ${error.detail}`);
  }
}

/** Waits until the connection to the proxy is established, with TLS if its URL requires it. */
function wireTo(proxy: ProxyProfile, raw: Socket, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const { host } = proxy;
  if (proxy.kind !== "https" && !raw.connecting) return Promise.resolve(raw);
  const socket =
    proxy.kind === "https"
      ? connectTls({
          socket: raw,
          host,
          minVersion: "TLSv1.2",
          ALPNProtocols: ["http/1.1"],
          ...(isIP(host) === 0 ? { servername: host } : {}),
        })
      : raw;
  raw.setNoDelay(true);
  const onAbort = () => {
    socket.destroy();
    raw.destroy();
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const onError = (error: Error) => {
    signal.removeEventListener("abort", onAbort);
    raw.destroy();
    reject(new EgressError("proxy_failed", `proxy ${host}: ${String(error)}`, { cause: error }));
  };
  // The listeners stay, because an error while no one else listens would end the process.
  socket.on("error", onError);
  if (socket !== raw) raw.on("error", onError);
  socket.once(socket === raw ? "connect" : "secureConnect", () => {
    signal.removeEventListener("abort", onAbort);
    resolve(socket);
  });
  return promise;
}

function tunnel(proxy: ProxyProfile, wire: Socket, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const credentials = Buffer.from(`${proxy.user}:${proxy.password}`).toString("base64");
  const request = httpRequest({
    createConnection: () => wire,
    method: "CONNECT",
    path: authority,
    headers: { host: authority, ...(proxy.user === "" ? {} : { "proxy-authorization": `Basic ${credentials}` }) },
  });
  const onAbort = () => {
    request.destroy();
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  request.once("close", () => signal.removeEventListener("abort", onAbort));
  request.on("error", (error) =>
    reject(new EgressError("proxy_failed", `proxy ${proxy.host}: ${String(error)}`, { cause: error })),
  );
  request.once("connect", (response, socket: Socket, head) => {
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) return reject(refusal(proxy, authority, status));
    if (head.length > 0) socket.unshift(head);
    resolve(socket);
  });
  request.end();
  return promise;
}

/** Maps a refused CONNECT: 407 is our password, 403 the proxy's own list, 502 to 504 what it saw of the target. */
function refusal(proxy: ProxyProfile, authority: string, status: number): EgressError {
  const detail = `proxy ${proxy.host}: CONNECT ${authority} returned ${status}`;
  if (status === 403) return new EgressError("proxy_denied", detail);
  if (status === 502 || status === 503 || status === 504) return new EgressError("proxy_target", detail);
  return new EgressError("proxy_failed", detail);
}

const SOCKS_REPLIES: readonly (readonly [reply: string, code: EgressErrorCode])[] = [
  ["NotAllowed", "proxy_denied"],
  ["NetworkUnreachable", "connect_unreachable"],
  ["HostUnreachable", "connect_unreachable"],
  ["ConnectionRefused", "connect_refused"],
  ["TTLExpired", "connect_timeout"],
];

type Socks = Pick<typeof Library, "SocksClient" | "SocksClientError">;

/** Loads the library on first use, because few clients have such a proxy. */
async function loadSocks(): Promise<Socks> {
  return import("socks");
}

function throughSocks(library: Socks): typeof tunnel {
  return (proxy, wire, host, port, signal) => askSocks(library, proxy, wire, host, port, signal);
}

async function askSocks(
  { SocksClient, SocksClientError }: Socks,
  proxy: ProxyProfile,
  wire: Socket,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const abort = Promise.withResolvers<never>();
  const onAbort = () => abort.reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  const login = proxy.user === "" ? {} : { userId: proxy.user, password: proxy.password };
  const client = new SocksClient({
    command: "connect",
    destination: { host, port },
    proxy: { host: proxy.host, port: proxy.port, type: 5, ...login },
    existing_socket: wire,
  });
  const asked = established(client, wire);
  try {
    await Promise.race([asked, abort.promise]);
    return wire;
  } catch (error) {
    // The losing promise of the race may still reject, and nothing awaits it.
    asked.catch(() => {});
    throw error instanceof SocksClientError ? socksError(proxy, host, port, error) : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Waits for the tunnel. In the next turn of the event loop the library emits what the target sent together with the
 * proxy's reply, and lets the socket flow, although nothing may listen yet: the greeting of a mail server would be
 * lost. A listener for `readable` stops the flow until then, and the bytes go back to the socket.
 */
function established(client: SocksClient, wire: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const early: Buffer[] = [];
  const keep = (chunk: Buffer): void => void early.push(chunk);
  const hold = (): void => {};
  client.once("error", reject);
  client.once("established", () => {
    wire.on("readable", hold).on("data", keep);
    setImmediate(() => {
      wire.off("data", keep);
      if (early.length > 0) wire.unshift(Buffer.concat(early));
      wire.off("readable", hold);
      resolve();
    });
  });
  client.connect(wire);
  return promise;
}

function socksError(proxy: ProxyProfile, host: string, port: number, error: Error): EgressError {
  const reply = SOCKS_REPLIES.find(([name]) => error.message.includes(name));
  const detail = `proxy ${proxy.host}: SOCKS5 to ${host} port ${port}: ${error.message}`;
  // No cause: errors of this library contain the connection options, including the password.
  return new EgressError(reply?.[1] ?? "proxy_failed", detail);
}
