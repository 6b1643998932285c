/** The components in `docs/portal.md` that embed the portal, compiled as the build of a product compiles them. */
import { readFileSync } from "node:fs";
import { build, type Plugin, type Rolldown } from "vite";
import { vueModule } from "../../scripts/snippets/vue.ts";

const PAGE = new URL("../../docs/portal.md", import.meta.url);
/** Where the build finds the component: the directory does not exist, so that packages come from this workspace. */
const COMPONENT = "/snippet/component.tsx";
const ENTRY = "/snippet/entry.tsx";

const ENTRIES = {
  tsx: `import { createRoot } from "react-dom/client";
    import { Webhooks } from "${COMPONENT}";
    createRoot(document.getElementById("root")!).render(<Webhooks />);`,
  vue: `import { createApp } from "vue";
    import Webhooks from "${COMPONENT}";
    createApp(Webhooks).mount("#root");`,
} as const;

/** The script of a page with the component in this language in its element `root`. */
export async function portalSnippet(language: keyof typeof ENTRIES): Promise<string> {
  const source = blockOf(language);
  const modules = new Map([
    [ENTRY, ENTRIES[language]],
    [COMPONENT, language === "vue" ? vueModule(source) : source],
  ]);
  const plugin: Plugin = {
    name: "snippet",
    enforce: "pre",
    resolveId: (id) => (modules.has(id) ? id : null),
    load: (id) => modules.get(id) ?? null,
  };
  const made = (await build({
    configFile: false,
    root: import.meta.dirname,
    logLevel: "error",
    plugins: [plugin],
    // Without this, the build would use the development runtime, because tests do not run in production mode.
    oxc: { jsx: { runtime: "automatic", development: false } },
    resolve: { alias: [{ find: /^vue$/, replacement: "@vue/runtime-dom" }] },
    define: {
      "process.env.NODE_ENV": '"production"',
      __VUE_OPTIONS_API__: "false",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    build: { write: false, minify: false, lib: { entry: ENTRY, formats: ["es"], fileName: "page" } },
  })) as Rolldown.RolldownOutput[];
  const script = made[0]!.output.find((file) => file.type === "chunk" && file.isEntry);
  if (script?.type !== "chunk") throw new Error("The snippet was not built.");
  return script.code;
}

/** The block of this language in the documentation. */
export function blockOf(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(readFileSync(PAGE, "utf8"))?.[1];
  if (found === undefined) throw new Error(`docs/portal.md has no block of ${language}.`);
  return found;
}
