/** Permissions, which are also the scopes of API keys, with the keys of their texts, in display order. */
export const PERMISSIONS = [
  ["read", "read"],
  ["payloads:masked", "payloadsMasked"],
  ["payloads:read", "payloadsRead"],
  ["secrets:read", "secretsRead"],
  ["messages:publish", "messagesPublish"],
  ["messages:replay", "messagesReplay"],
  ["messages:delete", "messagesDelete"],
  ["applications:write", "applicationsWrite"],
  ["endpoints:write", "endpointsWrite"],
  ["event-types:write", "eventTypesWrite"],
  ["sources:write", "sourcesWrite"],
  ["watches:write", "watchesWrite"],
  ["views:share", "viewsShare"],
  ["settings:write", "settingsWrite"],
  ["tokens:issue", "tokensIssue"],
  ["keys:manage", "keysManage"],
  ["people:manage", "peopleManage"],
  ["privacy:manage", "privacyManage"],
  ["audit:read", "auditRead"],
  ["organisations:manage", "organisationsManage"],
] as const;

/** Permissions that the summary of a key mentions if the key lacks them: the ones that matter most to readers. */
export const NOTABLE: ReadonlySet<string> = new Set([
  "read",
  "payloads:read",
  "secrets:read",
  "messages:publish",
  "endpoints:write",
  "keys:manage",
]);

/** Prefix of the scopes that limit a key to an application or source. */
const APPLICATION_SCOPE = "app:";

export const PRESETS = ["everything", "publish", "read", "custom"] as const;
export type Preset = (typeof PRESETS)[number];

const SCOPES_OF: Readonly<Record<"publish" | "read", readonly string[]>> = {
  publish: ["messages:publish"],
  read: ["read", "payloads:read"],
};

/** The permissions among the scopes of a key; `null`: all. */
export function permissionsOf(scopes: readonly string[] | null): readonly string[] | null {
  return scopes?.filter((scope) => !scope.startsWith(APPLICATION_SCOPE)) ?? null;
}

export function presetOf(scopes: readonly string[] | null): Preset {
  const permissions = permissionsOf(scopes);
  if (permissions === null || permissions.length === PERMISSIONS.length) return "everything";
  const found = (["publish", "read"] as const).find((name) => SCOPES_OF[name].join() === permissions.join());
  return found ?? "custom";
}

/** Scopes of a key: `null` for everything in all applications. */
export function scopesOf(preset: Preset, chosen: readonly string[], applications: readonly string[]): string[] | null {
  if (preset === "everything" && applications.length === 0) return null;
  const all = PERMISSIONS.map(([name]) => name);
  const permissions = preset === "everything" ? all : preset === "custom" ? chosen : SCOPES_OF[preset];
  return [...permissions, ...applications.map((application) => APPLICATION_SCOPE + application)];
}
