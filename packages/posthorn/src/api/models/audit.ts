import { Type } from "typebox";
import { AUDIT_ACTOR_KINDS } from "../../domain/audit/entry.ts";
import { AUDIT_PROBLEMS } from "../../domain/audit/verify.ts";
import { DateTime, listOf, literals, nullable, ref } from "./common.ts";

const Hash = Type.String({ description: "64 hexadecimal digits." });
const Text = Type.String();
const Value = Type.Unknown({ description: "A string, number, boolean, list of strings, or null." });

export const AUDIT_TYPES = ["change", "view"] as const;

export const AuditActor = Type.Object({
  kind: Type.Union(
    AUDIT_ACTOR_KINDS.map((kind) => Type.Literal(kind)),
    {
      description:
        "`token`: a signed token of the organisation. `key`: an API key. `user`: a person. `application`: a token of one application, such as one of the portal. `link`: a shared link. `embedded`: the program that embeds Posthorn. `cli`: a command of `posthorn` with a token of the organisation; `name` is the person who ran it, as reported by the command. `system`: Posthorn itself.",
    },
  ),
  id: nullable(Text),
  name: nullable(Text),
});

export const AuditTarget = Type.Object({ kind: Text, id: nullable(Text), name: nullable(Text) });

const AuditChange = Type.Object(
  { field: Text, from: Type.Optional(Value), to: Type.Optional(Value) },
  { description: "Without values if these could contain secrets or data of customers." },
);

export const AuditDetail = Type.Object({
  fields: Type.Optional(Type.Array(Text, { description: "Names of the fields in the request." })),
  changes: Type.Optional(Type.Array(AuditChange)),
  facts: Type.Optional(
    Type.Record(Type.String(), Value, { description: "Other facts, such as the rest of the path." }),
  ),
});

export const AuditEntryOut = Type.Object(
  {
    version: Type.Integer(),
    organisation: Text,
    sequence: Type.Integer({ description: "1 for the first entry of the organisation, without gaps." }),
    timestamp: DateTime,
    type: literals(AUDIT_TYPES),
    action: Type.String({
      description: "Operation ID, such as `v1.endpoint.patch`, or `system.…` for Posthorn itself.",
    }),
    actor: AuditActor,
    target: nullable(AuditTarget),
    application: nullable(Text),
    detail: AuditDetail,
    ip: nullable(Text),
    userAgent: nullable(Text),
    previousHash: Hash,
    hash: Hash,
  },
  { $id: "AuditEntryOut" },
);

export const AuditEntryList = listOf(AuditEntryOut);

export const AuditHeadOut = Type.Object(
  {
    organisation: Text,
    sequence: Type.Integer(),
    hash: Hash,
    prunedSequence: Type.Integer({ description: "The last entry that retention deleted; 0: none." }),
    prunedHash: Hash,
    keyId: Text,
    signature: Type.String({ description: "Ed25519, in base64." }),
  },
  { $id: "AuditHeadOut" },
);

export const AuditVerificationOut = Type.Object(
  {
    intact: Type.Boolean(),
    checked: Type.Integer({ description: "Entries that were verified." }),
    complete: Type.Boolean({ description: "Whether all entries were verified, or only the newest." }),
    head: nullable(ref(AuditHeadOut)),
    publicKey: Type.String({
      description: "Key that verifies the signature of the head: Ed25519, 32 bytes in base64.",
    }),
    problems: Type.Array(
      Type.Object({
        code: literals(AUDIT_PROBLEMS),
        sequence: nullable(Type.Integer()),
        message: Text,
      }),
    ),
  },
  { $id: "AuditVerificationOut" },
);

export const AUDIT_MODELS = [AuditEntryOut, AuditEntryList, AuditHeadOut, AuditVerificationOut];
