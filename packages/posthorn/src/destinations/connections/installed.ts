/** Client packages of kinds of destinations and sources: which are installed on this node. */
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MAIL_SOURCE, SOURCE_KINDS } from "../../sources/kinds.ts";
import { DESTINATION_KINDS, WEBHOOK_KIND } from "../kinds.ts";

/** Versions of the clients that are part of the bundle, by name. Defined by `scripts/bundle-server.ts`; not set in the repository. */
declare const BUNDLED_CLIENTS: Readonly<Record<string, string>> | undefined;

export interface ConnectorState {
  readonly use: "destination" | "source";
  readonly kind: string;
  readonly title: string;
  readonly packages: readonly PackageState[];
}

export interface PackageState {
  readonly name: string;
  /** Major version that the driver needs. */
  readonly needed: number;
  /** `null`: not installed. */
  readonly installed: string | null;
  readonly isUsable: boolean;
}

/** State of the packages of each kind that needs some, in the order of the registries. */
export function connectorStates(): readonly ConnectorState[] {
  const destinations = Object.entries(DESTINATION_KINDS).map(([kind, declaration]) => {
    const packages = declaration.family === "connection" ? declaration.packages : [];
    return { use: "destination" as const, kind, title: declaration.title, packages: packages.map(packageState) };
  });
  const sources = Object.entries(SOURCE_KINDS).map(([kind, declaration]) => {
    const packages = kind === MAIL_SOURCE ? [SMTP_SERVER] : declaration.family === "listen" ? declaration.packages : [];
    return { use: "source" as const, kind, title: declaration.title, packages: packages.map(packageState) };
  });
  return [...destinations, ...sources].filter(({ packages }) => packages.length > 0);
}

/** Package of the server that receives emails. */
export const SMTP_SERVER = "smtp-server@3";

/** Packages of a destination kind that must be installed. */
export function missingPackages(kind: string): readonly string[] {
  const declaration = Object.hasOwn(DESTINATION_KINDS, kind) ? DESTINATION_KINDS[kind]! : null;
  return declaration?.family === "connection" ? missingOf(declaration.packages) : [];
}

/** Destination kinds other than webhooks whose packages are all installed. */
export function sendableKinds(missing: (kind: string) => readonly string[]): readonly string[] {
  return Object.keys(DESTINATION_KINDS).filter((kind) => kind !== WEBHOOK_KIND && missing(kind).length === 0);
}

const usable = new Map<string, boolean>();

/** The packages among these that are not installed, as arguments for `npm i`. Read once: a new package is found after a restart. */
export function missingOf(packages: readonly string[]): readonly string[] {
  return packages.filter((text) => {
    const known = usable.get(text) ?? packageState(text).isUsable;
    usable.set(text, known);
    return !known;
  });
}

/** @param text Name and major version: `amqplib@2`. */
function packageState(text: string): PackageState {
  const at = text.lastIndexOf("@");
  const [name, needed] = [text.slice(0, at), Number(text.slice(at + 1))];
  const installed = installedVersion(name);
  return { name, needed, installed, isUsable: installed !== null && Number(installed.split(".")[0]) === needed };
}

/** Reads the manifest without loading the package. Many packages do not export it, so it is searched for above the entry point. */
function installedVersion(name: string): string | null {
  const bundled = typeof BUNDLED_CLIENTS === "undefined" ? undefined : BUNDLED_CLIENTS[name];
  if (bundled !== undefined) return bundled;
  for (const folder of searchPaths()) {
    try {
      const text = readFileSync(join(folder, name, "package.json"), "utf8");
      return String((JSON.parse(text) as { readonly version?: unknown }).version);
    } catch {
      // Not here: tries the next folder.
    }
  }
  return null;
}

/** `node_modules` folders from this file upwards, as `import` searches them. */
function searchPaths(): readonly string[] {
  const paths = createRequire(import.meta.url).resolve.paths("posthorn-connector") ?? [];
  return paths.length > 0 ? paths : [join(dirname(fileURLToPath(import.meta.url)), "node_modules")];
}
