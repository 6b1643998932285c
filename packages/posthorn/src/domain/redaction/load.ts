/** Loads the redaction rules of an application. */
import { createHmac } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import type { SecretBox } from "../../lib/secret-box.ts";
import { type HashText, Redactor } from "../../redaction/redactor.ts";
import { type CompiledRule, compileRule, type RedactionAction, RedactionRuleError } from "../../redaction/rule.ts";
import type { RedactionRuleTable } from "../../store/redaction-schema.ts";
import { APPLICATION_KIND, type ApplicationKind, type Database } from "../../store/schema.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

type RuleRow = Pick<
  Selectable<RedactionRuleTable>,
  "path" | "pattern" | "action" | "event_types_json" | "keep_exact_ms"
>;

interface RulesOf {
  readonly orgId: number;
  readonly appKey: number;
  readonly kind: ApplicationKind;
}

/** The rules that apply to an application; `null`: there are none. */
export async function loadRedactor(
  db: Kysely<Database>,
  secretBox: SecretBox,
  { orgId, appKey, kind }: RulesOf,
): Promise<Redactor | null> {
  // Operational webhooks are about endpoints and applications, and contain no payloads.
  if (kind === APPLICATION_KIND.operational) return null;
  const rows = await db
    .selectFrom("redaction_rule")
    .select(["path", "pattern", "action", "event_types_json", "keep_exact_ms"])
    .where("org_id", "=", orgId)
    .where("disabled", "=", 0)
    .where((eb) => eb.or([eb("app_id", "is", null), eb("app_id", "=", appKey)]))
    .orderBy("id")
    .execute();
  if (rows.length === 0) return null;
  return new Redactor(rows.map(compiled), (await findHash(db, secretBox, orgId))!);
}

/** The hash of an organisation; `null`: it has none, because its key is created with its first rule. */
export async function findHash(db: Kysely<Database>, secretBox: SecretBox, orgId: number): Promise<HashText | null> {
  const row = await db.selectFrom("redaction_key").select("key_sealed").where("org_id", "=", orgId).executeTakeFirst();
  if (row === undefined) return null;
  return hashWith(secretBox.openBytes(row.key_sealed, sealedIn("redaction_key.key_sealed", orgId)));
}

/** Hashes have 128 bits. */
const HASH_CHARACTERS = 22;

export function hashWith(key: Uint8Array): HashText {
  return (text) => `hmac-${createHmac("sha256", key).update(text).digest("base64url").slice(0, HASH_CHARACTERS)}`;
}

function compiled(row: RuleRow): CompiledRule {
  const { path, pattern, keep_exact_ms: keepExactMs, event_types_json: json } = row;
  const eventTypes = json === null ? null : (JSON.parse(json) as string[]);
  const rule = { path, pattern, action: row.action as RedactionAction, eventTypes, keepExactMs };
  try {
    return compileRule(rule);
  } catch (error) {
    if (!(error instanceof RedactionRuleError)) throw error;
    // Rules are checked when they are saved, but another version may have saved this one. In that case, everything is hidden.
    return compileRule({ ...rule, path: "$", pattern: null, action: "mask" });
  }
}
