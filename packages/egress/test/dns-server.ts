import DNS from "dns2";

const { Packet } = DNS;
type Resource = DNS.Packet.Resource;

/** Reply of the server to one query. */
export type Reply =
  | {
      readonly a?: readonly string[];
      readonly aaaa?: readonly string[];
      readonly ttl?: number;
      readonly cname?: readonly string[];
    }
  | { readonly rcode: "NXDOMAIN" | "SERVFAIL" | "REFUSED" }
  | "silence"
  | "garbage"
  | "truncated";

/** A query that the server received. */
export interface Question {
  readonly name: string;
  readonly type: "A" | "AAAA" | "NS" | "other";
  readonly over: "udp" | "tcp";
}

/** A real DNS server on loopback whose reply to each query a test decides. */
export interface DnsServer extends AsyncDisposable {
  /** `address:port`, for the `servers` option. */
  readonly address: string;
  readonly questions: Question[];
}

const RCODES = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;
const TYPES: Readonly<Record<number, Question["type"]>> = {
  [Packet.TYPE.A]: "A",
  [Packet.TYPE.AAAA]: "AAAA",
  [Packet.TYPE.NS]: "NS",
};

export async function startDnsServer(zone: (question: Question) => Reply): Promise<DnsServer> {
  const questions: Question[] = [];
  const handle = (over: "udp" | "tcp") => (request: DNS.Packet, send: (response: DNS.Packet | Buffer) => unknown) => {
    const [asked] = request.questions;
    if (asked === undefined) return;
    const question: Question = { name: asked.name.toLowerCase(), type: TYPES[asked.type ?? 0] ?? "other", over };
    questions.push(question);
    // Probes for the root zone get a reply unless a test overrides it.
    const reply = zone(question);
    if (reply === "silence") return;
    const response = Packet.createResponseFromRequest(request);
    if (reply === "garbage") return void send(Buffer.from("this is not a DNS message, not even nearly"));
    if (reply === "truncated") response.header.tc = 1;
    else if ("rcode" in reply) response.header.rcode = RCODES[reply.rcode];
    else fill(response, question, reply);
    send(response);
  };
  const { udp, tcp, port } = await listen(handle("udp"), handle("tcp"));
  return {
    address: `127.0.0.1:${port}`,
    questions,
    async [Symbol.asyncDispose]() {
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise((resolve) => tcp.close(resolve)),
      ]);
    },
  };
}

/** Listens on one port for UDP and TCP, as a resolver expects. Tries again when a port is free for only one of them. */
async function listen(onUdp: DNS.DnsHandler, onTcp: DNS.DnsHandler) {
  for (let tries = 0; ; tries++) {
    const udp = DNS.createUDPServer(onUdp);
    const tcp = DNS.createTCPServer(onTcp);
    await udp.listen(0, "127.0.0.1");
    const { port } = udp.address();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    tcp.once("error", () => resolve(false));
    tcp.listen(port, "127.0.0.1", () => resolve(true));
    if (await promise) return { udp, tcp, port };
    udp.close();
    if (tries > 20) throw new Error("no port is free in both UDP and TCP");
  }
}

function fill(response: DNS.Packet, { name, type }: Question, reply: Extract<Reply, { ttl?: number }>): void {
  const ttl = reply.ttl ?? 60;
  let owner = name;
  for (const domain of reply.cname ?? []) {
    response.answers.push({ name: owner, type: Packet.TYPE.CNAME, class: Packet.CLASS.IN, ttl, domain } as Resource);
    owner = domain;
  }
  const addresses = type === "A" ? reply.a : type === "AAAA" ? reply.aaaa : undefined;
  for (const address of addresses ?? []) {
    response.answers.push({
      name: owner,
      type: Packet.TYPE[type as "A" | "AAAA"],
      class: Packet.CLASS.IN,
      ttl,
      address,
    } as Resource);
  }
}
