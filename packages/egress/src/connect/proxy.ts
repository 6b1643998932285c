import { request as httpRequest } from "node:http";
import { connect as connectTcp, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { SocksClient, SocksClientError } from "socks";
import { formatAddress } from "../address/bytes.ts";
import type { AddressBytes } from "../address/bytes.ts";
import { EgressConfigError, EgressError } from "../errors.ts";
import type { EgressErrorCode } from "../errors.ts";
import type { EgressProxy } from "../types.ts";
import type { ParsedTarget } from "../url.ts";
import type { Dialed } from "./tcp.ts";

/** A proxy setting taken apart. */
export interface ProxyProfile {
  readonly key: string;
  readonly kind: "http" | "https" | "socks5";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly byName: boolean;
}

const KINDS = { "http:": ["http", 80], "https:": ["https", 443], "socks5:": ["socks5", 1080] } as const;

/** @throws {EgressConfigError} `invalid_proxy`. The message never holds the password. */
export function parseProxy(proxy: EgressProxy): ProxyProfile {
  const url = URL.parse(proxy.url);
  const kind = url === null ? undefined : KINDS[url.protocol as keyof typeof KINDS];
  if (url === null || kind === undefined || url.hostname === "") {
    throw new EgressConfigError(
      "invalid_proxy",
      "proxy",
      "A proxy is http://, https:// or socks5:// with host and port.",
    );
  }
  return {
    key: `${url.href} ${proxy.target ?? "address"}`,
    kind: kind[0],
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? kind[1] : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    byName: proxy.target === "name",
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new EgressConfigError("invalid_proxy", "proxy", "User and password of a proxy write % as %25.");
  }
}

/**
 * Asks a proxy for a tunnel to one vetted address, each in turn until one answers. The proxy is the operator's choice,
 * so its own address is not held to the guard.
 *
 * @param onPhase Told `proxy` on the way to the proxy and `connect` once it was asked, as silence means our trouble
 *   in the one and the target's in the other.
 * @throws {EgressError} `proxy_failed` (ours), `proxy_denied`, `proxy_target`, `connect_refused` and so on.
 */
export async function throughProxy(
  proxy: ProxyProfile,
  vetted: readonly AddressBytes[],
  target: ParsedTarget,
  signal: AbortSignal,
  onPhase: (phase: "proxy" | "connect") => void,
): Promise<Dialed> {
  const candidates = proxy.byName ? vetted.slice(0, 1) : vetted;
  let last: EgressError | null = null;
  for (const address of candidates) {
    const host = proxy.byName && target.literal === null ? target.host : formatAddress(address);
    onPhase("proxy");
    const wire = await dialProxy(proxy, signal);
    onPhase("connect");
    try {
      const ask = proxy.kind === "socks5" ? socks : tunnel;
      return { socket: await ask(proxy, wire, host, target.port, signal), address };
    } catch (error) {
      wire.destroy();
      if (!(error instanceof EgressError) || error.fault === "ours" || signal.aborted) throw error;
      last = error;
    }
  }
  throw last ?? new EgressError("internal", "no address to ask the proxy for");
}

function dialProxy(proxy: ProxyProfile, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const { host, port } = proxy;
  const secure = proxy.kind === "https";
  const socket = secure
    ? connectTls({
        host,
        port,
        minVersion: "TLSv1.2",
        ALPNProtocols: ["http/1.1"],
        ...(isIP(host) === 0 ? { servername: host } : {}),
      })
    : connectTcp({ host, port });
  socket.setNoDelay(true);
  const onAbort = () => {
    socket.destroy();
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  // The listener stays: an error between two owners of the socket must not end the process.
  socket.on("error", (error) => {
    signal.removeEventListener("abort", onAbort);
    reject(new EgressError("proxy_failed", `proxy ${host}: ${String(error)}`, { cause: error }));
  });
  socket.once(secure ? "secureConnect" : "connect", () => {
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

/** 407 is our password; 403 is the proxy's own list; 502 to 504 is what it saw of the target. */
function refusal(proxy: ProxyProfile, authority: string, status: number): EgressError {
  const detail = `proxy ${proxy.host}: CONNECT ${authority} answered ${status}`;
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

async function socks(
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
  const asked = SocksClient.createConnection({
    command: "connect",
    destination: { host, port },
    proxy: { host: proxy.host, port: proxy.port, type: 5, ...login },
    existing_socket: wire,
  });
  try {
    await Promise.race([asked, abort.promise]);
    return wire;
  } catch (error) {
    // Whoever lost the race is not waited for, and its end is nobody's surprise.
    asked.catch(() => {});
    throw error instanceof SocksClientError ? socksError(proxy, host, port, error) : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function socksError(proxy: ProxyProfile, host: string, port: number, error: Error): EgressError {
  const reply = SOCKS_REPLIES.find(([name]) => error.message.includes(name));
  const detail = `proxy ${proxy.host}: SOCKS5 to ${host} port ${port}: ${error.message}`;
  return new EgressError(reply?.[1] ?? "proxy_failed", detail, { cause: error });
}
