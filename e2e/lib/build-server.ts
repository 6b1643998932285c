/**
 * Bundles the server into one file, once before all test files. From a bundle, a process starts with half the CPU time that loading a
 * thousand modules takes, and the tests start several hundred. The tests of `npm start` run the source, and `release.test.ts` the published
 * packages.
 */
import { fileURLToPath, pathToFileURL } from "node:url";
import { SERVER_BUNDLE } from "@posthorn/testkit";
import { build, type Plugin } from "vite";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = `${REPOSITORY}node_modules/.cache/server`;

/** Packages that look for their own files at run time. */
const UNBUNDLED = [
  "@fastify/static",
  "@fastify/swagger",
  "@jitl/quickjs-wasmfile-release-sync",
  "@scalar/fastify-api-reference",
  "pg",
  "pg-copy-streams",
  "pino",
  "pino-pretty",
  "quickjs-emscripten-core",
];

/** Lets modules find the files beside their source: the built pages, `package.json` and the programs of their threads. */
const sourceUrls: Plugin = {
  name: "source-urls",
  enforce: "pre",
  transform: (code, id) => {
    if (id.includes("/node_modules/") || !code.includes("import.meta.url")) return null;
    return { code: code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href)), map: null };
  },
};

export async function setup(): Promise<void> {
  await build({
    configFile: false,
    root: REPOSITORY,
    logLevel: "warn",
    plugins: [sourceUrls],
    resolve: { conditions: ["@posthorn/source"] },
    ssr: {
      noExternal: true,
      external: UNBUNDLED,
      resolve: { conditions: ["@posthorn/source", "node", "import", "module", "default"] },
    },
    build: {
      ssr: `${REPOSITORY}packages/posthorn/src/main.ts`,
      outDir: FOLDER,
      emptyOutDir: true,
      minify: false,
      target: "node24",
      rolldownOptions: { output: { entryFileNames: "main.js" } },
    },
  });
  process.env[SERVER_BUNDLE] = `${FOLDER}/main.js`;
}
