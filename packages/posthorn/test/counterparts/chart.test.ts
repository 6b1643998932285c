/** The Helm chart, rendered by Helm and checked against the schemas of Kubernetes. Only in the nightly tests, because building Helm takes minutes. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isNightly } from "@posthorn/testkit";
import { goProgram, pythonPackage, type PythonPackage } from "@posthorn/testkit/counterparts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { envToConfig } from "../../src/config/config.ts";
import { readEnv } from "../../src/config/env.ts";

const CHART = fileURLToPath(new URL("../../../../deploy/helm/posthorn", import.meta.url));
const KUBERNETES = "1.33.0";
/** Kinds of the Prometheus operator, whose schemas are not part of Kubernetes. */
const FOREIGN = new Set(["ServiceMonitor", "PrometheusRule"]);
const SECRETS = {
  POSTHORN_DATABASE_URL: "postgres://posthorn:secret@db/posthorn",
  POSTHORN_JWT_SECRET: "x".repeat(32),
  POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64"),
};
const ALL_OPTIONS = {
  publicUrl: "https://hooks.example.com",
  ingestUrl: "https://in.example.com",
  settings: { POSTHORN_TRUSTED_PROXIES: "10.0.0.0/8", POSTHORN_MAX_PAYLOAD_BYTES: 2_097_152 },
  image: { digest: `sha256:${"0".repeat(64)}` },
  imagePullSecrets: [{ name: "registry" }],
  extraEnv: [{ name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "http://collector:4318" }],
  extraVolumes: [{ name: "keys", secret: { secretName: "keys" } }],
  extraVolumeMounts: [{ name: "keys", mountPath: "/keys", readOnly: true }],
  ingress: {
    enabled: true,
    className: "nginx",
    annotations: { "nginx.ingress.kubernetes.io/proxy-body-size": "3m" },
    hosts: ["hooks.example.com", "in.example.com"],
    tls: [{ secretName: "tls", hosts: ["hooks.example.com", "in.example.com"] }],
  },
  metrics: {
    serviceMonitor: { enabled: true, labels: { release: "prometheus" } },
    rules: { enabled: true },
    dashboard: { enabled: true },
  },
  networkPolicy: {
    enabled: true,
    ingressFrom: [{ namespaceSelector: { matchLabels: { name: "ingress" } } }],
    metricsFrom: [{ namespaceSelector: { matchLabels: { name: "monitoring" } } }],
    extraEgress: [{ to: [{ ipBlock: { cidr: "10.1.0.0/16" } }], ports: [{ port: 5432, protocol: "TCP" }] }],
  },
  persistence: { storageClass: "fast", annotations: { keep: "yes" } },
  podAnnotations: { team: "events" },
  podLabels: { team: "events" },
  nodeSelector: { disk: "ssd" },
  tolerations: [{ key: "events", operator: "Exists" }],
  priorityClassName: "high",
};
const ALL_KINDS = [
  "ConfigMap",
  "Ingress",
  "NetworkPolicy",
  "PrometheusRule",
  "Service",
  "ServiceAccount",
  "ServiceMonitor",
];
const VARIANTS: readonly (readonly [string, object, readonly string[]])[] = [
  ["the defaults", {}, ["Service", "ServiceAccount", "StatefulSet"]],
  ["SQLite with every option", ALL_OPTIONS, [...ALL_KINDS, "StatefulSet"]],
  [
    "PostgreSQL",
    { database: "postgres", secret: { values: SECRETS } },
    ["Deployment", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount"],
  ],
  [
    "PostgreSQL with every option",
    { ...ALL_OPTIONS, database: "postgres", secret: { existing: "posthorn" } },
    [...ALL_KINDS, "Deployment", "PodDisruptionBudget"],
  ],
  [
    "without metrics, account and limits",
    { metrics: { enabled: false }, serviceAccount: { create: false }, resources: null },
    ["Service", "StatefulSet"],
  ],
];

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly image: string;
  readonly securityContext: object;
}

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
    readonly groups?: unknown;
  };
}

