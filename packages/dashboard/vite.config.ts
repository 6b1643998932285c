import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** One page with two faces: the dashboard of operators, and under `/portal` the portal of customers. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: "../posthorn/web",
    emptyOutDir: true,
    target: "es2023",
    // The content security policy of the page allows files and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8071" } },
});
