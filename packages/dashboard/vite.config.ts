import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

const FIRST = `${import.meta.dirname}/src/main.tsx`;
const first = new Set<string>();

/** Whether the first page waits for a module: it is imported from the beginning on, and not when a page is opened. */
function isFirst(id: string, importsOf: (id: string) => readonly string[]): boolean {
  if (first.size === 0) {
    const found = [FIRST];
    for (let next = found.pop(); next !== undefined; next = found.pop()) {
      if (first.has(next)) continue;
      first.add(next);
      found.push(...importsOf(next));
    }
  }
  return first.has(id);
}

/** One page with two faces: the dashboard of operators, and under `/portal` the portal of customers. */
export default defineConfig({
  root: import.meta.dirname,
  // A program may have mounted the page anywhere: files name each other by their own place.
  base: "./",
  plugins: [react()],
  // Packages of this repository as they are written, without a build before.
  resolve: { conditions: ["@posthorn/source", ...defaultClientConditions] },
  build: {
    outDir: "../posthorn/web",
    emptyOutDir: true,
    // For THIRD-PARTY-NOTICES.txt: the packages whose code, and those whose other files, are in the build.
    license: { fileName: ".vite/licenses.json" },
    manifest: true,
    target: "es2023",
    // The content security policy of the page allows files and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Of the file for the first page; a test in a browser holds what it may weigh compressed.
    chunkSizeWarningLimit: 600,
    rollupOptions: {
      input: {
        index: `${import.meta.dirname}/index.html`,
        embed: `${import.meta.dirname}/src/embed/posthorn-portal.ts`,
      },
      // Pages of other origins name it: it has no hash.
      output: {
        entryFileNames: ({ name }) => (name === "embed" ? "embed.js" : "assets/[name]-[hash].js"),
        // One file in place of forty: on a slow line each costs a way there and back.
        codeSplitting: {
          groups: [
            {
              debugName: "first",
              name: (id, context) =>
                isFirst(id, (of) => context.getModuleInfo(of)?.importedIds ?? []) ? "first" : null,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8071" } },
});
