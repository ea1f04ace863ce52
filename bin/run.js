#!/usr/bin/env node
import("../dist/cli/entry.js").then(({ main }) => main(process.argv.slice(2)));
