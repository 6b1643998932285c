/**
 * Serves the API reference page. The viewer's script is one string of 3 MB, so it is loaded on the first visit and not at every
 * start. The page loads nothing from other servers.
 */
import Fastify, { type FastifyInstance } from "fastify";

const PATH = "/docs/api";

/**
 * Content security policy. The viewer contains URLs of its vendor; this policy lets the browser connect only to this server,
 * whatever a version of the viewer requests.
 */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export function registerReference(app: FastifyInstance, base: string): void {
  let viewer: Promise<FastifyInstance> | null = null;
  for (const url of [PATH, `${PATH}/*`]) {
    app.get(url, async (request, reply) => {
      viewer ??= loadViewer(base).catch((error: unknown) => {
        viewer = null;
        throw error;
      });
      const { routing } = await viewer;
      reply.hijack();
      reply.raw.setHeader("content-security-policy", POLICY);
      reply.raw.setHeader("x-content-type-options", "nosniff");
      routing(request.raw, reply.raw);
    });
  }
}

async function loadViewer(base: string): Promise<FastifyInstance> {
  const { default: scalar } = await import("@scalar/fastify-api-reference");
  const viewer = Fastify();
  await viewer.register(scalar, {
    routePrefix: PATH,
    configuration: {
      url: `${base}/api/v1/openapi.json`,
      pageTitle: "Posthorn API",
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      // Vendor services, which the policy blocks.
      showDeveloperTools: "never",
      agent: { disabled: true },
    },
  });
  await viewer.ready();
  return viewer;
}
