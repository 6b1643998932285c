/** Apache Kafka for tests: one process in KRaft mode, with users, TLS and client certificates. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { run } from "../system.ts";
import { installOnce } from "./cache.ts";
import { dataFolder, programOnPath } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { reachPort } from "./reach.ts";
import { missing } from "./skipped.ts";

const VERSION = "4.1.0";
/** For development tools on this machine: no warm-up of the optimising compiler, a small heap. */
const JAVA = ["-Xms128m", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];

export interface KafkaOptions {
  /** Port of the plain listener as advertised to clients. Default: the real one. */
  readonly advertised?: string;
  /** PEM of the server's certificate, its key, and the authority that signs clients' certificates. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Largest record batch. */
  readonly maxMessageBytes?: number;
}

export interface TestKafka extends AsyncDisposable {
  readonly program: TestProgram;
  /** `host:port` without authentication. */
  readonly plain: string;
  /** `host:port` with SASL: user `alice`, password `alice-secret`, PLAIN and SCRAM-SHA-256 and -512. */
  readonly sasl: string;
  /** `host:port` with TLS, which requires a client certificate. `null` without `tls`. */
  readonly mutualTls: string | null;
}

export const KAFKA_USER = { name: "alice", password: "alice-secret" } as const;

export async function startKafka(options: KafkaOptions = {}): Promise<TestKafka> {
  const jars = await kafkaJars();
  const java = programOnPath("java");
  if (java === null) throw missing("kafka", "Install Java 17 or newer to run Apache Kafka.");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("kafka")).path;
  const [plain, sasl, secure, controller] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const config = join(folder, "server.properties");
  writeFileSync(config, propertiesOf({ ...options, folder, plain, sasl, secure, controller }));
  const kafka = (main: string, ...args: string[]): string[] => [...JAVA, "-cp", `${jars}/*`, main, ...args];
  const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
    "--add-scram",
    `${mechanism}=[name=${KAFKA_USER.name},password=${KAFKA_USER.password}]`,
  ]);
  run(java, kafka("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", config, ...scram), null);
  const program = stack.use(
    new TestProgram({
      name: "Kafka",
      command: java,
      args: kafka("kafka.Kafka", config),
      ready: () => reachPort(plain, API_VERSIONS),
    }),
  );
  await program.start();
  return {
    program,
    plain: `127.0.0.1:${plain}`,
    sasl: `127.0.0.1:${sasl}`,
    mutualTls: options.tls === undefined ? null : `localhost:${secure}`,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAA";

interface Listeners extends KafkaOptions {
  readonly folder: string;
  readonly plain: number;
  readonly sasl: number;
  readonly secure: number;
  readonly controller: number;
}

function propertiesOf({
  folder,
  plain,
  sasl,
  secure,
  controller,
  advertised,
  tls,
  maxMessageBytes = 1_048_588,
}: Listeners): string {
  const { name, password } = KAFKA_USER;
  const jaas = "org.apache.kafka.common.security";
  const lines = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "controller.listener.names": "CONTROLLER",
    listeners: [
      `PLAIN://127.0.0.1:${plain}`,
      `SASL://127.0.0.1:${sasl}`,
      `CONTROLLER://127.0.0.1:${controller}`,
      ...(tls === undefined ? [] : [`SECURE://localhost:${secure}`]),
    ].join(","),
    "advertised.listeners": [
      `PLAIN://${advertised ?? `127.0.0.1:${plain}`}`,
      `SASL://127.0.0.1:${sasl}`,
      ...(tls === undefined ? [] : [`SECURE://localhost:${secure}`]),
    ].join(","),
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,SECURE:SSL",
    "inter.broker.listener.name": "PLAIN",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "listener.name.sasl.plain.sasl.jaas.config": `${jaas}.plain.PlainLoginModule required user_${name}="${password}";`,
    "listener.name.sasl.scram-sha-256.sasl.jaas.config": `${jaas}.scram.ScramLoginModule required;`,
    "listener.name.sasl.scram-sha-512.sasl.jaas.config": `${jaas}.scram.ScramLoginModule required;`,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": `User:ANONYMOUS;User:${name}`,
    ...(tls === undefined ? {} : tlsOf(tls)),
    "log.dirs": join(folder, "data"),
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "message.max.bytes": String(maxMessageBytes),
    // Threads and buffers for a few connections.
    "num.network.threads": "1",
    "num.io.threads": "2",
    "log.cleaner.enable": "false",
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

function tlsOf({ cert, key, ca }: NonNullable<KafkaOptions["tls"]>): Record<string, string> {
  const text = (pem: string): string => pem.trim().replaceAll(/\r?\n/g, "\\n");
  return {
    "listener.name.secure.ssl.keystore.type": "PEM",
    "listener.name.secure.ssl.keystore.certificate.chain": text(cert),
    "listener.name.secure.ssl.keystore.key": text(key),
    "listener.name.secure.ssl.truststore.type": "PEM",
    "listener.name.secure.ssl.truststore.certificates": text(ca),
    "listener.name.secure.ssl.client.auth": "required",
    "super.users": `User:ANONYMOUS;User:${KAFKA_USER.name};User:CN=posthorn client;User:CN=client`,
    "allow.everyone.if.no.acl.found": "true",
  };
}

/**
 * ApiVersions request: length, API key 18, version 0, correlation ID, client ID. Listening is not enough: the server must respond to it.
 */
const API_VERSIONS = Buffer.from("0000000c00120000000000010002706f", "hex");

function kafkaJars(): Promise<string> {
  return installOnce(`kafka-${VERSION}`, (folder) => {
    const maven = programOnPath("mvn");
    if (maven === null) throw missing("kafka", "Install Maven to download Apache Kafka.");
    const pom = join(folder, "pom.xml");
    writeFileSync(pom, POM);
    run(maven, ["-q", "-B", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${folder}`], null);
    readFileSync(join(folder, `kafka_2.13-${VERSION}.jar`));
  });
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>posthorn</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies>
</project>
`;
