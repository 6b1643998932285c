/**
 * Templates: working setups for common uses. Each one is data, with a function that turns the values of its form into
 * the resources to create.
 */
import type { RuleJson } from "../conditions/schema.ts";
import type { ConfigInput } from "../fields/config.ts";
import type { ConfigOf, Configurable, Fields } from "../fields/field.ts";

/** Categories, in the order of the gallery. */
export const CATEGORIES = {
  commerce: "E-commerce and payments",
  communication: "Communication",
  development: "Development and DevOps",
  crm: "CRM and support",
  content: "Content management",
  iot: "IoT and monitoring",
  marketing: "Marketing and analytics",
} as const;
export type Category = keyof typeof CATEGORIES;

/** A source that receives webhooks of a provider. */
export interface ReceivedSource {
  readonly kind: "webhook";
  /** `generic-webhook`: any sender, which authenticates with a bearer token. */
  readonly type: string;
  /** `null`: entered at the source later. */
  readonly secret: string | null;
  /** Event type of generic requests. */
  readonly eventType?: string;
}

/** A source that Posthorn reads. */
export interface ReadSource {
  readonly kind: string;
  readonly config: ConfigInput;
}

export type SourcePlan = ReceivedSource | ReadSource;

export interface PlannedEventType {
  readonly name: string;
  readonly description: string;
}

export interface WatchPlan {
  /** Event types that it evaluates. */
  readonly eventTypes: readonly string[];
  /** Event type of its transitions, before `.raised` and the like. */
  readonly emits: string;
  readonly rule: RuleJson;
}

export interface EndpointPlan {
  /** Name of the destination kind. */
  readonly kind: string;
  /** URL of a webhook; `null` for other kinds. */
  readonly url: string | null;
  readonly config: ConfigInput | null;
  /** `null`: all. */
  readonly eventTypes: readonly string[] | null;
  readonly filter: object | null;
  /** Code of a transformation. */
  readonly transformation: string | null;
}

/** What a template creates. */
export interface TemplatePlan {
  /** `null`: the events are messages that are published to the application. */
  readonly source: SourcePlan | null;
  /** Event types that the application needs. Those of a source come from it. */
  readonly eventTypes: readonly PlannedEventType[];
  readonly watch: WatchPlan | null;
  readonly endpoint: EndpointPlan;
}

/** A step of an example. */
export type ExampleStep =
  /** A message is published to the application. */
  | { readonly kind: "publish"; readonly eventType: string; readonly payload: object }
  /** The provider sends a request to the source. */
  | { readonly kind: "request"; readonly headers?: Readonly<Record<string, string>>; readonly body: object }
  /** The URL that is polled returns this document from now on, and is read. */
  | { readonly kind: "page"; readonly contentType: string; readonly body: string }
  /** Time passes. */
  | { readonly kind: "wait"; readonly minutes: number };

/** Input, and the events that the endpoint receives for it. */
export interface TemplateExample {
  readonly title: string;
  readonly steps: readonly ExampleStep[];
  /** Event types that the endpoint receives, in order. Empty: it receives nothing. */
  readonly receives: readonly string[];
}

export interface Template<F extends Fields = Fields> extends Configurable {
  readonly category: Category;
  readonly summary: string;
  /** What users need before they start. */
  readonly needs: readonly string[];
  readonly fields: F;
  /** What to do after it is created. */
  readonly setup: readonly string[];
  /** At least one that the endpoint receives, and one that it does not. Written for the values of `exampleValues`. */
  readonly examples: readonly TemplateExample[];
  check?(values: ConfigOf<F>): { readonly field: string; readonly problem: string } | null;
  plan(values: ConfigOf<F>): TemplatePlan;
}

/** Infers the types of the values of a template from its fields. */
export function defineTemplate<const F extends Fields>(template: Template<F>): Template<F> {
  return template;
}

/** When examples begin. Their calendars and times are written for it. */
export const EXAMPLE_TIME = "2026-03-02T08:00:00Z";

/** Values of a form that is filled with defaults, and with examples where there is none. */
export function exampleValues({ fields }: Template): ConfigInput {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, { type, default: preset, example }]) => {
      const value = preset ?? example;
      return value === undefined ? [] : [[name, type === "integer" ? Number(value) : value]];
    }),
  );
}
