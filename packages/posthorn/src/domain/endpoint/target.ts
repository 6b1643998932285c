/** Where an endpoint sends messages: the URL of a webhook, or the configuration of another destination kind. */
import {
  checkConfig,
  type ConfigBefore,
  type ConfigInput,
  type ShownConfig,
  shownConfig,
} from "../../fields/config.ts";
import type { AnyKind, KindConfig } from "../../destinations/kind.ts";
import { kindNamed, WEBHOOK_KIND } from "../../destinations/kinds.ts";
import { invalid, ValidationError } from "../../lib/errors.ts";
import { egressAllowOf } from "../application/egress.ts";
import { type Context, reader } from "../context.ts";
import { checkUrl, type Endpoint } from "./endpoint.ts";
import { openConfig, type TargetInput } from "./sealed-config.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** A validated target. */
export interface Target {
  readonly url: string;
  readonly shown: ShownConfig | null;
  readonly columns: { readonly kind: string; readonly config_sealed: Uint8Array | null };
}

/** The endpoint that a target is for. It may not exist yet. */
export interface TargetOwner {
  readonly appKey: number;
  readonly key: number;
}

export interface TargetRights {
  /** Whether a subscriber has confirmed the endpoint. */
  readonly isSubscription?: boolean;
}

/** Validates the target of a new endpoint. Throws a 422 that names the field. */
export async function newTarget(
  ctx: Context,
  of: TargetOwner,
  input: TargetInput,
  rights: TargetRights = {},
): Promise<Target> {
  const kind = input.kind ?? WEBHOOK_KIND;
  if (rights.isSubscription !== true) refuseSubscription(kind, "kind");
  const problem = ctx.services.rules.kinds.problem(kind, of.key);
  if (problem !== null) throw invalid("kind", problem.sentence);
  if (kind === WEBHOOK_KIND) return webhook(ctx, of.appKey, input);
  refuseUrl(kind, input.url);
  return configured(ctx, of, { kind, input: input.config ?? {}, before: null });
}

/**
 * Validates a changed target. The kind never changes.
 *
 * @param keeps Which values of the configuration stay where the change has none.
 */
export async function changedTarget(
  ctx: Context,
  existing: Endpoint,
  { kind, url, config }: TargetInput,
  keeps: ConfigBefore["keeps"],
): Promise<Target | null> {
  if (kind !== null && kind !== existing.kind) {
    throw invalid(
      "kind",
      `The kind of an endpoint cannot be changed: it is "${existing.kind}". Create another endpoint, and delete this one.`,
    );
  }
  if (existing.kind === WEBHOOK_KIND) {
    refuseConfig(config);
    if (url === null || url === existing.url) return null;
    return webhook(ctx, existing.appKey, { url, config });
  }
  refuseUrl(existing.kind, url);
  if (config === null) return null;
  refuseSubscription(existing.kind, "config");
  const problem = ctx.services.rules.kinds.problem(existing.kind, existing.key);
  if (problem !== null) throw invalid("kind", problem.sentence);
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select(["id", "kind", "config_sealed"])
    .where("id", "=", existing.key)
    .executeTakeFirstOrThrow();
  const current = openConfig(ctx.services.secretBox, row);
  const before = current === null ? null : { config: current, keeps };
  return configured(ctx, existing, { kind: existing.kind, input: config, before });
}

/** Only the subscriber can say where its events go. */
function refuseSubscription(kind: string, field: string): void {
  const subscribing = kindNamed(kind)?.subscribing;
  if (subscribing !== undefined) throw invalid(field, subscribing);
}

async function webhook(ctx: Context, appKey: number, { url, config }: Omit<TargetInput, "kind">): Promise<Target> {
  refuseConfig(config);
  if (url === null) throw urlMissing();
  const columns = { kind: WEBHOOK_KIND, config_sealed: null };
  return { url: await checkUrl(ctx, appKey, url), shown: null, columns };
}

export function urlMissing(): ValidationError {
  return invalid("url", "This field is required.", "value_error.jsondecode");
}

function refuseConfig(config: ConfigInput | null): void {
  if (config === null) return;
  throw invalid(
    "config",
    `Endpoints of the kind "${WEBHOOK_KIND}" have no configuration. Set "kind" to the destination.`,
  );
}

function refuseUrl(kind: string, url: string | null): void {
  if (url === null) return;
  throw invalid("url", `Endpoints of the kind "${kind}" have no URL. Their target is set in "config".`);
}

interface GivenConfig {
  readonly kind: string;
  readonly input: ConfigInput;
  readonly before: ConfigBefore | null;
}

async function configured(
  ctx: Context,
  { appKey, key }: TargetOwner,
  { kind, input, before }: GivenConfig,
): Promise<Target> {
  const declaration = kindNamed(kind)!;
  await refuseBesideProxy(ctx, appKey, declaration);
  const checked = checkConfig(declaration, input, before);
  if (checked.kind === "invalid") {
    throw new ValidationError(
      checked.problems.map(({ field, problem }) => ({
        loc: ["body", "config", field],
        msg: problem,
        type: "value_error",
      })),
    );
  }
  const { config } = checked;
  await checkUrls(ctx, appKey, declaration, config);
  const config_sealed = ctx.services.secretBox.seal(JSON.stringify(config), sealedIn("endpoint.config_sealed", key));
  return { url: declaration.target(config), shown: shownConfig(declaration, config), columns: { kind, config_sealed } };
}

/** A connection would bypass the proxy that all requests of the application go through. */
async function refuseBesideProxy(ctx: Context, appKey: number, { family, title }: AnyKind): Promise<void> {
  if (family !== "connection") return;
  const { egress_sealed: sealed } = await reader(ctx)
    .selectFrom("application")
    .select("egress_sealed")
    .where("id", "=", appKey)
    .executeTakeFirstOrThrow();
  if (sealed === null) return;
  const sentence = `This application sends through a proxy, which ${title} destinations cannot use. Use another application, or remove its proxy.`;
  throw invalid("kind", sentence);
}

/** Checks the URLs that Posthorn sends requests to, as those of webhooks. */
async function checkUrls(ctx: Context, appKey: number, kind: AnyKind, config: KindConfig): Promise<void> {
  const allow = await egressAllowOf(ctx, appKey);
  for (const [name, field] of Object.entries(kind.fields)) {
    const value = config[name];
    if (field.type !== "url" || typeof value !== "string" || !/^https?:/.test(value)) continue;
    try {
      ctx.services.rules.normaliseUrl(value, allow);
    } catch (cause) {
      throw invalid(["body", "config", name], cause instanceof Error ? cause.message : String(cause));
    }
  }
}
