/** Starts the node of an embedded Posthorn from its options. */
import { envToConfig } from "../config/config.ts";
import { readEnv } from "../config/env.ts";
import { loadSecrets } from "../config/secrets.ts";
import { settings as SETTINGS, type SettingKey } from "../config/settings.ts";
import { systemActor } from "../domain/access.ts";
import type { OutsideContext } from "../domain/context.ts";
import { DEFAULT_ORGANISATION, ensureOrganisation } from "../domain/organisation/ensure.ts";
import { PosthornError } from "../lib/errors.ts";
import { isOrganisationId } from "../lib/id.ts";
import { createLog, type Logger } from "../lib/log.ts";
import { PosthornNode } from "../node/node.ts";
import type { NodeOptions } from "../node/options.ts";
import { Mount } from "./mount.ts";

/** Settings of docs/configuration.md, in camel case and without their prefix: `POSTHORN_DATABASE_URL` is `databaseUrl`. */
export type Settings = { readonly [Key in SettingKey]?: string | number | boolean };

export interface PosthornOptions {
  readonly settings?: Settings;
  /** Environment to read `POSTHORN_…` variables from, such as `process.env`. Default: none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The organisation that calls operate on: `org_` and up to 100 letters, digits, `-`, `_` and `.`. Default: the default organisation. */
  readonly organisation?: string;
  /** Also listen on the address of the setting `listen`. */
  readonly listen?: boolean;
  /** A pino logger. Default: one that writes warnings to standard output. */
  readonly log?: HostLog;
}

/** A pino logger, described by the parts that Posthorn uses, so that this package needs no types of pino. */
export interface HostLog {
  level: string;
  readonly child: (bindings: Record<string, unknown>) => unknown;
  readonly isLevelEnabled: (level: string) => boolean;
  readonly trace: HostLogFunction;
  readonly debug: HostLogFunction;
  readonly info: HostLogFunction;
  readonly warn: HostLogFunction;
  readonly error: HostLogFunction;
  readonly fatal: HostLogFunction;
}

/** @param facts Fields of the entry. */
export type HostLogFunction = (facts: object, message?: string) => void;

/** A started node, and how its host uses it. */
export interface EmbeddedNode {
  readonly node: PosthornNode;
  readonly mount: Mount;
  /** Context of the organisation that calls operate on. */
  readonly ctx: OutsideContext;
  readonly onPostgres: boolean;
}

/** Parts that replace those of a node outside of tests. */
export type ReplacedParts = Pick<NodeOptions, "clock" | "workerClock" | "createEgress" | "openStore">;

/** Paths of Posthorn's routes. It cannot be mounted at them, because the mount path would be ambiguous. */
const OWN_PATHS = /^\/(?:api(?:\/v1)?|in|ingest|health|docs|assets|portal|\.well-known)$/;
/** @throws {PosthornError} with what to change. */
export async function startEmbedded(options: PosthornOptions, replaced: ReplacedParts = {}): Promise<EmbeddedNode> {
  const { settings = {}, environment = {}, organisation = DEFAULT_ORGANISATION, listen = false } = options;
  if (!isOrganisationId(organisation)) {
    throw new PosthornError(
      "config_invalid",
      `"${organisation}" is not the name of an organisation: write org_ and up to 100 letters, digits, -, _ or .`,
    );
  }
  // A host program passes its requests to one node.
  const config = { ...envToConfig(readEnv({ environment: { ...environment }, flags: textsOf(settings) })), threads: 1 };
  const prefix = prefixOf(config.publicUrl);
  const exportable = (config.telemetry?.logs ?? null) !== null;
  const log =
    (options.log as Logger | undefined) ??
    createLog({ level: levelOf(options) ?? "warn", format: config.logFormat, exportable });
  const secrets = loadSecrets(config);
  const node = await PosthornNode.start({
    config,
    secrets,
    log,
    listens: listen,
    base: prefix,
    embedded: true,
    ...replaced,
  });
  try {
    const orgId = await ensureOrganisation(node.services, organisation);
    const ctx: OutsideContext = {
      services: node.services,
      actor: systemActor(orgId, organisation, "embedded"),
      tx: null,
    };
    return { node, mount: new Mount(node.server, prefix), ctx, onPostgres: config.database.kind === "postgres" };
  } catch (error) {
    await node[Symbol.asyncDispose]();
    throw error;
  }
}

function textsOf(settings: Settings): Partial<Record<SettingKey, string>> {
  const unknown = Object.keys(settings).find((key) => !(key in SETTINGS));
  if (unknown !== undefined) {
    throw new PosthornError("config_invalid", `"${unknown}" is not a setting of Posthorn. See docs/configuration.md.`);
  }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
}

/** The log level, if one is set. */
function levelOf({ settings, environment }: PosthornOptions): string | undefined {
  return settings?.logLevel?.toString() ?? environment?.[SETTINGS.logLevel.name];
}

/** The path the node is mounted at. */
function prefixOf(publicUrl: string): string {
  if (publicUrl === "") return "";
  const path = new URL(publicUrl).pathname.replace(/\/+$/, "");
  if (!OWN_PATHS.test(path)) return path;
  throw new PosthornError(
    "config_invalid",
    `Posthorn cannot be mounted at ${path}, where it has its own paths. Choose another path in publicUrl.`,
  );
}
