import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

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
    target: "es2023",
    // The content security policy of the page allows files and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        index: `${import.meta.dirname}/index.html`,
        embed: `${import.meta.dirname}/src/embed/posthorn-portal.ts`,
      },
      // Pages of other origins name it: it has no hash.
      output: { entryFileNames: ({ name }) => (name === "embed" ? "embed.js" : "assets/[name]-[hash].js") },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8071" } },
});
