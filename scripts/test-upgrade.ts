/**
 * Upgrades a server from an earlier version to this one while messages are published and delivered, on both databases, and goes back with
 * the backup that was made before: `npm run test:upgrade -- --from v0.1.0 --store sqlite`.
 *
 * The earlier version is a commit of this repository: the newest tag, or the commit below until there is a tag. It runs from its source
 * with the packages of today's lock file.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createDatabase, eventually, freePort, makeToken, startPostgres, startReceiver } from "@posthorn/testkit";
import { checkoutOf, type Version } from "./upgrade/checkout.ts";
import { Publisher } from "./upgrade/publisher.ts";
import { runCommand, ServerUnderTest } from "./upgrade/server.ts";

/** The first commit with numbered migrations on both databases that runs with today's packages. */
const FIRST = "37a1526";
const ORGANISATION = "org_00000000000000000000default";
/** Messages that are accepted by each version before the next step. */
const MESSAGES = 300;
const ENDPOINTS = 3;
/** Detects a hang. Above the first delays of the retry schedule. */
const DELIVERED_MS = 300_000;

/** A commit whose nodes can work beside those of this version. Nodes of earlier commits encrypt values in another way. */
const FIRST_BESIDE = "83c29d47";

const { values } = parseArgs({ options: { from: { type: "string" }, store: { type: "string" } } });
const from = values.from ?? newestTag();

interface Run {
  readonly from: string;
  readonly store: "sqlite" | "postgres";
  /** Whether a node of this version starts while one of the earlier version is running. Otherwise, the earlier one is stopped first. */
  readonly beside: boolean;
  /** Signal that stops the earlier version. A kill is harder for the next version. */
  readonly end: "SIGKILL" | "SIGTERM";
}

const runs: readonly Run[] = (
  from === ""
    ? ([
        { from: FIRST, store: "sqlite", beside: false, end: "SIGKILL" },
        // A killed node counts as running for 6 seconds, and nodes of this commit compare their secrets in another way.
        { from: FIRST, store: "postgres", beside: false, end: "SIGTERM" },
        { from: FIRST_BESIDE, store: "postgres", beside: true, end: "SIGTERM" },
      ] as const)
    : ([
        { from, store: "sqlite", beside: false, end: "SIGKILL" },
        { from, store: "postgres", beside: true, end: "SIGTERM" },
      ] as const)
).filter(({ store }) => values.store === undefined || values.store === store);

function newestTag(): string {
  return execFileSync("git", ["tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname"], {
    encoding: "utf8",
  })
    .trim()
    .split("\n")[0]!;
}

