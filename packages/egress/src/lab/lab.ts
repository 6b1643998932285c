import { createServer } from "node:http";
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import type { Behaviour } from "./behaviour.ts";
import { BUSY, ELSEWHERE, LARGE, SLOW, WELL } from "./behaviours.ts";
import { BROKEN } from "./broken.ts";
import { makeCertificates } from "./certificates.ts";
import type { LabCertificate, LabCertificates } from "./certificates.ts";
import { HANDSHAKES } from "./handshakes.ts";
import { indexPage } from "./page.ts";
import type { LabPort } from "./page.ts";

/** Every misbehaviour of the lab that is selected by path. */
export const BEHAVIOURS: readonly Behaviour[] = [
  ...WELL,
  ...SLOW,
  ...LARGE,
  ...BUSY,
  ...ELSEWHERE,
  ...BROKEN,
  ...HANDSHAKES,
];

/** Options of {@link startLab}. */
export interface LabOptions {
  /** Address to listen on. Defaults to `127.0.0.1`. The lab is hostile by design: do not expose it publicly. */
  readonly host?: string;
  /** Port of the plain server; the TLS ports use the following ones. Defaults to 0: any free ports. */
  readonly port?: number;
  /** Source of random numbers from 0 to 1. Defaults to `Math.random`. */
  readonly random?: () => number;
  /** Milliseconds since the Unix epoch, for the validity of certificates. Defaults to `Date.now`. */
  readonly now?: () => number;
}

/** Ports that misbehave before HTTP begins. */
export type LabPortName =
  | "tls-good"
  | "tls-expired"
  | "tls-not-yet-valid"
  | "tls-wrong-name"
  | "tls-self-signed"
  | "tls-client-certificate"
  | "tls-old"
  | "tls-plain"
  | "tls-hang"
  | "tls-reset";

/** A running lab. */
export interface Lab extends AsyncDisposable {
  /** URL of the plain server, without a trailing slash. Its `/` lists everything. */
  readonly url: string;
  /** URL of each port that misbehaves before HTTP, without a trailing slash. */
  readonly ports: Readonly<Record<LabPortName, string>>;
  /** Certificates of the TLS ports. */
  readonly certificates: LabCertificates;
  /** Every misbehaviour that is selected by path. */
  readonly behaviours: readonly Behaviour[];
  /** Open connections. */
  readonly connections: number;
  /** Requests that reached a handler since the start. */
  readonly requests: number;
  /** Closes all servers and connections. */
  close(): Promise<void>;
}

/** Maximum number of bytes kept of a request body. */
const MAX_BODY = 32 * 1024 * 1024;

class RunningLab implements Lab {
  readonly behaviours = BEHAVIOURS;
  readonly certificates: LabCertificates;
  readonly #random: () => number;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<string, number>();
  readonly #list: LabPort[] = [];
  url = "";
  ports = {} as Record<LabPortName, string>;
  requests = 0;

