import { randomUUID } from "node:crypto";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect, credsAuthenticator, nkeys, type NatsConnection } from "@nats-io/transport-node";
import { eventually } from "@posthorn/testkit";
import { isSkipped, startNats, type TestNats } from "@posthorn/testkit/counterparts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KindMessage } from "../../src/destinations/kind.ts";
import { accepted, ALL_BYTES, messageOf, openConnector, rejected, type TestConnector } from "./support.ts";

const { createAccount, createOperator, createUser } = nkeys;
type KeyPair = ReturnType<typeof createUser>;

/** Users with passwords, a token-free default, and an account without JetStream. */
const ACCOUNTS = `
accounts {
  A: { jetstream: enabled, users: [
    { user: alice, password: alice-secret },
    { user: reader, password: reader-secret, permissions: { publish: { deny: ["events.>"] } } },
    { nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4 }
  ] }
  B: { users: [{ user: bob, password: bob-secret }] }
}`;
/** Seed of the NKey above, from the documentation of NATS. It protects nothing. */
const SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";

describe.skipIf(isSkipped("nats"))("NATS JetStream", () => {
  let nats: TestNats;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  let connector: TestConnector;
  const configOf = (changes: object = {}) => ({
    servers: `127.0.0.1:${nats.port}`,
    subject: "events.invoices",
    tls: false,
    username: "alice",
    password: "alice-secret",
    ...changes,
  });

  const reconnect = async (): Promise<void> => {
    connection = await connect({ servers: `127.0.0.1:${nats.port}`, user: "alice", pass: "alice-secret" });
    manager = await jetstreamManager(connection);
  };
  beforeAll(async () => {
    nats = await startNats(ACCOUNTS);
    await reconnect();
    await manager.streams.add({ name: "events", subjects: ["events.>"], duplicate_window: 120_000_000_000 });
    connector = openConnector();
  });
  afterAll(async () => {
    await connection?.close();
    await connector?.[Symbol.asyncDispose]();
    await nats?.[Symbol.asyncDispose]();
  });

  it("stores the exact bytes with ID and headers, and names stream and sequence", async () => {
    const message = messageOf(ALL_BYTES);
    const { reference } = accepted(await connector.send("nats", configOf(), message));
    const [stream, sequence] = reference!.split("/");
    expect(stream).toBe("events");
    const stored = await manager.streams.getMessage("events", { seq: Number(sequence) });
    expect(stored!.data).toEqual(ALL_BYTES);
    expect(stored!.header.get("Nats-Msg-Id")).toBe(message.id);
    expect(stored!.header.get("webhook-signature")).toBe("v1,signature");
    expect(stored!.header.get("Content-Type")).toBe("application/json");
  });

  it("stores the same headers whether or not the endpoint has its own", async () => {
    const signature: KindMessage["attributes"] = [
      ["webhook-id", "msg_1"],
      ["webhook-timestamp", "1767323045"],
      ["webhook-signature", "v1,a+/="],
    ];
    const headersOf = async (attributes: KindMessage["attributes"]): Promise<readonly [string, string[]][]> => {
      const message = { ...messageOf(), attributes, eventType: "rechnung.überfällig" };
      const { reference } = accepted(await connector.send("nats", configOf(), message));
      const stored = await manager.streams.getMessage("events", { seq: Number(reference!.split("/")[1]) });
      expect(stored!.header.get("Nats-Msg-Id")).toBe(message.id);
      return [...stored!.header].filter(([name]) => name !== "Nats-Msg-Id");
    };
    const plain = await headersOf(signature);
    expect(Object.fromEntries(plain)).toEqual({
      "Content-Type": ["application/json"],
      "event-type": ["rechnung.überfällig"],
      ...Object.fromEntries(signature.map(([name, value]) => [name, [value]])),
    });
    expect(await headersOf([...signature, ["X-Tenant", "eu"]])).toEqual([...plain, ["X-Tenant", ["eu"]]]);
  });

  it("stores a message that is sent again only once", async () => {
    const message = messageOf();
    const first = accepted(await connector.send("nats", configOf(), message));
    const second = accepted(await connector.send("nats", configOf(), message));
    expect(second).toEqual({ ...first, isDuplicate: true });
  });

  it("stores hundreds of messages that are sent at once, each one once", async () => {
    const before = (await manager.streams.info("events")).state.messages;
    const messages = Array.from({ length: 500 }, () => messageOf());
    for (const result of await Promise.all(messages.map((message) => connector.send("nats", configOf(), message))))
      accepted(result);
    expect((await manager.streams.info("events")).state.messages - before).toBe(500);
  });

  it("rejects wrong credentials without repeating them, and accepts an NKey", async () => {
    const wrong = await connector.send("nats", configOf({ password: "wrong-password" }), messageOf());
    expect(rejected(wrong, "closed", "credentials_refused")).not.toContain("wrong-password");
    accepted(await connector.send("nats", configOf({ username: null, password: null, nkeySeed: SEED }), messageOf()));
  });

  it("rejects a user without permission for the subject", async () => {
    const reader = configOf({ username: "reader", password: "reader-secret" });
    rejected(await connector.send("nats", reader, messageOf(), { timeoutMs: 20_000 }), "closed", "credentials_refused");
  });

  it("rejects a subject that no stream stores, and an account without JetStream", async () => {
    rejected(await connector.send("nats", configOf({ subject: "other" }), messageOf()), "closed", "target_not_found");
    const bob = configOf({ username: "bob", password: "bob-secret" });
    rejected(await connector.send("nats", bob, messageOf()), "closed", "target_not_found");
  });

  it("rejects messages that are larger than the server or the stream accepts", async () => {
    const large = messageOf(Buffer.alloc(2 * 1024 * 1024));
    rejected(await connector.send("nats", configOf(), large), "refused", "message_too_large");
    await manager.streams.add({ name: "small", subjects: ["small"], max_msg_size: 1000 });
    rejected(
      await connector.send("nats", configOf({ subject: "small" }), messageOf("a".repeat(2000))),
      "refused",
      "message_too_large",
    );
  });

  it("pauses while the stream is full", async () => {
    await manager.streams.add({ name: "full", subjects: ["full"], max_msgs: 1, discard: "new" });
    accepted(await connector.send("nats", configOf({ subject: "full" }), messageOf()));
    rejected(await connector.send("nats", configOf({ subject: "full" }), messageOf()), "later", "target_unavailable");
  });

  it("is retried when the server is killed before it has acknowledged, and then stores it once", async () => {
    nats.program.freeze();
    const message = messageOf();
    const sent = connector.send("nats", configOf(), message);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await nats.program.kill();
    rejected(await sent, "retry", "connection_failed");
    await nats.program.start();
    await eventually(async () => accepted(await connector.send("nats", configOf(), message)));
    expect(accepted(await connector.send("nats", configOf(), message))).toMatchObject({ isDuplicate: true });
  });
});

