/** The policy of an endpoint or application. Each section has its own file. */
import { Type } from "typebox";
import { nullable, ref } from "../common.ts";
import { AttentionPolicyModel } from "./attention.ts";
import { AutoDisablePolicyModel } from "./auto-disable.ts";
import { BatchPolicyModel } from "./batch.ts";
import { BreakerPolicyModel } from "./breaker.ts";
import { FormatPolicyModel } from "./format.ts";
import { LimitsPolicyModel } from "./limits.ts";
import { OrderPolicyModel } from "./order.ts";
import { DebouncePolicyModel, ThrottlePolicyModel } from "./flow-control.ts";
import { RetryPolicyModel } from "./retry.ts";
import { SigningPolicyModel } from "./signing.ts";
import { SuccessPolicyModel } from "./success.ts";
import { TracingPolicyModel } from "./tracing.ts";
import { VerificationPolicyModel } from "./verification.ts";

const SECTION_MODELS = {
  retry: RetryPolicyModel,
  limits: LimitsPolicyModel,
  success: SuccessPolicyModel,
  breaker: BreakerPolicyModel,
  order: OrderPolicyModel,
  autoDisable: AutoDisablePolicyModel,
  attention: AttentionPolicyModel,
  verification: VerificationPolicyModel,
  throttle: ThrottlePolicyModel,
  debounce: DebouncePolicyModel,
  batch: BatchPolicyModel,
  format: FormatPolicyModel,
  signing: SigningPolicyModel,
  tracing: TracingPolicyModel,
} as const;

const sections = {
  retry: Type.Optional(nullable(ref(SECTION_MODELS.retry))),
  limits: Type.Optional(nullable(ref(SECTION_MODELS.limits))),
  success: Type.Optional(nullable(ref(SECTION_MODELS.success))),
  breaker: Type.Optional(nullable(ref(SECTION_MODELS.breaker))),
  order: Type.Optional(nullable(ref(SECTION_MODELS.order))),
  autoDisable: Type.Optional(nullable(ref(SECTION_MODELS.autoDisable))),
  attention: Type.Optional(nullable(ref(SECTION_MODELS.attention))),
  verification: Type.Optional(nullable(ref(SECTION_MODELS.verification))),
  throttle: Type.Optional(nullable(ref(SECTION_MODELS.throttle))),
  debounce: Type.Optional(nullable(ref(SECTION_MODELS.debounce))),
  batch: Type.Optional(nullable(ref(SECTION_MODELS.batch))),
  format: Type.Optional(nullable(ref(SECTION_MODELS.format))),
  signing: Type.Optional(nullable(ref(SECTION_MODELS.signing))),
  tracing: Type.Optional(nullable(ref(SECTION_MODELS.tracing))),
};

export const PolicyIn = Type.Object(sections, {
  $id: "PolicyIn",
  description: "Fields that are omitted or null are inherited from the application, then from the server.",
  additionalProperties: false,
});

export const PolicyPatch = Type.Object(sections, {
  $id: "PolicyPatch",
  description: "Omitted fields are kept. Null removes a section or field, so that it is inherited again.",
  additionalProperties: false,
});

const Whole = Type.Object(
  Object.fromEntries(Object.entries(SECTION_MODELS).map(([name, model]) => [name, ref(model)])),
  { description: "The values that apply: every field after inheritance." },
);

export const PolicyOut = Type.Object(
  {
    policy: Type.Object(
      Object.fromEntries(Object.entries(SECTION_MODELS).map(([name, model]) => [name, Type.Optional(ref(model))])),
      { description: "The values set at this level." },
    ),
    effective: Whole,
    sources: Type.Record(Type.String(), Type.Record(Type.String(), Type.String()), {
      description: "Where the value of each field comes from: `endpoint`, `application` or `platform`.",
    }),
  },
  { $id: "PolicyOut" },
);

export const POLICY_MODELS = [...Object.values(SECTION_MODELS), PolicyIn, PolicyPatch, PolicyOut];
