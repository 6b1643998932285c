import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Egress, parseAllowList } from "@posthorn/egress";
import { ConnectionDestination } from "../../src/destinations/connections/connection-destination.ts";
import { Connector } from "../../src/destinations/connections/connector.ts";
import { vetWith } from "../../src/destinations/connections/vet.ts";
import { checkConfig } from "../../src/fields/config.ts";
import type { KindConfig } from "../../src/destinations/kind.ts";
import { REDIS } from "../../src/destinations/kinds/redis.ts";
import { Directory } from "../../src/domain/directory.ts";
import type { DirectoryEndpoint } from "../../src/domain/directory-endpoint.ts";
import { insertEndpoint, POLICY_DEFAULTS, servicesOver } from "../support/services.ts";
import { openStore } from "../support/store.ts";
import { type Behaviour, type DestinationBench, destinationSuite, type ReceivedMessage } from "./destination.suite.ts";

const PASSWORD = "password-that-must-stay-secret";
const HEADER_SECRET = "header-that-must-stay-secret";

/** Replies of the stand-in to the command that appends an entry. */
const REPLIES: Readonly<Partial<Record<Behaviour, string>>> = {
  accepts: "$3\r\n1-0\r\n",
  fails: "-READONLY You can't write against a read only replica.\r\n",
  asks_to_wait: "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
  refuses: "-ERR wrong number of arguments\r\n",
  is_closed: "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
  rejects_credentials: "-NOAUTH Authentication required.\r\n",
};

interface StandIn extends AsyncDisposable {
  readonly port: number;
  readonly received: readonly ReceivedMessage[];
  behave(behaviour: Behaviour): void;
}

/** A server that speaks as much of the protocol of Redis as the driver needs. */
async function startStandIn(): Promise<StandIn> {
  let behaviour: Behaviour = "accepts";
  const received: ReceivedMessage[] = [];
  const sockets = new Set<Socket>();
  const answer = (socket: Socket, command: readonly Buffer[]): void => {
    const name = command[0]!.toString().toLowerCase();
    if (name === "auth") return void socket.write("+OK\r\n");
    if (name === "ping") return void socket.write("+PONG\r\n");
    const field = (wanted: string): Buffer | undefined =>
      command[command.findIndex((part) => part.toString() === wanted) + 1];
    received.push({ messageId: field("id")!.toString(), body: field("payload")! });
    if (behaviour === "hangs") return;
    if (behaviour === "breaks_off") return void socket.destroy();
    const echo = `-ERR ${PASSWORD} ${command.join(" ").replaceAll(/\s+/g, " ")}\r\n`;
    socket.write(behaviour === "echoes" ? echo : REPLIES[behaviour]!);
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let rest = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (let parsed = parse(rest); parsed !== null; parsed = parse(rest)) {
        rest = rest.subarray(parsed.end);
        answer(socket, parsed.command);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    received,
    behave: (next) => {
      behaviour = next;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The first command of a buffer; `null`: it is not complete. */
function parse(bytes: Buffer): { readonly command: readonly Buffer[]; readonly end: number } | null {
  let at = 0;
  const number = (): number | null => {
    const end = bytes.indexOf("\r\n", at);
    if (end === -1) return null;
    const value = Number(bytes.toString("latin1", at + 1, end));
    at = end + 2;
    return value;
  };
  const count = number();
  if (count === null) return null;
  const command: Buffer[] = [];
  for (let n = 0; n < count; n++) {
    const length = number();
    if (length === null || at + length + 2 > bytes.length) return null;
    command.push(bytes.subarray(at, at + length));
    at += length + 2;
  }
  return { command, end: at };
}

async function unusedPort(): Promise<number> {
  await using server = await startStandIn();
  return server.port;
}

async function endpointAt(
  stack: AsyncDisposableStack,
  port: number,
  requestTimeoutMs: number,
): Promise<DirectoryEndpoint> {
  const { store } = stack.use(await openStore());
  const { services } = servicesOver(store);
  const checked = checkConfig(REDIS, { url: `redis://127.0.0.1:${port}`, password: PASSWORD, stream: "events" }, null);
  const { config } = checked as { readonly config: KindConfig };
  await insertEndpoint(services, `redis://127.0.0.1:${port}#events`, { "x-api-key": HEADER_SECRET });
  const config_sealed = services.secretBox.seal(JSON.stringify(config), "endpoint.config_sealed 1");
  await store.transaction(({ db }) => db.updateTable("endpoint").set({ kind: "redis", config_sealed }).execute());
  const { secretBox, now } = services;
  const policyDefaults = { ...POLICY_DEFAULTS, requestTimeoutMs };
  return (await new Directory({ store, secretBox, now, policyDefaults }).endpoint(1))!;
}

async function open(timeoutMs: number): Promise<DestinationBench> {
  const stack = new AsyncDisposableStack();
  const standIn = stack.use(await startStandIn());
  const endpoint = await endpointAt(stack, standIn.port, timeoutMs);
  const unreachable = await endpointAt(stack, await unusedPort(), timeoutMs);
  const egress = stack.use(new Egress({ allow: parseAllowList("loopback") }));
  const connector = stack.use(new Connector({ vet: vetWith(egress), onError: () => undefined }));
  const over = (connection: Pick<Connector, "send">) =>
    new ConnectionDestination({ connector: connection, now: Date.now, families: ["webhook"] });
  const down = { kind: "own_fault", code: "connector_down", detail: "the thread ended" } as const;
  return {
    destination: over(connector),
    broken: over({ send: () => Promise.resolve(down) }),
    endpoint,
    unreachable,
    secrets: [PASSWORD, HEADER_SECRET],
    received: standIn.received,
    behave: standIn.behave,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

destinationSuite({
  kind: "redis",
  open,
  without: ["accepts_at_length", "has_it_already"],
  maxBodyBytes: REDIS.limits.bodyBytes,
});