describe.skipIf(isSkipped("nats"))("NATS with other credentials", () => {
  const send = async (port: number, credentials: object) => {
    await using connector = openConnector();
    return await connector.send(
      "nats",
      { servers: `127.0.0.1:${port}`, subject: "events", tls: false, ...credentials },
      messageOf(),
    );
  };
  const createStream = async (connection: NatsConnection): Promise<void> => {
    await (await jetstreamManager(connection)).streams.add({ name: "events", subjects: ["events"] });
    await connection.close();
  };

  it("accepts a token, and rejects a wrong one without repeating it", async () => {
    await using server = await startNats('authorization { token: "token-secret" }');
    await createStream(await connect({ servers: `127.0.0.1:${server.port}`, token: "token-secret" }));
    accepted(await send(server.port, { token: "token-secret" }));
    const wrong = await send(server.port, { token: "wrong-token" });
    expect(rejected(wrong, "closed", "credentials_refused")).not.toContain("wrong-token");
  });

  it("accepts a credentials file of an operator, and rejects one of another account", async () => {
    const realm = createRealm();
    await using server = await startNats(realm.lines);
    const credentials = realm.credentials();
    const authenticator = credsAuthenticator(new TextEncoder().encode(credentials));
    await createStream(await connect({ servers: `127.0.0.1:${server.port}`, authenticator }));
    accepted(await send(server.port, { credentials }));
    const foreign = createRealm().credentials();
    const sentence = rejected(await send(server.port, { credentials: foreign }), "closed", "credentials_refused");
    expect(sentence).not.toContain("-----");
  });

  it("explains an invalid credentials file", async () => {
    await using server = await startNats();
    const result = await send(server.port, { credentials: "-----BEGIN NATS USER JWT-----\nnonsense" });
    rejected(result, "closed", "credentials_refused");
  });
});

/** An operator with an account, as `nsc` creates them: configuration of a server, and the credentials file of a user. */
function createRealm(): { readonly lines: string; credentials(): string } {
  const [operator, system, account] = [createOperator(), createAccount(), createAccount()];
  const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const accountClaims = (more: object) => ({ type: "account", version: 2, limits: { ...unlimited, ...more } });
  const publicKeys = { system: system.getPublicKey(), account: account.getPublicKey() };
  const operatorClaims = { type: "operator", version: 2, system_account: publicKeys.system };
  const operatorJwt = natsJwt(operator, operator.getPublicKey(), operatorClaims);
  const systemJwt = natsJwt(operator, publicKeys.system, accountClaims({}));
  const accountJwt = natsJwt(operator, publicKeys.account, accountClaims(storage));
  return {
    lines: `operator: ${operatorJwt}
system_account: ${publicKeys.system}
resolver: MEMORY
resolver_preload: { ${publicKeys.system}: ${systemJwt}, ${publicKeys.account}: ${accountJwt} }`,
    credentials: () => {
      const user = createUser();
      const jwt = natsJwt(account, user.getPublicKey(), { type: "user", version: 2, subs: -1, data: -1, payload: -1 });
      const seed = new TextDecoder().decode(user.getSeed());
      return `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n
-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
    },
  };
}

/** @param issuer Signs the token. @param subject Public key that it is for. */
function natsJwt(issuer: KeyPair, subject: string, nats: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject,
    nats,
  };
  const signed = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(claims)}`;
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString("base64url")}`;
}