describe.skipIf(!isNightly)("the Helm chart", () => {
  let helm: string;
  let validator: PythonPackage;
  const folder = mkdtempSync(join(tmpdir(), "posthorn-chart-"));

  beforeAll(async () => {
    helm = await goProgram("helm.sh/helm/v3/cmd/helm", "v3.22.0", "helm");
    validator = await pythonPackage("helm", "kubernetes-validate-1.37.0", "kubernetes-validate==1.37.0");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function runHelm(values: object, ...args: readonly string[]): { readonly ok: boolean; readonly text: string } {
    const file = join(folder, "values.yaml");
    // JSON is also YAML, and is read in the same way by every version of it.
    writeFileSync(file, JSON.stringify(values));
    const { status, stdout, stderr } = spawnSync(helm, [...args, "--values", file], { encoding: "utf8" });
    return { ok: status === 0, text: status === 0 ? stdout : stderr };
  }

  function render(values: object): readonly KubernetesObject[] {
    const { ok, text } = runHelm(values, "template", "hooks", CHART, "--kube-version", KUBERNETES);
    if (!ok) throw new Error(text);
    return parseAllDocuments(text)
      .map((document) => document.toJS() as KubernetesObject | null)
      .filter((object) => object !== null);
  }

  function validate(objects: readonly object[]): string {
    const file = join(folder, "objects.yaml");
    writeFileSync(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
    const args = ["-m", "kubernetes_validate", "--strict", "-k", KUBERNETES.replace(/\.\d+$/, ""), file];
    const env = { ...process.env, PYTHONPATH: validator.packages };
    const { status, stdout, stderr } = spawnSync(validator.python, args, { encoding: "utf8", env });
    return `${status} ${stdout}${stderr}`;
  }

  function containerOf(objects: readonly KubernetesObject[]): Container {
    const workload = objects.find(({ kind }) => kind === "Deployment" || kind === "StatefulSet")!;
    return workload.spec.template.spec.containers[0]!;
  }

  it.each(VARIANTS)("renders valid objects for %s", (_, values, kinds) => {
    expect(runHelm(values, "lint", CHART, "--strict").ok).toBe(true);
    const objects = render(values);
    expect([...new Set(objects.map(({ kind }) => kind))].toSorted()).toEqual(kinds.toSorted());
    expect(validate(objects.filter(({ kind }) => !FOREIGN.has(kind)))).toMatch(/^0 /);
  });

  it.each(VARIANTS)("gives the server settings that it accepts, for %s", (_, values) => {
    const { env } = containerOf(render(values));
    const environment = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    expect(envToConfig(readEnv({ environment }))).toBeDefined();
  });

  it("writes large numbers out, and the digest instead of the tag", () => {
    const { env, image } = containerOf(render(ALL_OPTIONS));
    expect(env).toContainEqual({ name: "POSTHORN_MAX_PAYLOAD_BYTES", value: "2097152" });
    expect(image).toBe(`posthorn@sha256:${"0".repeat(64)}`);
  });

  it("meets the restricted Pod Security Standard with a read-only root", () => {
    const security = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } };
    for (const [, values] of VARIANTS) {
      const objects = render(values);
      expect(containerOf(objects).securityContext).toEqual(security);
      expect(JSON.stringify(objects)).toContain('"runAsNonRoot":true,"runAsUser":10001');
    }
  });

  it("puts the address of the server into the links of the alerts, and does not change their templates", () => {
    const rules = render(ALL_OPTIONS).find(({ kind }) => kind === "PrometheusRule")!;
    const text = JSON.stringify(rules.spec.groups);
    expect(text).toContain("https://hooks.example.com/docs/guides/on-call#posthorndown");
    expect(text).toContain("{{ $labels.instance }}");
  });

  it.each<[string, object, string]>([
    ["PostgreSQL without secrets", { database: "postgres" }, "needs secret.values.POSTHORN_DATABASE_URL"],
    ["a misspelled setting", { settings: { POSTHORN_RETRY_SHEDULE: "5" } }, "POSTHORN_RETRY_SHEDULE"],
    ["an Ingress without a host", { ingress: { enabled: true } }, "/ingress/hosts"],
  ])("rejects %s", (_, values, reason) => {
    const { ok, text } = runHelm(values, "template", "hooks", CHART, "--kube-version", KUBERNETES);
    expect([ok, text]).toEqual([false, expect.stringContaining(reason)]);
  });

  it("is checked by a validator that finds a wrong type", () => {
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "a" }, spec: { ports: [{ port: "http" }] } };
    expect(validate([service])).not.toMatch(/^0 /);
  });
});
