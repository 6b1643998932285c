/**
 * Sections of the site, one for each kind of reader, and the order in which to read their pages. Each page is in exactly one
 * section, which `site.test.ts` checks.
 */
import type { Page } from "./pages.ts";

export interface Section {
  readonly id: string;
  readonly title: string;
  /** Audience of the section, in a sentence. */
  readonly summary: string;
  readonly groups: readonly Group[];
}

export interface Group {
  readonly title: string;
  /** Files below `docs`, or paths from the root of the repository with a leading `/`. `*` at the end: all other pages of the folder. */
  readonly files: readonly string[];
}

export const SECTIONS: readonly Section[] = [
  {
    id: "send",
    title: "Send",
    summary: "Your product publishes events, and your customers receive them.",
    groups: [
      {
        title: "Start",
        files: [
          "/README.md",
          "guides/how-it-works.md",
          "guides/add-webhooks-to-your-product.md",
          "guides/next-js.md",
          "guides/test-your-webhooks.md",
          "api.md",
          "delivery.md",
        ],
      },
      {
        title: "Tutorials",
        files: [
          "guides/use-cases.md",
          "guides/tutorial-payments.md",
          "guides/tutorial-communication.md",
          "guides/tutorial-devops.md",
          "guides/tutorial-crm.md",
          "guides/tutorial-content.md",
          "guides/tutorial-iot.md",
          "guides/tutorial-marketing.md",
        ],
      },
      {
        title: "Publish",
        files: [
          "features/messages.md",
          "features/batch.md",
          "features/scheduling.md",
          "features/broadcast.md",
          "transactions.md",
          "tables.md",
        ],
      },
      {
        title: "Choose what an endpoint receives",
        files: [
          "features/filters.md",
          "features/transformations.md",
          "features/formats.md",
          "features/signature-styles.md",
        ],
      },
      {
        title: "Control delivery",
        files: [
          "features/policies.md",
          "features/retries.md",
          "features/success-rules.md",
          "features/limits.md",
          "features/ordering.md",
          "features/debounce-and-throttle.md",
          "features/circuit-breaker.md",
          "features/auto-disable.md",
          "features/endpoint-verification.md",
        ],
      },
      {
        title: "Monitor and fix",
        files: [
          "dashboard.md",
          "features/attempts.md",
          "features/statistics.md",
          "features/incidents.md",
          "features/alerts.md",
          "features/replay.md",
          "features/pause-and-enable.md",
          "features/sharing.md",
          "features/operational-webhooks.md",
        ],
      },
      { title: "Customers", files: ["portal.md", "features/feeds.md", "features/websub.md", "features/rest-hooks.md"] },
      { title: "Conditions and templates", files: ["features/watches.md", "templates/README.md", "templates/*"] },
      {
        title: "Destinations",
        files: [
          "features/destinations.md",
          "destinations/README.md",
          "features/cloud-destinations.md",
          "destinations/cards.md",
          "features/destination-batches.md",
          "destinations/*",
        ],
      },
      { title: "Integrate", files: ["features/mcp.md", "compatibility.md", "guides/migrate.md", "embedding.md"] },
      { title: "More", files: ["guides/*", "features/*"] },
    ],
  },
  {
    id: "receive",
    title: "Receive",
    summary: "Providers send webhooks to you, and your systems get each verified event.",
    groups: [
      { title: "Start", files: ["receiving.md", "capture.md"] },
      { title: "Guides for providers", files: ["receiving/README.md", "receiving/*"] },
      {
        title: "Understand a source",
        files: ["receiving/catalogue.md", "receiving/activity.md", "receiving/backfill.md"],
      },
      { title: "Sources that Posthorn reads", files: ["sources/README.md", "sources/*", "operations/receive-mail.md"] },
      {
        title: "In your own code",
        files: ["/packages/webhooks/README.md", "webhooks/receiving.md", "webhooks/*"],
      },
    ],
  },
  {
    id: "operate",
    title: "Operate",
    summary: "You run the server, watch it and upgrade it.",
    groups: [
      {
        title: "Start",
        files: [
          "operations.md",
          "operations/install.md",
          "guides/docker.md",
          "guides/kubernetes.md",
          "guides/capacity.md",
          "performance.md",
          "guides/reverse-proxies.md",
          "operations/doctor.md",
          "guides/on-call.md",
        ],
      },
      {
        title: "People and access",
        files: ["guides/administration.md", "operations/users.md", "operations/single-sign-on.md", "access.md"],
      },
      {
        title: "Databases and nodes",
        files: [
          "postgresql.md",
          "features/nodes.md",
          "operations/running.md",
          "operations/threads.md",
          "operations/moving.md",
        ],
      },
      {
        title: "Watch",
        files: [
          "features/metrics.md",
          "operations/monitoring.md",
          "operations/opentelemetry.md",
          "features/audit.md",
          "features/request-log.md",
        ],
      },
      {
        title: "Keep and protect data",
        files: [
          "operations/backup.md",
          "operations/encryption-keys.md",
          "features/retention.md",
          "features/redaction.md",
          "features/erasure.md",
          "features/export.md",
        ],
      },
      { title: "Network", files: ["egress.md"] },
      { title: "More", files: ["operations/*"] },
    ],
  },
  {
    id: "contribute",
    title: "Contribute",
    summary: "You change Posthorn, or want to know how it works.",
    groups: [
      { title: "Start", files: ["/CONTRIBUTING.md", "architecture.md", "simulation.md", "dependencies.md"] },
      { title: "Benchmarks", files: ["/bench/README.md", "/bench/peers.md"] },
      { title: "Decisions", files: ["decisions/*"] },
    ],
  },
  {
    id: "reference",
    title: "Reference",
    summary: "Everything to look up: settings, terms, limits and changes.",
    groups: [
      {
        title: "Look up",
        files: [
          "README.md",
          "configuration.md",
          "guides/limits.md",
          "guides/api-changes.md",
          "guides/faq.md",
          "guides/comparison.md",
          "guides/security-overview.md",
          "glossary.md",
          "/CHANGELOG.md",
          "/SECURITY.md",
          "*",
        ],
      },
      { title: "Command line", files: ["cli/README.md", "cli/*"] },
      { title: "Outbound requests", files: ["/packages/egress/README.md", "egress-reference.md"] },
    ],
  },
];

