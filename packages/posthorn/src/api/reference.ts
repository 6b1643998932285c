/**
 * The API reference page. The viewer brings its whole script as one string of 3 MB, so it is loaded when somebody first looks and not
 * at every start; everything it needs comes from this server.
 */
import Fastify, { type FastifyInstance } from "fastify";

const PATH = "/docs/api";

export function registerReference(app: FastifyInstance): void {
  let viewer: Promise<FastifyInstance> | null = null;
  for (const url of [PATH, `${PATH}/*`]) {
    app.get(url, { schema: { hide: true } }, async (request, answer) => {
      viewer ??= loadViewer();
      const { routing } = await viewer;
      answer.hijack();
      routing(request.raw, answer.raw);
    });
  }
}

async function loadViewer(): Promise<FastifyInstance> {
  const { default: scalar } = await import("@scalar/fastify-api-reference");
  const viewer = Fastify();
  await viewer.register(scalar, {
    routePrefix: PATH,
    configuration: {
      url: "/api/v1/openapi.json",
      pageTitle: "Posthorn API",
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
    },
  });
  await viewer.ready();
  return viewer;
}
