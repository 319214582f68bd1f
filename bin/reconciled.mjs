#!/usr/bin/env node
// Starts the built program where there is one, and the sources through tsx in a checkout.
import { existsSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`reconciled needs Node 20.19 or later; this is ${process.version}\n`);
  process.exit(1);
}

const built = new URL('../dist/main.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  const { register } = await import('tsx/esm/api');
  register();
  await import('../src/main.ts');
}