interface Setup {
  readonly beside: boolean;
  readonly end: Run["end"];
  readonly old: Version;
  readonly now: Version;
  readonly environment: Readonly<Record<string, string>>;
  readonly token: string;
  readonly folder: string;
  readonly databaseUrl: string | null;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-upgrade-"));
  try {
    await using postgres = runs.some(({ store }) => store === "postgres") ? await startPostgres() : null;
    for (const [index, run] of runs.entries()) {
      const place = join(folder, String(index));
      mkdirSync(place);
      const databaseUrl = run.store === "postgres" ? (await createDatabase(postgres!.url)).url : null;
      await upgrade(setupOf(run, place, databaseUrl));
      console.log(`${run.store} from ${run.from}${run.beside ? ", node by node" : ""}: passed`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function setupOf(run: Run, place: string, databaseUrl: string | null): Setup {
  const secret = randomBytes(32).toString("base64");
  const folder = join(place, "data");
  mkdirSync(folder);
  const at = Math.floor(Date.now() / 1000);
  return {
    beside: run.beside,
    end: run.end,
    old: checkoutOf(run.from, join(place, "old")),
    now: { name: "this version", root: join(import.meta.dirname, "..") },
    folder,
    databaseUrl,
    token: makeToken({ sub: ORGANISATION, iat: at, exp: at + 86_400 }, secret),
    environment: {
      POSTHORN_DATA_DIR: folder,
      POSTHORN_JWT_SECRET: secret,
      ...(databaseUrl === null ? {} : { POSTHORN_DATABASE_URL: databaseUrl }),
    },
  };
}

async function upgrade(setup: Setup): Promise<void> {
  const { old, now, environment, token, folder, beside, end } = setup;
  const [oldPort, newPort] = [await freePort(), await freePort()];
  const backup = join(folder, "..", "backup");
  await using receiver = await startReceiver();
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await ServerUnderTest.start(old, { environment, port: oldPort }));
  const publisher = stack.use(new Publisher(token, first.url));
  await publisher.createEndpoints(Array.from({ length: ENDPOINTS }, (_, n) => `${receiver.url}/${n}`));
  const isDelivered = (ids: readonly string[]): Promise<void> =>
    eventually(
      () => {
        const seen = new Set(receiver.requests.map(({ path, headers }) => `${path} ${headers["webhook-id"]!}`));
        const missing = ids.flatMap((id) =>
          Array.from({ length: ENDPOINTS }, (_, n) => `/${n} ${id}`).filter((one) => !seen.has(one)),
        );
        if (missing.length > 0) throw new Error(`${missing.length} deliveries are missing, such as ${missing[0]!}`);
      },
      { timeoutMs: DELIVERED_MS },
    );

  publisher.start();
  await publisher.accepted(MESSAGES);
  // This version backs up the database of the earlier one, while that one runs.
  const beforeBackup = publisher.ids.slice();
  await runCommand(now, environment, ["backup", backup, "--quiet"]);
  const port = beside ? newPort : oldPort;
  if (!beside) await first.end(end);
  const second = stack.use(await ServerUnderTest.start(now, { environment, port }));
  if (beside) {
    // The new node has migrated the schema, and the old one keeps working on it.
    await publisher.accepted(publisher.ids.length + MESSAGES);
    publisher.useAlso(second.url);
    await publisher.accepted(publisher.ids.length + MESSAGES);
    publisher.useOnly(second.url);
    await first.end(end);
  }
  await publisher.accepted(publisher.ids.length + MESSAGES);
  await publisher.stop();
  await isDelivered(publisher.ids);
  console.log(`  ${publisher.ids.length} messages to ${ENDPOINTS} endpoints, ${receiver.requests.length} requests`);
  await second.end("SIGTERM");
  await goBack({ ...setup, backup, beforeBackup, port: oldPort });
}

interface Return extends Setup {
  readonly backup: string;
  readonly beforeBackup: readonly string[];
  readonly port: number;
}

/** The earlier version refuses the upgraded database, and works on the backup from before the upgrade. */
async function goBack({
  old,
  environment,
  token,
  folder,
  databaseUrl,
  backup,
  beforeBackup,
  port,
}: Return): Promise<void> {
  const refused = await ServerUnderTest.start(old, { environment, port }).then(
    (server) => server.end("SIGTERM").then(() => ""),
    (error: unknown) => String(error),
  );
  if (!/newer Posthorn|later version/.test(refused))
    throw new Error(`The earlier version did not refuse the upgraded database: ${refused}`);
  // `pg_restore` of the same dump is tested with `posthorn restore`.
  if (databaseUrl !== null) return;
  const restored = `${folder}-restored`;
  cpSync(folder, restored, { recursive: true, filter: (path) => !/posthorn\.db(?:-|\.|$)/.test(path) });
  cpSync(join(backup, "posthorn.db"), join(restored, "posthorn.db"));
  await using server = await ServerUnderTest.start(old, {
    environment: { ...environment, POSTHORN_DATA_DIR: restored },
    port: await freePort(),
  });
  await using publisher = new Publisher(token, server.url);
  const missing = await publisher.missing(beforeBackup);
  if (missing.length > 0) throw new Error(`${missing.length} messages are missing after the return`);
}

await main();