  constructor(certificates: LabCertificates, random: () => number) {
    this.certificates = certificates;
    this.#random = random;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async start(host: string, port: number): Promise<void> {
    const { good, expired, notYetValid, wrongName, selfSigned, ca } = this.certificates;
    const plain = createServer((request, response) => this.#serve(request, response));
    this.url = `http://${await this.#listen(plain, host, port)}`;
    const rows: readonly [LabPortName, Server, string, string][] = [
      ["tls-good", this.#tls(good), "Presents a certificate of the lab's CA.", "Success if the CA is trusted."],
      ["tls-expired", this.#tls(expired), "Presents a certificate that expired a month ago.", "Rejected: expired."],
      [
        "tls-not-yet-valid",
        this.#tls(notYetValid),
        "Presents a certificate that becomes valid in ten days.",
        "Rejected: not yet valid.",
      ],
      [
        "tls-wrong-name",
        this.#tls(wrongName),
        "Presents a certificate for elsewhere.example.",
        "Rejected: wrong name.",
      ],
      ["tls-self-signed", this.#tls(selfSigned), "Presents a self-signed certificate.", "Rejected: self-signed."],
      [
        "tls-client-certificate",
        this.#tls(good, { requestCert: true, rejectUnauthorized: true, ca: ca.cert }),
        "Requires a client certificate of the lab's CA.",
        "Rejected without one.",
      ],
      [
        "tls-old",
        this.#tls(good, { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
        "Supports at most TLS 1.1.",
        "Rejected: too old.",
      ],
      [
        "tls-plain",
        createServer((request, response) => this.#serve(request, response)),
        "Speaks plain HTTP.",
        "Rejected: no TLS.",
      ],
      [
        "tls-hang",
        createTcpServer(() => {}),
        "Accepts the connection and sends nothing.",
        "A timeout in the handshake.",
      ],
      [
        "tls-reset",
        createTcpServer((socket) => socket.once("data", () => socket.resetAndDestroy())),
        "Resets the connection in the handshake.",
        "A TLS failure.",
      ],
    ];
    for (const [index, [name, server, does, expect]] of rows.entries()) {
      const url = `https://${await this.#listen(server, host, port === 0 ? 0 : port + 1 + index)}`;
      this.ports[name] = url;
      this.#list.push({ name, url, does, expect });
    }
  }

  #tls({ cert, key }: LabCertificate, more: TlsOptions = {}): Server {
    return createTlsServer({ cert, key, ...more }, (request, response) => this.#serve(request, response));
  }

  async #listen(server: Server, host: string, port: number): Promise<string> {
    this.#servers.push(server);
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("tlsClientError", () => {});
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    server.once("error", reject);
    server.listen(port, host, () => resolve(undefined));
    await promise;
    const address = server.address() as AddressInfo;
    return address.family === "IPv6" ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.requests++;
    const url = new URL(request.url ?? "/", "http://lab");
    if (url.pathname === "/")
      return void response.setHeader("content-type", "text/html; charset=utf-8").end(indexPage(BEHAVIOURS, this.#list));
    if (url.pathname === "/ca.pem")
      return void response.setHeader("content-type", "application/x-pem-file").end(this.certificates.ca.cert);
    if (url.pathname === "/index.json") {
      const behaviours = BEHAVIOURS.map(({ path, group, does, expect }) => ({ path, group, does, expect }));
      return void response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ behaviours, ports: this.#list }));
    }
    const behaviour = BEHAVIOURS.find(({ path }) =>
      path.endsWith("*") ? url.pathname.startsWith(path.slice(0, -1)) : url.pathname === path,
    );
    if (behaviour === undefined)
      return void response.writeHead(404).end("The lab has no such path. See / for all paths.\n");
    const count = this.#counts.get(behaviour.path) ?? 0;
    this.#counts.set(behaviour.path, count + 1);
    const rest = url.pathname.slice(behaviour.path.length - 1);
    const run = (body: Buffer) =>
      behaviour.run({
        request,
        response,
        socket: request.socket,
        body,
        rest,
        query: url.searchParams,
        random: this.#random,
        count,
      });
    if (behaviour.readBody === false) run(Buffer.alloc(0));
    else readBody(request, run);
  }

  async close(): Promise<void> {
    const closed = this.#servers.map((server) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      server.close(() => resolve(undefined));
      (server as Partial<HttpServer>).closeAllConnections?.();
      return promise;
    });
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function readBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  });
  request.on("end", () => done(Buffer.concat(chunks)));
  request.on("error", () => {});
}

/**
 * Starts a receiver that misbehaves on purpose, by path and by port, for testing webhook senders. Its page at `/`
 * lists all behaviours; `/index.json` returns the same list as data.
 *
 * @param options Address, ports and sources of randomness and time.
 * @returns The running lab. Dispose of it to close all servers.
 *
 * @example
 *
 * ```ts
 * import { startLab } from "@posthorn/egress/lab";
 *
 * await using lab = await startLab();
 * const response = await fetch(`${lab.url}/retry-after/seconds?after=120`);
 * console.log(response.status, response.headers.get("retry-after")); // 429 120
 * ```
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const certificates = await makeCertificates((options.now ?? Date.now)());
  const lab = new RunningLab(certificates, options.random ?? Math.random);
  try {
    await lab.start(options.host ?? "127.0.0.1", options.port ?? 0);
  } catch (error) {
    // One of the ports was in use: release the ones before it.
    await lab.close();
    throw error;
  }
  return lab;
}
