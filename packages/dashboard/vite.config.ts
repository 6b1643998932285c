import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";
import { languageDocuments } from "./scripts/language-documents.ts";

const FIRST = `${import.meta.dirname}/src/main.tsx`;
const first = new Set<string>();

/** Whether a module is statically imported by the entry point, so that the first page waits for it. */
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

const ICON = /\/lucide-react\/dist\/esm\/icons\/([\w-]+)\./;
const ICON_IMPORT = /import\s*\{([^}]*)\}\s*from\s*"lucide-react"/g;

/** Whether a module of the first load imports this icon. All icons are in one module, which would bring those of every page. */
function isFirstIcon(name: string, codeOf: (id: string) => string | null): boolean {
  const bare = name.replaceAll("-", "");
  return [...first].some((id) =>
    [...(codeOf(id) ?? "").matchAll(ICON_IMPORT)].some(([, names]) =>
      names!.split(",").some((one) => one.trim().split(/\s/)[0]!.toLowerCase() === bare),
    ),
  );
}

/** Files with the texts of the portal, from which operators translate it. */
const languages: Plugin = {
  name: "languages",
  generateBundle() {
    for (const [tag, document] of languageDocuments()) {
      this.emitFile({
        type: "asset",
        fileName: `languages/${tag}.json`,
        source: `${JSON.stringify(document, null, 2)}\n`,
      });
    }
  },
};

/** One build with two entry points: the app of dashboard and portal, and the embed script. */
export default defineConfig({
  root: import.meta.dirname,
  // A program can mount the page below any path, so files refer to each other by relative paths.
  base: "./",
  plugins: [react(), languages],
  // Resolves packages of this repository to their source, without building them first.
  resolve: { conditions: ["@posthorn/source", ...defaultClientConditions] },
  build: {
    outDir: "../posthorn/web",
    emptyOutDir: true,
    // Input of THIRD-PARTY-NOTICES.txt: packages with code in the build, and packages with other files.
    license: { fileName: ".vite/licenses.json" },
    manifest: true,
    target: "es2023",
    // The content security policy does not allow inlined assets.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // For the first chunk; a browser test limits its compressed size.
    chunkSizeWarningLimit: 750,
    rollupOptions: {
      input: {
        index: `${import.meta.dirname}/index.html`,
        embed: `${import.meta.dirname}/src/embed/posthorn-portal.ts`,
      },
      // The embed script has no hash, because pages of other origins refer to it.
      output: {
        entryFileNames: ({ name }) => (name === "embed" ? "embed.js" : "assets/[name]-[hash].js"),
        // One file instead of forty: on slow connections, each costs a round trip.
        codeSplitting: {
          groups: [
            {
              debugName: "first",
              name: (id, context) => {
                if (!isFirst(id, (of) => context.getModuleInfo(of)?.importedIds ?? [])) return null;
                const icon = ICON.exec(id)?.[1];
                const codeOf = (of: string): string | null => context.getModuleInfo(of)?.code ?? null;
                return icon === undefined || isFirstIcon(icon, codeOf) ? "first" : "icons";
              },
            },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8071" } },
});