/** A section with its pages. */
export interface FilledSection extends Omit<Section, "groups"> {
  readonly groups: readonly { readonly title: string; readonly pages: readonly Page[] }[];
}

/**
 * Puts the pages into their sections.
 *
 * @throws {Error} A section names a page that does not exist, a page is in two places, or a page is in none.
 */
export function fillSections(
  pages: readonly Page[],
  sections: readonly Section[] = SECTIONS,
): readonly FilledSection[] {
  const byFile = new Map(pages.map((page) => [page.file, page]));
  const named = new Set(sections.flatMap(({ groups }) => groups.flatMap(({ files }) => files.map(pathOf))));
  const placed = new Set<string>();
  const place = (page: Page): Page => {
    if (placed.has(page.file)) throw new Error(`${page.file} is in the navigation twice.`);
    placed.add(page.file);
    return page;
  };
  const pagesOf = (entry: string): readonly Page[] => {
    const path = pathOf(entry);
    if (path.endsWith("/*")) {
      const folder = path.slice(0, -1);
      const inFolder = pages.filter(
        ({ file }) => file.startsWith(folder) && !file.slice(folder.length).includes("/") && !named.has(file),
      );
      return inFolder.map(place);
    }
    const page = byFile.get(path);
    if (page === undefined) throw new Error(`The navigation names ${path}, which is not a page.`);
    return [place(page)];
  };
  const filled = sections.map(({ groups, ...section }) => ({
    ...section,
    groups: groups
      .map(({ title, files }) => ({ title, pages: files.flatMap(pagesOf) }))
      .filter((group) => group.pages.length > 0),
  }));
  const missing = pages.filter(({ file }) => !placed.has(file));
  if (missing.length > 0) {
    const files = missing.map(({ file }) => file).join(", ");
    throw new Error(`Pages without a place in packages/docs/src/build/navigation.ts: ${files}`);
  }
  return filled;
}

function pathOf(entry: string): string {
  return entry.startsWith("/") ? entry.slice(1) : `docs/${entry}`;
}
