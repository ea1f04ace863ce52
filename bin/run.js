#!/usr/bin/env node
import("../dist/cli/launch.js").then(({ launch }) => launch(process.argv.slice(2)));
