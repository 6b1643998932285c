/** Says in one sentence what an API key can and cannot do. */
import { type Permission, PERMISSIONS } from "../grant.ts";

/** What each permission allows, after "can". Also in the table of roles in the docs. */
export const CAN: Readonly<Record<Permission, string>> = {
  read: "read settings, lists and statistics",
  "payloads:masked": "read payloads with masked values",
  "payloads:read": "read payloads",
  "secrets:read": "read secrets",
  "messages:publish": "publish messages",
  "messages:replay": "replay messages",
  "messages:delete": "cancel messages and delete their content",
  "applications:write": "change applications",
  "endpoints:write": "change endpoints",
  "event-types:write": "change event types",
  "sources:write": "change sources",
  "watches:write": "change watches",
  "views:share": "share saved views",
  "settings:write": "change settings",
  "tokens:issue": "create tokens for customers",
  "keys:manage": "manage API keys",
  "people:manage": "manage users",
  "privacy:manage": "erase personal data",
  "audit:read": "read the audit log",
  "organisations:manage": "manage organisations",
};

/** Permissions that the sentence names if the key lacks them, because readers care about them most. */
const NOTABLE: readonly Permission[] = [
  "read",
  "payloads:read",
  "secrets:read",
  "messages:publish",
  "endpoints:write",
  "keys:manage",
];

export interface DescribedKey {
  readonly permissions: readonly Permission[] | null;
  /** Names of applications and sources; `null`: all. */
  readonly applications: readonly string[] | null;
  readonly networks: readonly string[] | null;
  /** Unix milliseconds; `null`: it does not expire. */
  readonly expiresAt: number | null;
}

export function keySentence({ permissions, applications, networks, expiresAt }: DescribedKey): string {
  const allowed = new Set(permissions ?? PERMISSIONS);
  const can =
    permissions === null || PERMISSIONS.every((permission) => allowed.has(permission))
      ? "do everything"
      : listed(
          PERMISSIONS.filter((one) => allowed.has(one)).map((one) => CAN[one]),
          "and",
        );
  const where = applications === null ? "in the whole organisation" : `only in ${listed(applications, "and")}`;
  const from = networks === null ? "" : `, from ${listed(networks, "or")}`;
  const until = expiresAt === null ? "" : `, until ${new Date(expiresAt).toISOString()}`;
  const denied = NOTABLE.filter((permission) => !allowed.has(permission)).map((one) => CAN[one]);
  const cannot = denied.length === 0 ? "" : ` It cannot ${listed(denied, "or")}.`;
  return `Can ${can} ${where}${from}${until}.${cannot}`;
}

function listed(words: readonly string[], conjunction: string): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} ${conjunction} ${words.at(-1)!}`;
}
