#!/usr/bin/env node
// Makes dist/cli/live/live.js one file with ink and React in it: imported in a quarter of the time, and nothing of them is installed at users.
import { writeFileSync } from "node:fs";
import { build } from "esbuild";
import { addLicences } from "./licences.js";

const entry = "dist/cli/live/live.js";
// Ours are the same modules as everywhere else: two copies of them would not know each other.
const ours = { name: "ours", setup: ({ onResolve }) => onResolve({ filter: /^\.\.\// }, ({ path, importer }) => (importer.includes("node_modules") ? undefined : { path, external: true })) };
// Whether to draw at all is decided by us, and nobody debugs React here.
const without = { name: "without", setup: ({ onResolve, onLoad }) => {
  onResolve({ filter: /^react-devtools-core$|^\.\/devtools\.js$|^is-in-ci$/ }, () => ({ path: "none", namespace: "none" }));
  onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "export default false" }));
} };

const { metafile, outputFiles: [bundle] } = await build({
  entryPoints: [entry],
  bundle: true,
  write: false,
  metafile: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node20",
  define: { "process.env.NODE_ENV": '"production"' },
  // CommonJS packages in it ask for modules of Node.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  legalComments: "none",
  plugins: [ours, without],
});
writeFileSync(entry, bundle.text);
addLicences(metafile);
